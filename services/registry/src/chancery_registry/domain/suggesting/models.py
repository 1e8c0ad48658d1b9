"""A cheaper model whose verdicts are no worse: by requests that an experiment assigned, so that nothing else tells them apart."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from chancery_registry.domain.suggesting.past import PastRequest
from chancery_registry.domain.suggesting.suggestion import Suggestion, share

MARGIN = 0.05
"""Released answers that may be lost for the lower price, of all: more is another quality."""
FEWEST = 50
"""Requests of each model."""
Z_90 = 1.6448536269514722
"""Two-sided 90 %: its lower end errs in 5 % of cases, as a test of non-inferiority does."""


@dataclass(frozen=True, slots=True)
class Arm:
    """The requests of one model."""

    model: str
    requests: tuple[PastRequest, ...]

    @property
    def released(self) -> int:
        """Answers that passed every check."""
        return sum(one.verdict == "release" for one in self.requests)

    @property
    def mean_micros(self) -> float:
        """Cost of one."""
        return sum(one.cost_micros for one in self.requests) / len(self.requests)


def cheaper_models(requests: Sequence[PastRequest]) -> Iterator[Suggestion]:
    """Against the model with the most requests, within each experiment and version of the prompt."""
    for arms in _experiments(requests).values():
        tried = [Arm(model, tuple(found)) for model, found in sorted(arms.items()) if len(found) >= FEWEST]
        if len(tried) < 2:
            continue
        usual = max(tried, key=lambda arm: len(arm.requests))
        yield from (_suggestion(usual, arm, requests) for arm in tried if arm is not usual and _holds(usual, arm))


def _holds(usual: Arm, cheaper: Arm) -> bool:
    return cheaper.mean_micros < usual.mean_micros and difference(cheaper, usual)[0] > -MARGIN


def _suggestion(usual: Arm, cheaper: Arm, requests: Sequence[PastRequest]) -> Suggestion:
    saving = (usual.mean_micros - cheaper.mean_micros) * len(usual.requests)
    low, high = difference(cheaper, usual)
    return Suggestion(
        "cheaper_model",
        f"Use {cheaper.model} instead of {usual.model}: released {cheaper.released} of {len(cheaper.requests)} answers, "
        f"the other {usual.released} of {len(usual.requests)}.",
        usual.model,
        "",
        len(usual.requests),
        round(saving),
        share(saving, requests),
        f"difference of mean cost over requests assigned at random; released answers differ by {low:+.3f} to {high:+.3f} "
        f"(90 % interval, Newcombe), and may be {MARGIN} worse",
        interval=(round(low, 4), round(high, 4)),
    )


def difference(one: Arm, other: Arm) -> tuple[float, float]:
    """Interval of the difference of two shares (Newcombe 1998, method 10: of Wilson's intervals)."""
    first, second = one.released / len(one.requests), other.released / len(other.requests)
    low1, high1 = wilson(one.released, len(one.requests))
    low2, high2 = wilson(other.released, len(other.requests))
    apart = first - second
    return apart - math.hypot(first - low1, high2 - second), apart + math.hypot(high1 - first, second - low2)


def wilson(successes: int, count: int) -> tuple[float, float]:
    """Interval of a share (Wilson 1927)."""
    share_of, z2 = successes / count, Z_90**2
    middle = (share_of + z2 / (2 * count)) / (1 + z2 / count)
    half = Z_90 / (1 + z2 / count) * math.sqrt(share_of * (1 - share_of) / count + z2 / (4 * count**2))
    return max(0.0, middle - half), min(1.0, middle + half)


def _experiments(requests: Sequence[PastRequest]) -> Mapping[tuple[str, int], dict[str, list[PastRequest]]]:
    found: dict[tuple[str, int], dict[str, list[PastRequest]]] = {}
    for one in requests:
        if one.assigned is not None:
            arms = found.setdefault((one.assigned, one.prompt_version), {})
            arms.setdefault(f"{one.model.name}@{one.model.version}", []).append(one)
    return found
