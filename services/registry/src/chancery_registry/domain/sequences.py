"""A confidence sequence for the difference of two means: an interval that holds at every moment at once, so that one may always look.

The difference of means is the mean of `(y - centre) / share` over units of the treatment and `-(y - centre) / (1 - share)` over units of
the control, where `share` is the chance, known beforehand, with which the unit came to the treatment (Horvitz and Thompson 1952), whatever
`centre` is that earlier units give. Each such term is bounded, so theorem 2 (predictable plug-in empirical Bernstein) of Waudby-Smith and
Ramdas, *Estimating means of bounded random variables by betting*, JRSS-B 86 (2024), holds for it: nothing is assumed of the distribution,
and nothing is asymptotic. Two things are ours and keep the proof: the bounds may differ from unit to unit, being known before each, and
bets are sized for a horizon, where the interval is about as narrow as can be (the theorem holds for any predictable bets).
"""

import math
from dataclasses import dataclass

LARGEST_BET = 0.75
"""Below 1; the paper advises 1/2 or 3/4."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Of a difference, treatment less control. Infinite where nothing is known yet."""

    estimate: float | None
    lower: float
    upper: float


class Difference:
    """Of means of values from 0 to `upper`. Each end of the interval is wrong, ever, with a chance of at most `error`."""

    def __init__(self, upper: float, error: float, horizon: float) -> None:
        """`horizon`: the number of units at which the interval is to be narrowest."""
        self._upper = upper
        self._log_level = math.log(1 / error)
        self._horizon = horizon
        self.units = 0
        self._values, self._value_sum = 1, upper / 2
        """One unit in the middle, before any is seen."""
        self._mean, self._squares = 0.0, 0.0
        """Of the terms: their mean with a first term of 0, and the sum of squares about it, to which the first unit's range adds."""
        self._bets = self._bet_terms = self._variance_terms = 0.0
        self._lower, self._upper_bound = -math.inf, math.inf

    def add(self, value: float, share: float, *, treated: bool) -> None:
        """One unit's value, in the order in which units began; `share`: the treatment's, of both, when it was assigned."""
        centre = self._value_sum / self._values
        term = (value - centre) / (share if treated else share - 1)
        highest = max((self._upper - centre) / share, centre / (1 - share))
        lowest = -max(centre / share, (self._upper - centre) / (1 - share))
        self._bet(term, lowest, highest)
        self._values, self._value_sum = self._values + 1, self._value_sum + value

    def _bet(self, term: float, lowest: float, highest: float) -> None:
        """The sums of the theorem, in the term's own unit. What is guessed and bet rests on earlier units alone."""
        span = highest - lowest
        if self.units == 0:
            self._squares = (span / 2) ** 2
        variance = self._squares / (self.units + 1)
        bet = min(math.sqrt(2 * self._log_level / (variance * self._horizon)) * span, LARGEST_BET)
        guess = min(max(self._mean, lowest), highest)
        self._bets += bet / span
        self._bet_terms += bet / span * term
        self._variance_terms += ((term - guess) / span) ** 2 * (-math.log1p(-bet) - bet)
        self._narrow()
        self._learn(term)

    def _learn(self, term: float) -> None:
        """Mean and squares (Welford 1962)."""
        self.units += 1
        mean = self._mean + (term - self._mean) / (self.units + 1)
        self._squares += (term - self._mean) * (term - mean)
        self._mean = mean

    def _narrow(self) -> None:
        """What once was outside stays outside: the sequence holds at all moments at once."""
        estimate, half = self._bet_terms / self._bets, (self._log_level + self._variance_terms) / self._bets
        self._lower, self._upper_bound = max(self._lower, estimate - half), min(self._upper_bound, estimate + half)

    @property
    def interval(self) -> Interval:
        """As it stands."""
        return Interval(self._bet_terms / self._bets if self.units else None, self._lower, self._upper_bound)

    @property
    def deviation(self) -> float | None:
        """Standard deviation of a term; none before two units."""
        return math.sqrt(self._squares / self.units) if self.units > 1 else None
