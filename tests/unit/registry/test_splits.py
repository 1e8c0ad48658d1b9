"""Sample ratio mismatch: Pearson's test against scipy's, and the test for any time against its definition and over many experiments."""

from collections import Counter

import numpy as np
import pytest
from chancery_registry.domain.splits import CONCENTRATION, Split, chi_square_p, chi_square_tail
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats


class TestPearson:
    @given(st.floats(0, 200), st.integers(1, 9))
    def test_the_tail_is_scipys(self, statistic, degrees):
        assert chi_square_tail(statistic, degrees) == pytest.approx(stats.chi2.sf(statistic, degrees), rel=1e-9, abs=1e-14)

    def test_published_example(self):
        """821,588 users where 815,482 came instead, of a planned half (Kohavi, Tang and Xu 2020, chapter 21): p = 1.8e-6."""
        observed = [821_588, 815_482]
        assert chi_square_p(observed, [sum(observed) / 2] * 2) == pytest.approx(stats.chisquare(observed).pvalue, rel=1e-9)
        assert chi_square_p(observed, [sum(observed) / 2] * 2) == pytest.approx(1.8e-6, rel=0.05)

    def test_nothing_to_compare_is_no_mismatch(self):
        assert chi_square_p([5], [5.0]) == 1.0 and chi_square_p([0, 0], [0.0, 0.0]) == 1.0


class TestAtAnyTime:
    def test_the_evidence_is_the_ratio_of_the_mixture_to_the_null(self):
        split = Split(0.001)
        for name in ["a"] * 60 + ["b"] * 20:
            split.add(name, {"a": 1, "b": 1})
        mixture = stats.betabinom(80, CONCENTRATION / 2, CONCENTRATION / 2)
        assert split.log_evidence == pytest.approx(mixture.logpmf(60) - stats.binom(80, 0.5).logpmf(60), rel=1e-9)

    def test_sound_splits_raise_an_alarm_no_more_often_than_stated(self):
        generator, alarms = np.random.default_rng(2), 0
        for _ in range(300):
            split = Split(0.05)
            for arm in generator.choice(3, 400, p=(0.5, 0.3, 0.2)):
                split.add("abc"[arm], {"a": 5, "b": 3, "c": 2})
            alarms += split.alarm
        assert stats.binomtest(alarms, 300, 0.05, alternative="greater").pvalue > 0.001

    def test_a_split_of_55_to_45_instead_of_halves_is_seen(self):
        generator, split = np.random.default_rng(2), Split(0.001)
        for arm in generator.choice(2, 5_000, p=(0.55, 0.45)):
            split.add("ab"[arm], {"a": 1, "b": 1})
        assert split.alarm and split.p_value < 0.001

    def test_other_weights_from_a_moment_on_are_no_mismatch(self):
        generator, split = np.random.default_rng(4), Split(0.001)
        for weights in ({"a": 1, "b": 1}, {"a": 9, "b": 1}, {"a": 10, "b": 0}):
            for arm in generator.choice(2, 1_000, p=[weight / sum(weights.values()) for weight in weights.values()]):
                split.add("ab"[arm], weights)
        assert not split.alarm
        assert split.counts == Counter(a=split.counts["a"], b=3_000 - split.counts["a"])
        assert split.expected == {"a": pytest.approx(2_400), "b": pytest.approx(600)}

    def test_a_unit_of_a_variant_without_weight_is_a_mismatch_at_once(self):
        split = Split(0.001)
        split.add("b", {"a": 1, "b": 0})
        assert split.alarm
