"""A circuit breaker: an endpoint that fails is left alone for a while, then tried by a few calls before all come back.

Times are seconds of any monotonic clock; the caller hands them in.
"""

from collections import Counter, deque
from dataclasses import dataclass
from typing import Literal

from chancery_generation.domain.completion import AttemptOutcome

BROKEN: frozenset[AttemptOutcome] = frozenset({"timeout", "server_error", "unreachable", "malformed"})
"""Such calls in a row open it. `rejected` is the request's fault and speaks for the endpoint; `unknown` (given up on) says nothing."""
FAILING = BROKEN | {"rate_limited"}
"""Such calls open it when most are: an endpoint that says when to come back is alive, but of no use while it says so to everybody."""
CircuitState = Literal["closed", "open", "half_open"]


@dataclass(frozen=True, slots=True)
class BreakerRules:
    """It opens at `in_a_row` broken calls, or when `share` of at least `least_calls` of the last `window` calls failed."""

    window: int = 50
    window_s: float = 30.0
    least_calls: int = 20
    share: float = 0.6
    in_a_row: int = 10
    open_s: float = 10.0
    probes: int = 2
    """So many calls at once are let through half open, and so many must succeed."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """Was let through in this period of the circuit: what ends in a later one says nothing about it."""

    period: int
    number: int


class Breaker:
    """Of one endpoint."""

    def __init__(self, rules: BreakerRules) -> None:
        self._rules = rules
        self._recent: deque[tuple[float, AttemptOutcome]] = deque(maxlen=rules.window)
        self._in_a_row = 0
        self._open_until: float | None = None
        self._period = self._entered = self._proven = 0
        self._inside: set[Ticket] = set()
        """Of this period."""

    def state(self, now_s: float) -> CircuitState:
        """Open until its time is over; then half open until enough calls succeeded."""
        if self._open_until is None:
            return "closed"
        return "open" if now_s < self._open_until else "half_open"

    def admits(self, now_s: float) -> bool:
        """Whether a call would be let through."""
        state = self.state(now_s)
        return state == "closed" or (state == "half_open" and len(self._inside) < self._rules.probes)

    def enter(self, now_s: float) -> Ticket | None:
        """Lets a call through, or not. Whoever has a ticket must `leave`, however the call ends."""
        if not self.admits(now_s):
            return None
        self._entered += 1
        ticket = Ticket(self._period, self._entered)
        self._inside.add(ticket)
        return ticket

    def leave(self, ticket: Ticket, outcome: AttemptOutcome, now_s: float) -> None:
        """How the call ended. Only the first word counts."""
        if ticket not in self._inside:
            return
        self._inside.discard(ticket)
        if self._open_until is not None:
            self._probed(outcome, now_s)
        elif outcome != "unknown":
            self._count(outcome, now_s)

    def wait_s(self, now_s: float) -> float:
        """How long it stays open; 0 where it is not."""
        return 0.0 if self._open_until is None else max(0.0, self._open_until - now_s)

    def recent(self, now_s: float) -> Counter[AttemptOutcome]:
        """Outcomes of the window, by class."""
        return Counter(outcome for at, outcome in self._recent if at > now_s - self._rules.window_s)

    def _probed(self, outcome: AttemptOutcome, now_s: float) -> None:
        if outcome in FAILING:
            self._open(now_s)
        elif outcome != "unknown":
            self._proven += 1
            if self._proven >= self._rules.probes:
                self._begin(None)

    def _count(self, outcome: AttemptOutcome, now_s: float) -> None:
        self._recent.append((now_s, outcome))
        self._in_a_row = self._in_a_row + 1 if outcome in BROKEN else 0 if outcome not in FAILING else self._in_a_row
        if outcome in FAILING and self._broken(now_s):
            self._open(now_s)

    def _broken(self, now_s: float) -> bool:
        if self._in_a_row >= self._rules.in_a_row:
            return True
        recent = self.recent(now_s)
        failed = sum(count for outcome, count in recent.items() if outcome in FAILING)
        return recent.total() >= self._rules.least_calls and failed >= self._rules.share * recent.total()

    def _open(self, now_s: float) -> None:
        self._begin(now_s + self._rules.open_s)

    def _begin(self, open_until: float | None) -> None:
        self._open_until = open_until
        self._period += 1
        self._proven = self._in_a_row = 0
        self._inside.clear()
        self._recent.clear()
