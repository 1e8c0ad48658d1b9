"""Assignment: the same for everybody, in the proportions of the weights, and as few units as can be change their variant."""

from collections import Counter

import pytest
from chancery_contracts import VersionRef
from chancery_contracts.assignment import Running, effective_weights, position
from chancery_contracts.bodies import ExperimentBody
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy.stats import chisquare

WEIGHTS = st.lists(st.integers(0, 10_000), min_size=2, max_size=8).filter(any)
UNITS = [f"conversation-{number}" for number in range(20_000)]


def _running(*weights: int, salt: str = "s", stopped: frozenset[str] = frozenset(), tenant: str = "acme") -> Running:
    variants = [{"name": f"v{number}", "weight": weight} for number, weight in enumerate(weights)]
    body = ExperimentBody.model_validate({"use_case": "faq", "variants": variants, "salt": salt})
    return Running(tenant, VersionRef(name="test", version=1), body, stopped)


def _variants(running: Running, units: list[str]) -> list[str]:
    return [found.name for unit in units if (found := running.variant_of(unit)) is not None]


class TestProportions:
    @pytest.mark.parametrize("weights", [(1, 1), (9, 1), (1, 2, 3), (99, 1), (5, 5, 5, 5, 5, 5, 5, 5)])
    def test_shares_are_those_of_the_weights(self, weights):
        counts = Counter(_variants(_running(*weights), UNITS))
        expected = [len(UNITS) * weight / sum(weights) for weight in weights]
        assert chisquare([counts[f"v{number}"] for number in range(len(weights))], expected).pvalue > 1e-4

    def test_a_variant_without_weight_gets_nothing(self):
        assert set(_variants(_running(0, 1, 0), UNITS)) == {"v1"}

    def test_without_any_weight_nothing_is_assigned(self):
        assert _running(0, 0).assign("u") is None

    @given(WEIGHTS, st.text(min_size=1, max_size=40))
    def test_every_unit_gets_a_variant_that_has_weight(self, weights, unit):
        found = _running(*weights).variant_of(unit)
        assert found is not None and found.weight > 0


class TestStickiness:
    @given(WEIGHTS, st.text(max_size=40))
    def test_it_depends_on_nothing_but_what_is_stated(self, weights, unit):
        assert _running(*weights).assign(unit) == _running(*weights).assign(unit)

    def test_a_known_unit_stays_where_it_was_in_earlier_releases(self):
        assert [_running(1, 1).variant_of(f"conversation-{n}").name for n in range(8)] == KNOWN  # type: ignore[union-attr]

    def test_another_salt_tenant_or_experiment_assigns_independently(self):
        one, other = _variants(_running(1, 1), UNITS), _variants(_running(1, 1, salt="t"), UNITS)
        agreeing = sum(a == b for a, b in zip(one, other, strict=True))
        assert chisquare([agreeing, len(UNITS) - agreeing]).pvalue > 1e-4
        assert _variants(_running(1, 1, tenant="other"), UNITS) != one

    def test_words_do_not_run_into_each_other(self):
        assert position(("a", "bc")) != position(("ab", "c"))


class TestChange:
    @given(st.integers(1, 99), st.integers(1, 99))
    def test_of_two_variants_only_the_difference_moves(self, before, after):
        old, new = _running(before, 100 - before), _running(after, 100 - after)
        moved = [(old.variant_of(unit).name, new.variant_of(unit).name) for unit in UNITS[:500]]  # type: ignore[union-attr]
        gaining = "v0" if after > before else "v1"
        assert all(a == b or b == gaining for a, b in moved)

    @given(WEIGHTS, st.sets(st.integers(1, 7)))
    def test_a_stop_moves_the_stopped_variants_units_to_the_control_and_no_others(self, weights, numbers):
        names = frozenset(f"v{number}" for number in numbers)
        before, after = _running(*weights), _running(*weights, stopped=names)
        for unit in UNITS[:200]:
            old, new = before.variant_of(unit), after.variant_of(unit)
            assert old is not None and new is not None
            assert new.name == ("v0" if old.name in names else old.name)

    @given(WEIGHTS, st.sets(st.integers(1, 7)))
    def test_stops_keep_the_sum_of_weights(self, weights, numbers):
        stopped = [f"v{number}" for number in numbers]
        assert sum(effective_weights(_running(*weights).body, stopped).values()) == sum(weights)


class TestWhatAnEventSays:
    def test_the_weights_by_which_it_was_drawn_are_told(self):
        found = _running(3, 1, stopped=frozenset({"v1"})).assign("u")
        assert found is not None
        assert found[0].variant == "v0" and found[0].weights == {"v0": 4, "v1": 0}


class TestBodies:
    @pytest.mark.parametrize(
        "wrong",
        [
            {"variants": [{"name": "a", "weight": 1}]},
            {"variants": [{"name": "a", "weight": 1}, {"name": "a", "weight": 1}]},
            {"primary": {"measure": "latency_ms"}},
            {"primary": {"measure": "released", "cap": 5}},
            {"primary": {"measure": "check"}},
            {"primary": {"measure": "released", "check": "grounded"}},
            {"alpha": 0},
            {"guard_rails": [{"metric": {"measure": "released"}, "max_worsening": -1}]},
        ],
    )
    def test_what_cannot_be_decided_on_is_refused(self, wrong):
        right = {"use_case": "faq", "salt": "s", "variants": [{"name": "a", "weight": 1}, {"name": "b", "weight": 1}]}
        ExperimentBody.model_validate(right)
        with pytest.raises(ValidationError):
            ExperimentBody.model_validate(right | wrong)


KNOWN = ["v1", "v0", "v0", "v1", "v1", "v0", "v1", "v0"]
