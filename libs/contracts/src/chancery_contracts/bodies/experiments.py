"""Comparisons of variants on live traffic."""

from typing import Literal

from pydantic import Field, model_validator

from chancery_contracts.base import Part, VersionRef
from chancery_contracts.identifiers import IDENTIFIER_PATTERN

Measure = Literal["released", "answered", "check", "human_score", "cost_micros", "latency_ms"]
BOUNDED: frozenset[Measure] = frozenset({"released", "answered", "check", "human_score"})
"""From 0 to 1 by themselves; of the others a cap must be named."""


class Metric(Part):
    """The mean over units (conversations) of the mean over a unit's interactions. Exact only where it is bounded: hence `cap`."""

    measure: Measure
    check: str | None = Field(default=None, description="Which check's score, for measure `check`; scores must lie from 0 to 1")
    better: Literal["higher", "lower"] = "higher"
    cap: int | None = Field(default=None, ge=1, description="Of cost (micro-units) and latency (ms): what is above counts as this")

    @model_validator(mode="after")
    def _complete(self) -> "Metric":
        if (self.measure == "check") != (self.check is not None):
            raise ValueError("measure `check`, and no other, names a check")
        if (self.measure in BOUNDED) != (self.cap is None):
            raise ValueError("cost and latency, and no others, have a cap")
        return self

    @property
    def name(self) -> str:
        """Such as `check.grounded`."""
        return self.measure if self.check is None else f"{self.measure}.{self.check}"

    @property
    def upper(self) -> int:
        """The largest value; the smallest is 0."""
        return self.cap or 1


class GuardRail(Part):
    """A variant is stopped once it is shown to be worse than the control by more than `max_worsening`, in the metric's unit."""

    metric: Metric
    max_worsening: float = Field(ge=0)


class Variant(Part):
    """One arm. What it does not name is the use case's own."""

    name: str = Field(pattern=IDENTIFIER_PATTERN)
    weight: int = Field(ge=0, le=10_000)
    prompt: VersionRef | None = None
    model: VersionRef | None = None


class ExperimentBody(Part):
    """An A/B test of one use case; the first variant is the control. It runs while its entry is live.

    Error rates hold over all comparisons of an experiment, whenever one looks: `alpha` for saying that any variant differs in the primary
    metric where none does, `guard_alpha` for stopping any by a rail that it does not break, `ratio_alpha` for alarm over a sound split.
    """

    use_case: str = Field(pattern=IDENTIFIER_PATTERN)
    variants: tuple[Variant, ...] = Field(min_length=2, max_length=8)
    salt: str = Field(min_length=1, max_length=64, description="Another salt assigns anew")
    primary: Metric = Metric(measure="released")
    guard_rails: tuple[GuardRail, ...] = Field(default=(), max_length=8)
    method: Literal["empirical-bernstein"] = Field(
        default="empirical-bernstein", description="Confidence sequence for bounded means (Waudby-Smith and Ramdas 2024, theorem 2)"
    )
    alpha: float = Field(default=0.05, gt=0, le=0.5)
    guard_alpha: float = Field(default=0.05, gt=0, le=0.5)
    ratio_alpha: float = Field(default=0.001, gt=0, le=0.5)
    power: float = Field(default=0.8, gt=0, lt=1, description="With which an effect of `min_effect` is to be found by `max_sample`")
    min_effect: float | None = Field(default=None, gt=0, description="The smallest difference that matters, in the primary metric's unit")
    max_sample: int = Field(default=10_000, ge=10, le=10_000_000, description="Units after which nothing more is decided")
    window_s: int = Field(default=1_800, ge=0, le=2_592_000, description="How long after its first interaction a unit's others count")

    @model_validator(mode="after")
    def _names_differ(self) -> "ExperimentBody":
        names = [variant.name for variant in self.variants]
        if len(set(names)) != len(names):
            raise ValueError("two variants have one name")
        if len({metric.name for metric in self.metrics()}) != len(set(self.metrics())):
            raise ValueError("one measure has two caps or two better ends")
        return self

    def metrics(self) -> tuple[Metric, ...]:
        """All that are looked at; the primary one first."""
        return (self.primary, *(rail.metric for rail in self.guard_rails))

    @property
    def control(self) -> Variant:
        """What the others are compared with."""
        return self.variants[0]
