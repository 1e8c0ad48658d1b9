"""Error rates of experiments: the product's own fold, fed unit by unit, decided on after every unit.

Null experiments: two variants that do not differ; any decision is false, and their share must keep to the stated bound.
`repeated t tests` is what one gets who looks after every unit at a test for one look.
Power: how often a given effect is found by the end of the sample, and after how many units in the middle.
Guard rails at the border: a variant that is worse by exactly what is allowed; each stop is false. Seeded: it gives the same figures always.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from chancery_contracts.bodies import ExperimentBody
from chancery_registry.domain.trials import Trial, Unit
from chancery_testing.figures import Figure
from numpy.random import Generator
from scipy import stats

EXPERIMENTS, UNITS = 1_000, 4_000
RELEASED: dict[str, Any] = {"measure": "released"}
LATENCY: dict[str, Any] = {"measure": "latency_ms", "better": "lower", "cap": 30_000}
Draw = Callable[[Generator, "np.ndarray[Any, Any]"], "np.ndarray[Any, Any]"]
"""Values of units, by whether each is treated."""


def measure(_: Path, experiments: int = EXPERIMENTS) -> Iterator[dict[str, Any]]:
    """Null experiments, power, guard rails, splits."""
    yield from _nulls(experiments)
    yield from _powers(experiments)
    yield from _guards(experiments)
    yield from _splits(experiments)


def rate(base: float, effect: float = 0.0) -> Draw:
    """Released or not."""
    return lambda generator, treated: (generator.random(len(treated)) < base + effect * treated).astype(float)


def heavy(slower: float = 0.0) -> Draw:
    """Latency: Pareto with shape 1.5 from 300 ms on, which has no variance before it is capped."""
    return lambda generator, treated: np.minimum(300 * (1 + generator.pareto(1.5, len(treated))) * (1 + slower * treated), 30_000)


def conversations(base: float) -> Draw:
    """Means over one to ten interactions of a conversation, which go well or badly together."""

    def draw(generator: Generator, treated: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
        sizes, own = generator.integers(1, 11, len(treated)), generator.beta(2 * base, 2 * (1 - base), len(treated))
        return np.asarray(generator.binomial(sizes, own) / sizes)

    return draw


NULLS: tuple[tuple[str, dict[str, Any], int, Draw], ...] = (
    ("released, 1 %", RELEASED, 1, rate(0.01)),
    ("released, 50 %", RELEASED, 1, rate(0.5)),
    ("released, 99 %", RELEASED, 1, rate(0.99)),
    ("released, 50 %, a tenth in treatment", RELEASED, 9, rate(0.5)),
    ("mean over a conversation, 80 %", RELEASED, 1, conversations(0.8)),
    ("latency, Pareto 1.5 capped at 30 s", LATENCY, 1, heavy()),
    ("latency, a tenth in treatment", LATENCY, 9, heavy()),
)


def _nulls(experiments: int) -> Iterator[dict[str, Any]]:
    for number, (name, metric, control, draw) in enumerate(NULLS):
        body = _body(metric, control)
        decided = [at for at in _run(body, draw, experiments, number) if at is not None]
        yield _bounded(f"false decisions, {name}", len(decided), experiments, body.alpha)
    generator = np.random.default_rng(99)
    peeks = sum(_peeking(generator, rate(0.5)) for _ in range(min(experiments, 200)))
    share = peeks / min(experiments, 200)
    yield Figure("false decisions, released, 50 %, repeated t tests instead", share, f"of {min(experiments, 200)}, alpha 0.05").as_dict()


def _powers(experiments: int) -> Iterator[dict[str, Any]]:
    for name, metric, draw, target in (
        ("released, 50 % to 58 %", RELEASED, rate(0.5, 0.08), 0.8),
        ("released, 90 % to 85 %", RELEASED, rate(0.9, -0.05), 0.8),
        ("released, 99 % to 96 %", RELEASED, rate(0.99, -0.03), 0.8),
        ("latency, a quarter slower", LATENCY, heavy(0.25), None),
        ("latency, half slower", LATENCY, heavy(0.5), 0.8),
    ):
        decided = [at for at in _run(_body(metric, 1), draw, experiments, 50) if at is not None]
        found = len(decided) / experiments
        middle = f"of {experiments} within {UNITS} units; those found, after {round(np.median(decided)) if decided else 0} in the middle"
        yield Figure(f"power, {name}", found, middle, target).as_dict()


def _guards(experiments: int) -> Iterator[dict[str, Any]]:
    rail = {"metric": RELEASED, "max_worsening": 0.05}
    body = _body(LATENCY, 1, guard_rails=[rail, {"metric": LATENCY, "max_worsening": 1_000}])
    at_border = _run(body, rate(0.9, -0.05), experiments, 70, "released")
    yield _bounded("false stops, worse by what is allowed (90 % to 85 %), one of two rails", _count(at_border), experiments, 0.025)
    harmed = [at for at in _run(body, rate(0.9, -0.15), experiments, 71, "released") if at is not None]
    middle = f"of {experiments} within {UNITS} units, after {round(np.median(harmed)) if harmed else 0} in the middle; 5 % allowed"
    yield Figure("stopped, 90 % to 75 %", len(harmed) / experiments, middle, 0.95).as_dict()


def _splits(experiments: int) -> Iterator[dict[str, Any]]:
    for name, share, target in (("sound", 0.5, None), ("52 : 48", 0.52, None), ("55 : 45", 0.55, 0.8)):
        body, generator, alarms = _body(RELEASED, 1), np.random.default_rng(80), 0
        for _ in range(experiments):
            trial = Trial(body)
            for treated in generator.random(UNITS) < share:
                trial.split.add("b" if treated else "a", {"a": 1, "b": 1})
            alarms += trial.split.alarm
        if share == 0.5:
            yield _bounded("false alarms over the split, 1 : 1", alarms, experiments, body.ratio_alpha)
        else:
            found = alarms / experiments
            yield Figure(f"alarms over the split, {name} for 1 : 1", found, f"of {experiments} within {UNITS} units", target).as_dict()


def _body(metric: dict[str, Any], control: int, **more: Any) -> ExperimentBody:
    variants = [{"name": "a", "weight": control}, {"name": "b", "weight": 1}]
    return ExperimentBody.model_validate(
        {"use_case": "u", "salt": "s", "variants": variants, "primary": metric, "max_sample": UNITS} | more
    )  # fmt: skip


def _run(body: ExperimentBody, draw: Draw, experiments: int, seed: int, rail: str | None = None) -> list[int | None]:
    """For each experiment the unit at which it was decided, or a rail broken; each looked at after every unit."""
    generator, weights = np.random.default_rng(seed), {variant.name: variant.weight for variant in body.variants}
    share, name = weights["b"] / sum(weights.values()), rail or body.primary.name
    ends: list[int | None] = []
    for _ in range(experiments):
        treated = generator.random(UNITS) < share
        values = draw(generator, treated)
        ends.append(_first(Trial(body), weights, name, zip(treated.tolist(), values.tolist(), strict=True)))
    return ends


def _first(trial: Trial, weights: dict[str, int], name: str, units: Any) -> int | None:
    for number, (treated, value) in enumerate(units, start=1):
        trial.add(Unit("b" if treated else "a", weights, {name: value}))
        if any(one.broken or (one.rail is None and one.better) for one in trial.comparisons):
            return number
    return None


def _peeking(generator: Generator, draw: Draw) -> bool:
    """Welch's test after every unit from the hundredth on, each at 5 %."""
    treated = generator.random(UNITS) < 0.5
    values = draw(generator, treated)
    moments = [_moments(values, arm) for arm in (treated, ~treated)]
    counts, means, variances = (np.array([one[part] for one in moments]) for part in range(3))
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.abs(means[0] - means[1]) / np.sqrt(variances[0] / counts[0] + variances[1] / counts[1])
    return bool((z[100:] > stats.norm.ppf(0.975)).any())


def _moments(values: "np.ndarray[Any, Any]", arm: "np.ndarray[Any, Any]") -> tuple[Any, Any, Any]:
    counts = arm.cumsum()
    with np.errstate(divide="ignore", invalid="ignore"):
        means = (values * arm).cumsum() / counts
        return counts, means, (values**2 * arm).cumsum() / counts - means**2


def _count(ends: list[int | None]) -> int:
    return sum(at is not None for at in ends)


def _bounded(name: str, false: int, experiments: int, bound: float) -> dict[str, Any]:
    """At most the bound; where too few are expected to tell, at most what comes by chance once in a thousand where the bound is kept."""
    p_value = stats.binomtest(false, experiments, bound, alternative="greater").pvalue
    most = int(stats.binom.ppf(0.999, experiments, bound))
    unit = f"of {experiments}, bound {bound:g}, at most {most} by chance, p {p_value:.2g}"
    target = bound if experiments * bound >= 20 else most / experiments
    return Figure(name, false / experiments, unit, target, better="lower").as_dict()
