"""How long to wait before the next try."""

import random


def backoff_s(attempts: int, first_s: float, cap_s: float) -> float:
    """After so many tries: doubled each time up to the cap, and up to half of it less, so that many do not come back at once."""
    ceiling: float = min(cap_s, first_s * 2 ** min(attempts - 1, 16))
    return ceiling * random.uniform(0.5, 1.0)  # noqa: S311  # jitter, not a secret
