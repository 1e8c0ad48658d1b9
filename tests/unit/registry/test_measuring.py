"""What interactions and units are worth."""

from datetime import timedelta

import pytest
from chancery_contracts.bodies import ExperimentBody
from chancery_contracts.bodies.experiments import Metric
from chancery_registry.domain.measuring import settled, unit_values, value
from chancery_registry.domain.outcomes import Outcome, begun, costed, latency_ms, refused, reviewed, validated
from chancery_testing import builders
from chancery_testing.builders import T0

WHOSE = {"tenant": "acme", "interaction": "i", "unit": "u", "begun_at": T0}
ANSWERED = Outcome(
    **WHOSE,
    ended_at=T0,
    verdict="release",
    unanswerable=False,
    latency_ms=200,
    cost_micros=70,
    checks={"grounded": 0.9},
    cache_state="miss",
)
REFUSED = Outcome(**WHOSE, ended_at=T0, refused_code="model_failed", latency_ms=40_000)
LOST = Outcome(**WHOSE)


def _metric(measure: str, **more: object) -> Metric:
    return Metric.model_validate({"measure": measure, **more})


@pytest.mark.parametrize(
    ("metric", "answered", "of_refused", "lost"),
    [
        (_metric("released"), 1.0, 0.0, 0.0),
        (_metric("answered"), 1.0, 0.0, 0.0),
        (_metric("check", check="grounded"), 0.9, None, None),
        (_metric("check", check="other"), None, None, None),
        (_metric("human_score"), None, None, None),
        (_metric("cost_micros", cap=50), 50.0, 0.0, None),
        (_metric("latency_ms", cap=30_000), 200.0, 30_000.0, 30_000.0),
    ],
    ids=lambda one: one.name if isinstance(one, Metric) else str(one),
)
def test_each_measure_of_what_was_answered_refused_and_never_ended(metric, answered, of_refused, lost):
    assert [value(metric, one) for one in (ANSWERED, REFUSED, LOST)] == [answered, of_refused, lost]


def test_a_unit_is_worth_the_mean_over_its_interactions_that_say_something():
    body = ExperimentBody.model_validate({
        "use_case": "u", "salt": "s", "variants": [{"name": "a", "weight": 1}, {"name": "b", "weight": 1}],
        "guard_rails": [{"metric": {"measure": "check", "check": "grounded"}, "max_worsening": 0}],
    })  # fmt: skip
    assert unit_values(body, [ANSWERED, REFUSED]) == {"released": 0.5, "check.grounded": 0.9}


class TestWhatIsWaitedFor:
    BODY = ExperimentBody.model_validate({
        "use_case": "u", "salt": "s", "variants": [{"name": "a", "weight": 1}, {"name": "b", "weight": 1}],
        "primary": {"measure": "cost_micros", "cap": 100, "better": "lower"},
    })  # fmt: skip

    def test_the_cost_of_an_answer_that_a_model_gave(self):
        uncosted = Outcome(**WHOSE, ended_at=T0, verdict="release", cache_state="miss")
        assert [settled(self.BODY, one) for one in (ANSWERED, REFUSED, LOST, uncosted)] == [True, True, False, False]

    def test_no_cost_where_the_answer_came_from_the_cache(self):
        assert settled(self.BODY, Outcome(**WHOSE, ended_at=T0, verdict="release", cache_state="hit"))


class TestReadingEvents:
    def test_nothing_that_anybody_wrote_is_taken(self):
        row = repr(validated(builders.validated(conversation="c")))
        assert "replacement" not in row and "£" not in row

    def test_the_model_that_answered_counts_and_not_the_one_that_was_to(self):
        other = builders.VersionRef(name="fallback", version=3)
        assert validated(builders.validated(answered_by=other)).model == other

    def test_the_unit_is_the_conversation_else_the_interaction(self):
        assert begun(builders.authorised(conversation="c", id="i")).unit == "c"
        assert begun(builders.authorised(id="i")).unit == "i"

    def test_only_what_was_spent_is_a_cost(self):
        assert costed(builders.settled(5, kind="reserve")) is None and costed(builders.settled(5, kind="release")) is None
        row = costed(builders.settled(5))
        assert row is not None and (row.cost_micros, row.currency, row.use_case) == (5, "USD", "bank-faq")

    def test_a_refusal_says_how_long_models_were_tried(self):
        attempts = tuple(
            builders.Attempt(ordinal=n, model=builders.MODEL, outcome="timeout", latency_ms=100, superseded=n == 2) for n in (1, 2, 3)
        )
        row = refused(builders.refused(attempts=attempts, time=T0 + timedelta(seconds=1)))
        assert (row.latency_ms, row.attempts, row.refused_code) == (200, 3, "budget_exceeded")
        assert latency_ms(()) is None

    @pytest.mark.parametrize(("decision", "score"), [("release", 1.0), ("withhold", 0.0)])
    def test_a_persons_word_is_a_score(self, decision, score):
        assert reviewed(builders.reviewed(decision=decision)).human_score == score
