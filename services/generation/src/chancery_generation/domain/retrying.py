"""When to call a model again, and after how long: full jitter, `Retry-After`, one deadline over all attempts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

from chancery_contracts.failures import RefusalCode

from chancery_generation.domain.completion import AttemptOutcome

AGAIN: frozenset[AttemptOutcome] = frozenset({"timeout", "rate_limited", "server_error", "unreachable", "malformed"})
LONGEST_EXPONENT = 16


@dataclass(frozen=True, slots=True)
class Backoff:
    """Seconds. The n-th wait is drawn from 0 to `first_s` · 2ⁿ⁻¹, at most `cap_s`."""

    first_s: float = 0.25
    cap_s: float = 8.0

    def wait_s(self, failures: int, draw: float, retry_after_s: float | None) -> float:
        """The wait after so many failures; `draw` in [0, 1). The provider's own wish, if longer, is honoured."""
        ceiling = min(self.cap_s, self.first_s * 2.0 ** min(failures - 1, LONGEST_EXPONENT))
        return float(max(ceiling * draw, retry_after_s or 0.0))


def attempts_left(max_attempts: int, earlier: int) -> int:
    """How many calls this run may make. Calls cut off by a crash count too, so that a crash loop ends, but one may be made up for."""
    return max(0, min(max_attempts, 2 * max_attempts - earlier))


def share_s(left_s: float, models: int) -> float:
    """How long one of so many models that are still to be asked may take: one that hangs must leave time for the next."""
    return max(0.0, left_s) / models


def outcome_of(status: int) -> AttemptOutcome:
    """The word for an HTTP status other than 200. 408, 409 and 425 pass by themselves; other 4xx do not."""
    if status == 429:
        return "rate_limited"
    if status >= 500 or status in (408, 409, 425):
        return "server_error"
    return "rejected"


def refusal_code(outcomes: Sequence[AttemptOutcome]) -> RefusalCode:
    """What the requester is told when no call was answered: `model_failed` where trying later would not help."""
    return "model_failed" if outcomes and outcomes[-1] in ("rejected", "malformed") else "model_unavailable"


def retry_after_s(value: str | None, now: datetime) -> float | None:
    """RFC 9110 §10.2.3: seconds, or a date. None for anything else."""
    if value is None:
        return None
    if value.strip().replace(".", "", 1).isdigit() and value.isascii():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - now).total_seconds())
    except (ValueError, TypeError):
        return None
