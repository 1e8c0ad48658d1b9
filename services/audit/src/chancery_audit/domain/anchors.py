"""Anchors: how often checkpoints are put there, when one is overdue, and how long a failing one is left alone."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

LONGEST_WAIT_S = 60


@dataclass(frozen=True)
class AnchorBounds:
    """`every_s`: newest checkpoint of a log that grew; `overdue_s`: beyond that an alert; `timeout_s`: of one attempt."""

    every_s: float = 60.0
    overdue_s: float = 60.0
    timeout_s: float = 10.0

    @property
    def every(self) -> timedelta:
        """Between two anchors of a log."""
        return timedelta(seconds=self.every_s)

    @property
    def overdue(self) -> timedelta:
        """After a checkpoint was signed."""
        return timedelta(seconds=self.every_s + self.overdue_s)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why the last attempt failed, how many there were, and when the next one is made."""

    words: str
    attempts: int
    again_at: datetime
    contradicted: bool = False


@dataclass
class Failures:
    """What fails now, by tenant; `down`: the whole kind."""

    by_tenant: dict[str, Failure] = field(default_factory=dict)
    down: Failure | None = None

    def failed(self, tenant: str, words: str, now: datetime, *, contradicted: bool = False) -> None:
        """An attempt for a tenant has failed."""
        self.by_tenant[tenant] = after(self.by_tenant.get(tenant), words, now, contradicted=contradicted)

    def went_down(self, words: str, now: datetime) -> None:
        """Nobody answers: once, though several had asked."""
        if self.down is None or self.down.again_at <= now:
            self.down = after(self.down, words, now)

    def succeeded(self, tenant: str) -> None:
        """It answers, and has this tenant's."""
        self.down = None
        self.by_tenant.pop(tenant, None)

    def left_alone(self, now: datetime) -> list[str]:
        """Tenants whose next attempt is not due."""
        return [tenant for tenant, one in self.by_tenant.items() if one.again_at > now]

    def words(self, tenant: str) -> str | None:
        """Why a tenant's checkpoint is not there."""
        found = self.by_tenant.get(tenant) or self.down
        return found.words if found is not None else None


def after(last: Failure | None, words: str, now: datetime, *, contradicted: bool = False) -> Failure:
    """Waits 1, 2, 4, … seconds, and never longer than a minute."""
    attempts = (last.attempts if last is not None else 0) + 1
    wait_s = min(LONGEST_WAIT_S, 2 ** min(attempts - 1, 10))
    return Failure(words, attempts, now + timedelta(seconds=wait_s), contradicted)
