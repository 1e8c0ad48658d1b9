"""What may be said of an experiment now: as much as its report shows. Finite numbers or none, so that it can be JSON."""

import math
from dataclasses import dataclass

from chancery_contracts.assignment import Running

from chancery_registry.domain.trials import Arm, Comparison, Finding, Trial, horizon_of, units_needed


@dataclass(frozen=True, slots=True)
class MetricMean:
    """Over the units that have a value."""

    metric: str
    units: int
    mean: float


@dataclass(frozen=True, slots=True)
class ArmReport:
    """A variant. `expected_units`: by the weights under which each unit was drawn."""

    variant: str
    weight: int
    stopped: bool
    units: int
    expected_units: float
    means: tuple[MetricMean, ...]


@dataclass(frozen=True, slots=True)
class ComparisonReport:
    """A variant less the control. `lower` and `upper` hold at all times at once; with `error` for both ends (primary) or for the one that
    stops the variant (guard). `units_needed`: about how many of both variants show `min_effect` with the stated power."""

    variant: str
    metric: str
    role: str
    better: str
    units: int
    estimate: float | None
    lower: float | None
    upper: float | None
    error: float
    max_worsening: float | None
    broken: bool
    units_needed: int | None


@dataclass(frozen=True, slots=True)
class SplitReport:
    """`alarm` may be looked at whenever one likes, `p_value` once."""

    alarm: bool
    log_evidence: float | None
    p_value: float
    error: float


@dataclass(frozen=True, slots=True)
class TrialReport:
    """`trustworthy`: no alarm over the split. `may_stop`: nothing is left to be decided in the primary metric."""

    experiment: str
    version: int
    use_case: str
    method: str
    units: int
    max_sample: int
    trustworthy: bool
    may_stop: bool
    findings: dict[str, Finding]
    arms: tuple[ArmReport, ...]
    comparisons: tuple[ComparisonReport, ...]
    split: SplitReport


def report(running: Running, trial: Trial) -> TrialReport:
    """As it stands."""
    body, findings = running.body, {one.variant: trial.finding(one.variant) for one in trial.comparisons}
    left = [name for name, finding in findings.items() if finding == "undecided" and name not in running.stopped]
    return TrialReport(
        experiment=running.ref.name, version=running.ref.version, use_case=body.use_case, method=body.method, units=trial.units,
        max_sample=body.max_sample, trustworthy=not trial.split.alarm, may_stop=not left, findings=findings,
        arms=tuple(_arm(running, trial, name, arm) for name, arm in trial.arms.items()),
        comparisons=tuple(_comparison(trial, one) for one in trial.comparisons),
        split=SplitReport(trial.split.alarm, _finite(trial.split.most), trial.split.p_value, body.ratio_alpha),
    )  # fmt: skip


def _arm(running: Running, trial: Trial, name: str, arm: Arm) -> ArmReport:
    means = tuple(MetricMean(metric, count, arm.sums[metric] / count) for metric, count in sorted(arm.counts.items()))
    expected = round(trial.split.expected.get(name, 0.0), 1)
    return ArmReport(name, running.weights()[name], name in running.stopped, arm.units, expected, means)


def _comparison(trial: Trial, one: Comparison) -> ComparisonReport:
    found = one.difference.interval
    return ComparisonReport(
        variant=one.variant, metric=one.metric.name, role="guard" if one.rail else "primary", better=one.metric.better,
        units=one.difference.units, estimate=found.estimate, lower=_finite(found.lower), upper=_finite(found.upper), error=one.error,
        max_worsening=one.rail.max_worsening if one.rail else None, broken=one.broken,
        units_needed=None if one.rail else units_needed(one, trial.body, horizon_of(trial.body, one.variant)),
    )  # fmt: skip


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
