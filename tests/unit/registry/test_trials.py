"""Units folded into findings: errors are shared out, guard rails stop what loses, and the sample ends what may be decided."""

import random
from typing import Any

import pytest
from chancery_contracts.bodies import ExperimentBody
from chancery_registry.domain.trials import Trial, Unit, units_needed
from hypothesis import given
from hypothesis import strategies as st

RAIL = {"metric": {"measure": "latency_ms", "better": "lower", "cap": 10_000}, "max_worsening": 100}


def _body(names: str = "ab", **more: Any) -> ExperimentBody:
    variants = [{"name": name, "weight": 1} for name in names]
    return ExperimentBody.model_validate({"use_case": "u", "salt": "s", "variants": variants, "max_sample": 2_000} | more)


def _trial(body: ExperimentBody, rates: dict[str, float], units: int = 2_000, latency: dict[str, float] | None = None) -> Trial:
    drawn, trial, weights = random.Random(6), Trial(body), {variant.name: variant.weight for variant in body.variants}
    for _ in range(units):
        name = drawn.choice(sorted(rates))
        values = {"released": float(drawn.random() < rates[name])}
        if latency:
            values["latency_ms"] = min(drawn.expovariate(1 / latency[name]), 10_000)
        trial.add(Unit(name, weights, values))
    return trial


class TestFindings:
    @pytest.mark.parametrize(("rate", "finding"), [(0.95, "better"), (0.45, "worse"), (0.71, "sample_used_up")])
    def test_of_a_sample_that_is_used_up(self, rate, finding):
        assert _trial(_body(), {"a": 0.7, "b": rate}).finding("b") == finding

    def test_before_the_sample_is_used_up_nothing_shown_is_undecided(self):
        assert _trial(_body(), {"a": 0.7, "b": 0.7}, 500).finding("b") == "undecided"

    def test_where_lower_is_better_less_is_better(self):
        trial = _trial(_body(primary=RAIL["metric"]), {"a": 0.5, "b": 0.5}, latency={"a": 2_000, "b": 500})
        assert trial.finding("b") == "better" and not trial.losing()

    def test_beyond_the_sample_the_primary_metric_is_not_decided_on(self):
        trial = _trial(_body(), {"a": 0.7, "b": 0.7})
        for _ in range(2_000):
            trial.add(Unit("b", {"a": 1, "b": 1}, {"released": 0.0}))
        assert trial.finding("b") == "sample_used_up" and trial.arms["b"].units > 2_000

    def test_a_variant_that_is_worse_is_to_be_stopped_and_the_others_are_not(self):
        trial = _trial(_body("abc"), {"a": 0.8, "b": 0.8, "c": 0.4})
        assert list(trial.losing()) == ["c"]
        assert trial.losing()["c"].startswith("released is worse")


class TestGuardRails:
    def test_harm_beyond_what_is_allowed_stops(self):
        trial = _trial(_body(guard_rails=[RAIL]), {"a": 0.7, "b": 0.7}, latency={"a": 500, "b": 1_500})
        assert trial.losing()["b"].startswith("latency_ms is worse")

    def test_harm_within_what_is_allowed_does_not(self):
        trial = _trial(_body(guard_rails=[RAIL | {"max_worsening": 1_500}]), {"a": 0.7, "b": 0.7}, latency={"a": 500, "b": 1_500})
        assert not trial.losing()

    def test_rails_hold_beyond_the_sample(self):
        trial = _trial(_body(guard_rails=[RAIL]), {"a": 0.7, "b": 0.7}, latency={"a": 500, "b": 500})
        drawn = random.Random(1)
        for _ in range(4_000):
            name = drawn.choice("ab")
            trial.add(Unit(name, {"a": 1, "b": 1}, {"latency_ms": 500.0 if name == "a" else 9_000.0}))
        assert "b" in trial.losing()


class TestErrors:
    def test_are_shared_out_over_variants_ends_and_rails(self):
        rails = [RAIL, {"metric": {"measure": "answered"}, "max_worsening": 0.1}]
        trial = Trial(_body("abc", guard_rails=rails, alpha=0.06, guard_alpha=0.08))
        assert [(one.variant, one.rail is None, one.error) for one in trial.comparisons] == [
            ("b", True, 0.03), ("b", False, 0.02), ("b", False, 0.02),
            ("c", True, 0.03), ("c", False, 0.02), ("c", False, 0.02),
        ]  # fmt: skip

    def test_a_variant_without_weight_takes_no_share(self):
        variants = [{"name": "a", "weight": 1}, {"name": "b", "weight": 1}, {"name": "c", "weight": 0}]
        assert [one.error for one in Trial(_body(variants=variants)).comparisons] == [0.05]


class TestUnits:
    def test_of_another_experiment_or_without_weights_do_not_count(self):
        trial = Trial(_body())
        trial.add(Unit("z", {"z": 1}, {"released": 1.0}))
        trial.add(Unit("a", {}, {"released": 1.0}))
        assert trial.units == 0 and trial.split.counts == {}

    def test_without_a_value_counts_for_the_split_and_not_for_the_metric(self):
        trial = Trial(_body())
        trial.add(Unit("a", {"a": 1, "b": 1}, {}))
        assert trial.units == 1 and trial.comparisons[0].difference.units == 0

    def test_assigned_while_the_variant_had_no_share_is_no_comparison(self):
        trial = Trial(_body())
        trial.add(Unit("a", {"a": 2, "b": 0}, {"released": 1.0}))
        assert trial.comparisons[0].difference.units == 0

    @given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 1)), max_size=60))
    def test_any_units_leave_an_interval_that_is_one_or_is_empty_for_good(self, rows):
        trial = Trial(_body("abc"))
        for name, value in rows:
            trial.add(Unit(name, {"a": 1, "b": 1, "c": 1}, {"released": value}))
        assert sum(arm.units for arm in trial.arms.values()) == len(rows)
        assert all(one.difference.interval.lower <= 2 for one in trial.comparisons)


class TestUnitsNeeded:
    def test_about_as_many_find_the_effect(self):
        body = _body(min_effect=0.1, max_sample=4_000)
        trial = _trial(body, {"a": 0.5, "b": 0.5}, 1_000)
        needed = units_needed(trial.comparisons[0], body, 4_000)
        assert needed is not None and 1_000 < needed < 2_500
        found = [_trial(body, {"a": 0.5, "b": 0.6}, needed).finding("b")]
        assert found == ["better"]

    def test_none_where_the_sample_cannot_show_it(self):
        body = _body(min_effect=0.01)
        assert units_needed(_trial(body, {"a": 0.5, "b": 0.5}).comparisons[0], body, 2_000) is None
