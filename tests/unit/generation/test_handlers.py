"""What generation does with an authorised interaction: one answer, however often it is asked."""

import pytest
from chancery_contracts import Retry
from chancery_contracts.areas import UsageReported
from chancery_contracts.base import VersionRef
from chancery_contracts.interactions import TokenUsage
from chancery_generation.domain.completion import CallResult
from chancery_generation.errors import MissingApiKey
from chancery_testing.builders import FEE, MODEL, authorised
from unit.generation.desk import ANSWERED, USAGE, Scene


class TestAnswers:
    async def test_answer_citations_usage_and_attempts(self) -> None:
        data = await Scene().answered()
        assert (data.answer, data.unanswerable, data.usage, data.raw_usage) == (FEE, False, USAGE, '{"prompt_tokens":10}')
        assert [(c.passage_id, c.start, c.end) for c in data.citations] == [("faq-cards@1#0", 0, len(FEE))]
        assert [(a.ordinal, a.outcome, a.latency_ms) for a in data.attempts] == [(1, "answered", 100)]

    async def test_the_extractive_model_calls_nobody(self) -> None:
        scene = Scene(provider="extractive")
        data = await scene.answered()
        assert data.answer == FEE and not scene.models.requests and not scene.calls.calls
        assert data.usage.input_uncached > 0 and data.usage.output == 10

    async def test_ids_are_derived_from_the_cause(self) -> None:
        scene = Scene()
        first, second = await scene.run(), await scene.run()
        assert [event.id for event in first] == [event.id for event in second]
        assert len({event.id for event in first}) == 2


class TestOnce:
    async def test_a_stored_answer_is_never_asked_for_again(self) -> None:
        scene = Scene()
        first, second = await scene.answered(), await scene.answered()
        assert len(scene.models.requests) == 1 and first == second

    async def test_an_attempt_cut_off_by_a_crash_is_told_as_unknown(self) -> None:
        scene = Scene()
        scene.calls.crash(MODEL)
        assert [a.outcome for a in (await scene.answered()).attempts] == ["unknown", "answered"]

    async def test_every_attempt_carries_the_same_key(self) -> None:
        scene = Scene(CallResult("server_error", status=500), ANSWERED)
        await scene.answered()
        assert {request.key for request in scene.models.requests} == {scene.event.id} and len(scene.models.requests) == 2

    async def test_a_database_that_blinks_after_the_call_costs_no_second_call(self) -> None:
        scene = Scene()
        scene.calls.failures = 3
        await scene.answered()
        assert len(scene.models.requests) == 1

    async def test_a_crash_loop_ends_in_a_refusal(self) -> None:
        scene = Scene()
        scene.calls.crash(*[MODEL] * 6)
        assert (await scene.refused()).code == "model_unavailable"
        assert not scene.models.requests


class TestRetries:
    async def test_waits_grow_and_honour_the_provider(self) -> None:
        scene = Scene(CallResult("server_error", status=500), CallResult("rate_limited", status=429, retry_after_s=2.0), ANSWERED)
        data = await scene.answered()
        assert scene.pacing.slept == [0.125, 2.0]
        assert [a.outcome for a in data.attempts] == ["server_error", "rate_limited", "answered"]

    async def test_attempts_are_bounded(self) -> None:
        scene = Scene(CallResult("server_error", status=500))
        assert (await scene.refused()).code == "model_unavailable"
        assert len(scene.models.requests) == 3

    async def test_a_rejection_is_not_tried_again(self) -> None:
        scene = Scene(CallResult("rejected", status=400))
        assert (await scene.refused()).code == "model_failed"
        assert len(scene.models.requests) == 1

    async def test_a_hanging_provider_costs_its_deadline_only(self) -> None:
        scene = Scene(takes_s=3600.0)
        assert (await scene.refused()).code == "model_unavailable"
        assert scene.pacing.now_s == pytest.approx(10.0)

    async def test_a_wish_beyond_the_deadline_ends_it_at_once(self) -> None:
        scene = Scene(CallResult("rate_limited", status=429, retry_after_s=3600.0))
        await scene.refused()
        assert len(scene.models.requests) == 1 and scene.pacing.slept == []

    async def test_tokens_of_failed_calls_are_reported(self) -> None:
        scene = Scene(CallResult("malformed", status=200, usage=USAGE, raw_usage="{}"))
        events = await scene.run()
        reported = events[1].data
        assert isinstance(reported, UsageReported) and reported.usage == TokenUsage(input_uncached=30, output=15)


class TestConfiguration:
    async def test_an_undefined_placeholder_refuses(self) -> None:
        refused = await Scene(user="{secret}").refused()
        assert refused.code == "model_failed" and "placeholder" in refused.reason

    async def test_a_missing_key_refuses_and_names_no_payload(self) -> None:
        refused = await Scene(MissingApiKey("the variable X_API_KEY is not set")).refused()
        assert refused.code == "model_failed" and FEE not in refused.reason

    async def test_a_version_that_has_not_arrived_is_waited_for(self) -> None:
        scene = Scene()
        scene.event = authorised(model=VersionRef(name="unheard-of", version=9))
        with pytest.raises(Retry):
            await scene.run()
