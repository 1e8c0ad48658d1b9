"""The confidence sequence: against the theorem written out anew, against the t interval, and over many experiments."""

import math

import numpy as np
import pytest
from chancery_registry.domain.sequences import LARGEST_BET, Difference
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

VALUES = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=200)


def _fold(values, treated, *, upper=1.0, error=0.025, horizon=1000.0, share=0.5):
    difference = Difference(upper, error, horizon)
    for value, arm in zip(values, treated, strict=True):
        difference.add(float(value), share, treated=bool(arm))
    return difference


def _theorem(values, treated, share, error, horizon):
    """Waudby-Smith and Ramdas (2024), theorem 2, over X = (term - lowest) / span with lowest and span of a constant centre 1/2."""
    lowest, span = -0.5 / min(share, 1 - share), 0.5 / share + 0.5 / (1 - share)
    terms = np.where(treated, (values - 0.5) / share, -(values - 0.5) / (1 - share))
    scaled = (terms - lowest) / span
    means = np.concatenate([[(0 - lowest) / span], (scaled.cumsum() - lowest / span) / np.arange(2, len(scaled) + 2)])[: len(scaled)]
    return scaled, means, lowest, span


class TestAgainstTheTheorem:
    def test_with_a_share_of_one_half_and_a_constant_centre_it_is_the_papers_formula(self):
        generator = np.random.default_rng(3)
        pairs = generator.integers(0, 2, 400).astype(float)
        values, treated = np.stack([pairs, 1 - pairs], 1).ravel(), generator.integers(0, 2, 800).astype(bool)
        difference = Difference(1.0, 0.025, 800.0)
        difference._values = 10**12  # the centre stays 1/2, so that the span is constant
        difference._value_sum = 0.5 * 10**12
        lower, upper = -math.inf, math.inf
        scaled, means, lowest, span = _theorem(values, treated, 0.5, 0.025, 800.0)
        bets, weighted, variances, squares, mean = 0.0, 0.0, 0.0, 0.25, means[0]
        for number, (value, arm) in enumerate(zip(values, treated, strict=True)):
            bet = min(math.sqrt(2 * math.log(1 / 0.025) / (squares / (number + 1) * 800)), LARGEST_BET)
            bets, weighted = bets + bet, weighted + bet * scaled[number]
            variances += 4 * (scaled[number] - means[number]) ** 2 * (-math.log(1 - bet) - bet) / 4
            centre, half = weighted / bets, (math.log(1 / 0.025) + variances) / bets
            lower, upper = max(lower, centre - half), min(upper, centre + half)
            after = mean + (scaled[number] - mean) / (number + 2)
            squares, mean = squares + (scaled[number] - mean) * (scaled[number] - after), after
            difference.add(value, 0.5, treated=bool(arm))
        found = difference.interval
        assert found.lower == pytest.approx(lowest + span * lower, rel=1e-6)
        assert found.upper == pytest.approx(lowest + span * upper, rel=1e-6)


class TestBesideTheTInterval:
    """At its horizon it is wider than an interval for one look, by no more than √(2 ln(2/α)) : z and a little."""

    @pytest.mark.parametrize(("base", "effect"), [(0.5, 0.1), (0.9, 0.05), (0.05, 0.05)])
    def test_width_and_estimate(self, base, effect):
        generator = np.random.default_rng(11)
        treated = generator.random(10_000) < 0.5
        values = (generator.random(10_000) < base + effect * treated).astype(float)
        found = _fold(values, treated, horizon=10_000).interval
        single = stats.ttest_ind(values[treated], values[~treated], equal_var=False).confidence_interval(0.95)
        assert found.estimate == pytest.approx(values[treated].mean() - values[~treated].mean(), abs=0.01)
        ratio = (found.upper - found.lower) / (single.high - single.low)
        assert 1 < ratio < 1.1 * math.sqrt(2 * math.log(40)) / 1.96


class TestOverManyExperiments:
    @pytest.mark.parametrize("base", [0.01, 0.5, 0.99])
    def test_zero_is_left_at_any_time_by_at_most_the_stated_share(self, base):
        generator = np.random.default_rng(5)
        left = 0
        for _ in range(200):
            treated, values = generator.random(500) < 0.5, generator.random(500) < base
            found = _fold(values, treated, horizon=500).interval
            left += found.lower > 0 or found.upper < 0
        assert stats.binomtest(left, 200, 0.05, alternative="greater").pvalue > 0.001


class TestWhatAlwaysHolds:
    @given(VALUES)
    @settings(max_examples=50)
    def test_it_only_narrows(self, rows):
        difference, before = Difference(1.0, 0.025, 100.0), (-math.inf, math.inf)
        for value, treated in rows:
            difference.add(value, 0.3, treated=treated)
            found = difference.interval
            assert found.lower >= before[0] and found.upper <= before[1]
            before = (found.lower, found.upper)

    @given(VALUES)
    @settings(max_examples=50)
    def test_values_in_another_unit_give_the_same_interval_in_that_unit(self, rows):
        one, other = (
            _fold([value * scale for value, _ in rows], [arm for _, arm in rows], upper=scale).interval for scale in (1.0, 30_000.0)
        )
        assert other.lower == pytest.approx(one.lower * 30_000, rel=1e-6, abs=1e-6)
        assert other.upper == pytest.approx(one.upper * 30_000, rel=1e-6, abs=1e-6)

    @given(VALUES)
    @settings(max_examples=50)
    def test_with_the_arms_exchanged_it_is_the_mirror_image(self, rows):
        values, arms = zip(*rows, strict=True)
        one, other = _fold(values, arms).interval, _fold(values, [not arm for arm in arms]).interval
        assert (one.lower, one.upper) == (pytest.approx(-other.upper), pytest.approx(-other.lower))

    def test_nothing_is_known_before_the_first_unit(self):
        found = Difference(1.0, 0.05, 10.0).interval
        assert (found.estimate, found.lower, found.upper) == (None, -math.inf, math.inf)
