"""How each endpoint is doing, as this process has seen it: its circuit and how long its answers take."""

from dataclasses import dataclass

from chancery_contracts.bodies import ModelBody

from chancery_generation.domain.breaker import Breaker, BreakerRules, Ticket
from chancery_generation.domain.completion import AttemptOutcome

NEWEST_WEIGHT = 0.2
FORGOTTEN_AFTER_S = 600.0
"""A model that was slow and is not asked any more would stay slow for ever: after this it counts as unmeasured."""
SLOW: frozenset[AttemptOutcome] = frozenset({"answered", "timeout"})
"""Outcomes whose duration says how long the model takes; a quick error says nothing."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What can fail as one: versions of an entry that differ in their limits or price alone share it."""

    provider: str
    base_url: str | None
    provider_model: str
    region: str | None

    @classmethod
    def of(cls, model: ModelBody) -> "Endpoint":
        """Where a model is reached."""
        return cls(model.provider, model.base_url, model.provider_model, model.region)


class Standing:
    """Of one endpoint. The latency is an exponentially weighted mean."""

    def __init__(self, rules: BreakerRules) -> None:
        self.breaker = Breaker(rules)
        self._latency_s: float | None = None
        self._measured_at_s = 0.0

    def latency_s(self, now_s: float) -> float | None:
        """None where it was not measured lately."""
        return self._latency_s if now_s - self._measured_at_s < FORGOTTEN_AFTER_S else None

    def ended(self, ticket: Ticket, outcome: AttemptOutcome, now_s: float, took_s: float) -> None:
        """A call has ended."""
        self.breaker.leave(ticket, outcome, now_s)
        if outcome in SLOW:
            known = self.latency_s(now_s)
            self._latency_s = took_s if known is None else known + NEWEST_WEIGHT * (took_s - known)
            self._measured_at_s = now_s


class Standings:
    """Of every endpoint that the registry names; there are no more of them than it has models."""

    def __init__(self, rules: BreakerRules | None = None) -> None:
        self._rules = rules or BreakerRules()
        self._of: dict[Endpoint, Standing] = {}

    def of(self, model: ModelBody) -> Standing:
        """Made when first asked for."""
        return self._of.setdefault(Endpoint.of(model), Standing(self._rules))

    def open_circuits(self, now_s: float) -> int:
        """How many endpoints are left alone at the moment."""
        return sum(standing.breaker.state(now_s) != "closed" for standing in self._of.values())
