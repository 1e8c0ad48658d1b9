"""What generation does with an authorised interaction: one answer, however often it is asked."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest
from chancery_contracts import AnyEvent, Retry
from chancery_contracts.areas import UsageReported
from chancery_contracts.base import VersionRef
from chancery_contracts.catalogue import Catalogue
from chancery_contracts.interactions import InteractionGenerated, InteractionRefused, TokenUsage
from chancery_generation.domain.calls import CallHistory, ModelRequest, RecordedCall
from chancery_generation.domain.completion import CallResult, Completion
from chancery_generation.domain.retrying import Backoff
from chancery_generation.errors import MissingApiKey
from chancery_generation.handlers import generate
from chancery_generation.ports import Ports
from chancery_testing.builders import FEE, MODEL, authorised, registry_entry
from chancery_testing.clock import FixedClock

USAGE = TokenUsage(input_uncached=10, output=5)
ANSWERED = CallResult("answered", Completion(f"{FEE} [1]", USAGE, '{"prompt_tokens":10}'), 200, None, USAGE, '{"prompt_tokens":10}')


class MemoryCalls:
    """The journal of calls, in memory, with the rules of the real one."""

    def __init__(self) -> None:
        self.calls: dict[int, RecordedCall] = {}
        self.completion: Completion | None = None
        self.failures = 0

    async def history(self, cause_id: str) -> CallHistory:
        return CallHistory(tuple(self.calls[ordinal] for ordinal in sorted(self.calls)), self.completion)

    async def intend(self, cause_id: str, model: VersionRef, now: datetime) -> int:
        ordinal = len(self.calls) + 1
        self.calls[ordinal] = RecordedCall(ordinal, model)
        return ordinal

    async def finish(self, cause_id: str, call: RecordedCall, result: CallResult, now: datetime) -> None:
        if self.failures:
            self.failures -= 1
            raise Retry("down")
        self.calls[call.ordinal] = call
        self.completion = self.completion or result.completion


class FakePacing:
    """Time that passes only by sleeping and by calls."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.slept: list[float] = []

    def monotonic_s(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_s += seconds

    def draw(self) -> float:
        return 0.5


class ScriptedModel:
    """Answers by script; each call takes as long as it says, at most what is left."""

    def __init__(self, pacing: FakePacing, *script: CallResult | Exception, takes_s: float = 0.1) -> None:
        self.pacing = pacing
        self.script = list(script)
        self.takes_s = takes_s
        self.requests: list[ModelRequest] = []

    async def call(self, request: ModelRequest, time_left_s: float) -> CallResult:
        self.requests.append(request)
        self.pacing.now_s += min(self.takes_s, time_left_s)
        if self.takes_s >= time_left_s:
            return CallResult("timeout")
        result = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(result, Exception):
            raise result
        return result


class SilentMeter:
    def called(self, provider: str, outcome: str, seconds: float) -> None:
        """Counts nothing."""


class Scene:
    """Handlers with fakes; `script` is what the provider does."""

    def __init__(self, *script: CallResult | Exception, takes_s: float = 0.1, user: str = "{passages}\n{question}", **model: Any) -> None:
        self.pacing = FakePacing()
        self.model = ScriptedModel(self.pacing, *(script or (ANSWERED,)), takes_s=takes_s)
        self.calls = MemoryCalls()
        self.event = authorised()
        catalogue = Catalogue()
        body = {"provider": "openai", "provider_model": "m", "base_url": "http://x", "timeout_s": 10, "max_attempts": 3} | model
        pins = {"prompt": {"name": "answer", "version": 1}, "model": MODEL.model_dump(), "redaction_policy": {"name": "r", "version": 1}}
        catalogue.apply(registry_entry("model", MODEL.name, body))
        catalogue.apply(registry_entry("prompt", "answer", {"system": "Cite.", "user": user}))
        catalogue.apply(registry_entry("use_case", "bank-faq", {"collections": ["bank-faq"], "budget": "b", **pins}))
        self.ports = Ports(catalogue, self.calls, self.model, self.pacing, FixedClock(), SilentMeter(), Backoff(0.25, 8.0))

    async def run(self) -> Sequence[AnyEvent]:
        return await generate(self.event, self.ports)

    async def answered(self) -> InteractionGenerated:
        events = await self.run()
        assert [type(event.data) for event in events] == [InteractionGenerated, UsageReported]
        data = events[0].data
        assert isinstance(data, InteractionGenerated)
        return data

    async def refused(self) -> InteractionRefused:
        data = (await self.run())[0].data
        assert isinstance(data, InteractionRefused)
        return data


class TestAnswers:
    async def test_answer_citations_usage_and_attempts(self) -> None:
        data = await Scene().answered()
        assert (data.answer, data.unanswerable, data.usage, data.raw_usage) == (FEE, False, USAGE, '{"prompt_tokens":10}')
        assert [(c.passage_id, c.start, c.end) for c in data.citations] == [("faq-cards@1#0", 0, len(FEE))]
        assert [(a.ordinal, a.outcome, a.latency_ms) for a in data.attempts] == [(1, "answered", 100)]

    async def test_the_extractive_model_calls_nobody(self) -> None:
        scene = Scene(provider="extractive")
        data = await scene.answered()
        assert data.answer == FEE and not scene.model.requests and not scene.calls.calls
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
        assert len(scene.model.requests) == 1 and first == second

    async def test_an_attempt_cut_off_by_a_crash_is_told_as_unknown(self) -> None:
        scene = Scene()
        await scene.calls.intend(scene.event.id, MODEL, FixedClock()())
        assert [a.outcome for a in (await scene.answered()).attempts] == ["unknown", "answered"]

    async def test_every_attempt_carries_the_same_key(self) -> None:
        scene = Scene(CallResult("server_error", status=500), ANSWERED)
        await scene.answered()
        assert {request.key for request in scene.model.requests} == {scene.event.id} and len(scene.model.requests) == 2

    async def test_a_database_that_blinks_after_the_call_costs_no_second_call(self) -> None:
        scene = Scene()
        scene.calls.failures = 3
        await scene.answered()
        assert len(scene.model.requests) == 1

    async def test_a_crash_loop_ends_in_a_refusal(self) -> None:
        scene = Scene()
        for _ in range(6):
            await scene.calls.intend(scene.event.id, MODEL, FixedClock()())
        assert (await scene.refused()).code == "model_unavailable"
        assert not scene.model.requests


class TestRetries:
    async def test_waits_grow_and_honour_the_provider(self) -> None:
        scene = Scene(CallResult("server_error", status=500), CallResult("rate_limited", status=429, retry_after_s=2.0), ANSWERED)
        data = await scene.answered()
        assert scene.pacing.slept == [0.125, 2.0]
        assert [a.outcome for a in data.attempts] == ["server_error", "rate_limited", "answered"]

    async def test_attempts_are_bounded(self) -> None:
        scene = Scene(CallResult("server_error", status=500))
        assert (await scene.refused()).code == "model_unavailable"
        assert len(scene.model.requests) == 3

    async def test_a_rejection_is_not_tried_again(self) -> None:
        scene = Scene(CallResult("rejected", status=400))
        assert (await scene.refused()).code == "model_failed"
        assert len(scene.model.requests) == 1

    async def test_a_hanging_provider_costs_its_deadline_only(self) -> None:
        scene = Scene(takes_s=3600.0)
        assert (await scene.refused()).code == "model_unavailable"
        assert scene.pacing.now_s == pytest.approx(10.0)

    async def test_a_wish_beyond_the_deadline_ends_it_at_once(self) -> None:
        scene = Scene(CallResult("rate_limited", status=429, retry_after_s=3600.0))
        await scene.refused()
        assert len(scene.model.requests) == 1 and scene.pacing.slept == []

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
