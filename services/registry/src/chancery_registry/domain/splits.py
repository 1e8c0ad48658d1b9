"""Did units come to the variants in the proportions that were asked for? If not, no figure of the experiment means what it says.

Two answers. `alarm` may be asked after every unit: a mixture of Dirichlet alternatives over the multinomial null (Lindon and Malek,
*Anytime-valid inference for multinomial count data*, NeurIPS 2022, equation 4). `chi_square_p` is Pearson's test, for a single look.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

CONCENTRATION = 100.0
"""Of the alternatives about the null: deviations of some per cent are looked for."""


class Split:
    """Counts by variant. Where weights change, a new stretch begins; the product over stretches is as good a test as each."""

    def __init__(self, error: float) -> None:
        self._level = math.log(1 / error)
        self._weights: Mapping[str, int] = {}
        self._stretch: Counter[str] = Counter()
        self._earlier = 0.0
        self.counts: Counter[str] = Counter()
        self.expected: dict[str, float] = {}
        self.log_evidence = self.most = 0.0
        """Natural logarithm of the evidence against the split, now and at its highest."""

    def add(self, variant: str, weights: Mapping[str, int]) -> None:
        """One unit, and the weights by which its variant was drawn."""
        if weights != self._weights:
            self._earlier, self._stretch, self._weights = self.log_evidence, Counter(), weights
        total = sum(weights.values())
        self.counts[variant] += 1
        for name, weight in weights.items():
            self.expected[name] = self.expected.get(name, 0.0) + weight / total
        self._stretch[variant] += 1
        self.log_evidence = self._earlier + _log_evidence(self._stretch, {name: weight / total for name, weight in weights.items()})
        self.most = max(self.most, self.log_evidence)

    @property
    def alarm(self) -> bool:
        """True with a chance of at most `error`, ever, where the split is sound."""
        return self.most >= self._level

    @property
    def p_value(self) -> float:
        """Of a single look, now."""
        names = [name for name, expected in self.expected.items() if expected > 0]
        return chi_square_p([self.counts[name] for name in names], [self.expected[name] for name in names])


def _log_evidence(counts: Mapping[str, int], shares: Mapping[str, float]) -> float:
    """Infinite where a variant without weight got a unit."""
    if any(count and not shares.get(name) for name, count in counts.items()):
        return math.inf
    log = math.lgamma(CONCENTRATION) - math.lgamma(CONCENTRATION + sum(counts.values()))
    for name, count in counts.items():
        prior = CONCENTRATION * shares[name]
        log += math.lgamma(prior + count) - math.lgamma(prior) - count * math.log(shares[name])
    return log


def chi_square_p(observed: Sequence[int], expected: Sequence[float]) -> float:
    """Pearson's goodness of fit; 1 where there is nothing to compare."""
    if len(observed) < 2 or not sum(observed):
        return 1.0
    statistic = sum((one - other) ** 2 / other for one, other in zip(observed, expected, strict=True))
    return chi_square_tail(statistic, len(observed) - 1)


def chi_square_tail(statistic: float, degrees: int) -> float:
    """The chance of more than `statistic` (Abramowitz and Stegun 26.4.4, 26.4.5)."""
    half = statistic / 2
    if degrees % 2 == 0:
        term, total = 1.0, 1.0
        for number in range(1, degrees // 2):
            term *= half / number
            total += term
        return math.exp(-half) * total
    term, total = math.sqrt(half) / math.gamma(1.5), 0.0
    for number in range((degrees - 1) // 2):
        total += term
        term *= half / (number + 1.5)
    return math.erfc(math.sqrt(half)) + math.exp(-half) * total
