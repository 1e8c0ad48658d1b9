"""An experiment's units folded, one after the other, into what may be said of each variant. Pure; the order is that of the units' begin."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Literal

from chancery_contracts.bodies.experiments import ExperimentBody, GuardRail, Metric

from chancery_registry.domain.sequences import Difference, Interval
from chancery_registry.domain.splits import Split

Finding = Literal["better", "worse", "undecided", "sample_used_up"]
GUARD_HORIZON = 4
"""Guard rails are narrowest at a quarter of the sample: harm is to be seen early."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A conversation that counts. `weights`: by which its variant was drawn. `values`: by metric, from 0 to the metric's upper end."""

    variant: str
    weights: Mapping[str, int]
    values: Mapping[str, float]


@dataclass
class Comparison:
    """A variant against the control in one metric. `rail`: none for the primary metric."""

    variant: str
    metric: Metric
    rail: GuardRail | None
    error: float
    """Of the whole interval (primary), or of its one end that stops the variant (guard rail)."""
    difference: Difference

    @property
    def worsening(self) -> Interval:
        """How much worse than the control: of lower values where higher is better."""
        found = self.difference.interval
        if self.metric.better == "lower":
            return found
        return Interval(None if found.estimate is None else -found.estimate, -found.upper, -found.lower)

    @property
    def broken(self) -> bool:
        """Whether the rail is shown to be broken; the primary metric: whether the variant is shown to be worse."""
        return self.worsening.lower > (self.rail.max_worsening if self.rail else 0)

    @property
    def better(self) -> bool:
        """Shown to be better than the control."""
        return self.worsening.upper < 0


@dataclass
class Arm:
    """What was seen of a variant. Sums and counts by metric: a unit may have no value of one."""

    units: int = 0
    sums: dict[str, float] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def add(self, values: Mapping[str, float]) -> None:
        """One unit."""
        self.units += 1
        for name, value in values.items():
            self.sums[name] = self.sums.get(name, 0.0) + value
            self.counts[name] = self.counts.get(name, 0) + 1


class Trial:
    """All of one version of an experiment."""

    def __init__(self, body: ExperimentBody) -> None:
        self.body = body
        self.units = 0
        self.arms = {variant.name: Arm() for variant in body.variants}
        self.split = Split(body.ratio_alpha)
        self.comparisons = list(_comparisons(body))

    def add(self, unit: Unit) -> None:
        """The next unit. The primary metric is not decided on beyond the sample; guard rails are."""
        if unit.variant not in self.arms or not sum(unit.weights.values()):
            return
        self.units += 1
        self.arms[unit.variant].add(unit.values)
        self.split.add(unit.variant, unit.weights)
        for comparison in self.comparisons:
            if comparison.rail is not None or self.units <= self.body.max_sample:
                _compare(comparison, self.body.control.name, unit)

    def primary(self, variant: str) -> Comparison | None:
        """The comparison that decides; none for the control, and for variants that had no weight."""
        return next((one for one in self.comparisons if one.variant == variant and one.rail is None), None)

    def finding(self, variant: str) -> Finding:
        """What may be said of a variant, with the stated error."""
        primary = self.primary(variant)
        if primary is not None and primary.broken:
            return "worse"
        if primary is not None and primary.better:
            return "better"
        return "sample_used_up" if self.units >= self.body.max_sample else "undecided"

    def losing(self) -> dict[str, str]:
        """Variants to be stopped, and why, in words."""
        return {one.variant: _reason(one) for one in reversed(self.comparisons) if one.broken}


def _comparisons(body: ExperimentBody) -> Iterator[Comparison]:
    """Errors are shared out evenly (Bonferroni): `alpha` over variants and both ends, `guard_alpha` over variants and guard rails."""
    weights = {variant.name: variant.weight for variant in body.variants}
    treated = [name for name, weight in weights.items() if name != body.control.name and weight and body.control.weight]
    for name in treated:
        error, horizon = body.alpha / len(treated), horizon_of(body, name)
        yield Comparison(name, body.primary, None, error, Difference(body.primary.upper, error / 2, horizon))
        for rail in body.guard_rails:
            error = body.guard_alpha / (len(treated) * len(body.guard_rails))
            yield Comparison(name, rail.metric, rail, error, Difference(rail.metric.upper, error, max(horizon / GUARD_HORIZON, 1)))


def horizon_of(body: ExperimentBody, variant: str) -> float:
    """How many units of the variant and the control the sample will have."""
    weights = {one.name: one.weight for one in body.variants}
    return body.max_sample * (weights[variant] + body.control.weight) / sum(weights.values())


def _compare(comparison: Comparison, control: str, unit: Unit) -> None:
    value = unit.values.get(comparison.metric.name)
    ours, theirs = unit.weights.get(comparison.variant, 0), unit.weights.get(control, 0)
    if value is None or unit.variant not in (comparison.variant, control) or not ours or not theirs:
        return
    comparison.difference.add(value, ours / (ours + theirs), treated=unit.variant == comparison.variant)


def _reason(comparison: Comparison) -> str:
    found, name = comparison.worsening, comparison.metric.name
    allowed = comparison.rail.max_worsening if comparison.rail else 0
    return f"{name} is worse than the control's by at least {found.lower:.6g}, where {allowed:g} is allowed (error {comparison.error:g})"


def units_needed(comparison: Comparison, body: ExperimentBody, horizon: float) -> int | None:
    """About how many units of both variants show an effect of `min_effect` with the stated power; none: more than the method can use.

    From the spread seen so far: half the interval's width at n units is s·√(L/2)·(√h/n + 1/√h), h the horizon, L = ln(2/error);
    the estimate's own scatter s·z/√n is added to it.
    """
    deviation = comparison.difference.deviation
    if deviation is None or body.min_effect is None:
        return None
    base = deviation * math.sqrt(math.log(2 / comparison.error) / 2)
    left = body.min_effect - base / math.sqrt(horizon)
    if left <= 0:
        return None
    scatter = NormalDist().inv_cdf(body.power) * deviation
    square = base * math.sqrt(horizon)
    root = (-scatter + math.sqrt(scatter**2 + 4 * square * left)) / (2 * square)
    return math.ceil(1 / root**2)
