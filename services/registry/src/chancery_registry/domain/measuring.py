"""What an interaction, and a unit, is worth in each metric."""

from collections.abc import Callable, Mapping, Sequence
from statistics import fmean

from chancery_contracts.bodies.experiments import ExperimentBody, Measure, Metric

from chancery_registry.domain.outcomes import Outcome


def unit_values(body: ExperimentBody, outcomes: Sequence[Outcome]) -> dict[str, float]:
    """By metric, the mean over a unit's interactions; a metric that none of them has a value of is left out."""
    values = {metric.name: [found for one in outcomes if (found := value(metric, one)) is not None] for metric in body.metrics()}
    return {name: fmean(found) for name, found in values.items() if found}


def value(metric: Metric, outcome: Outcome) -> float | None:
    """From 0 to the metric's upper end; none where the interaction says nothing of it."""
    found = _MEASURES[metric.measure](outcome) if metric.check is None else outcome.checks.get(metric.check)
    return None if found is None else min(max(float(found), 0.0), float(metric.upper))


def settled(body: ExperimentBody, outcome: Outcome) -> bool:
    """Whether all that the metrics need is known of an interaction. A person's word is never waited for."""
    if outcome.ended_at is None:
        return False
    priced = any(metric.measure == "cost_micros" for metric in body.metrics())
    return not priced or outcome.cost_micros is not None or outcome.verdict is None or outcome.cache_state == "hit"


def _released(outcome: Outcome) -> float:
    return float(outcome.verdict == "release" and outcome.refused_code is None)


def _answered(outcome: Outcome) -> float:
    """With something other than that the documents do not hold it."""
    return float(outcome.verdict is not None and outcome.unanswerable is False)


def _cost(outcome: Outcome) -> float | None:
    """A refusal, or an answer from the cache, that nothing was settled for cost nothing."""
    ended = outcome.ended_at is not None
    return float(outcome.cost_micros or 0) if ended or outcome.cost_micros is not None else None


def _latency(outcome: Outcome) -> float | None:
    """One that has never ended took as long as can be counted."""
    return float("inf") if outcome.ended_at is None else outcome.latency_ms


_MEASURES: Mapping[Measure, Callable[[Outcome], float | None]] = {
    "released": _released,
    "answered": _answered,
    "human_score": lambda outcome: outcome.human_score,
    "cost_micros": _cost,
    "latency_ms": _latency,
}
