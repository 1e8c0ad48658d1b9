"""Several models under one deadline: fallbacks, circuits, a second call where the first is silent; nothing is silent about it."""

from typing import Any

import pytest
from chancery_contracts.areas import UsageReported
from chancery_contracts.bodies import ModelBody
from chancery_contracts.interactions import AttestationEvidence, InteractionGenerated, TokenUsage
from chancery_generation.domain.completion import CallResult
from chancery_generation.errors import MissingBaseUrl, NotAttested
from chancery_testing.builders import FEE, MODEL, T0, authorised
from unit.generation.desk import ANSWERED, BROKEN, REJECTED, USAGE, Scene, ref

HEDGED = {"routing": {"hedge_after_s": 1.0}}
NITRO = {"url": "https://enclave.test/attest", "pcrs": {"0": ["ab"]}}
EVIDENCE = AttestationEvidence(kind="aws-nitro", document_sha256="0" * 64, module_id="i-1", attested_at=T0, channel_key_sha256="1" * 64)


def told(data: Any) -> list[tuple[str, str, str | None]]:
    """Model, outcome and reason of every attempt."""
    return [(attempt.model.name, attempt.outcome, attempt.why) for attempt in data.attempts]


def passed_over(data: Any) -> dict[str, str | None]:
    assert data.route is not None
    return {one.model.name: one.passed_over for one in data.route.candidates}


class TestFallbacks:
    async def test_the_next_model_answers_when_all_attempts_of_the_first_failed(self) -> None:
        scene = Scene(BROKEN).fallback("spare", region="eu-west-2")
        data = await scene.answered()
        assert told(data) == [
            (MODEL.name, "server_error", "first"), (MODEL.name, "server_error", "again"), (MODEL.name, "server_error", "again"),
            ("spare", "answered", "fallback"),
        ]  # fmt: skip
        assert (data.model, data.answered_by) == (MODEL, ref("spare"))
        assert (data.provider, data.provider_model) == ("of-spare", "spare")
        last = data.attempts[-1]
        assert (last.provider, last.provider_model, last.region) == ("of-spare", "spare", "eu-west-2")
        assert ("answered", "fallback") in scene.meter.told

    async def test_a_rejection_goes_on_to_the_next_at_once(self) -> None:
        data = await Scene(REJECTED).fallback("spare").answered()
        assert told(data) == [(MODEL.name, "rejected", "first"), ("spare", "answered", "fallback")]

    async def test_what_a_providers_filter_refused_is_not_carried_to_another(self) -> None:
        scene = Scene(CallResult("rejected", status=200)).fallback("spare")
        assert (await scene.refused()).code == "model_failed"
        assert [name for name, _ in scene.models.asked] == [MODEL.name]

    async def test_a_model_that_hangs_leaves_time_for_the_next(self) -> None:
        scene = Scene(takes_s=3600).fallback("spare")
        assert told(await scene.answered()) == [(MODEL.name, "timeout", "first"), ("spare", "answered", "fallback")]
        assert scene.pacing.now_s == pytest.approx(5.1)

    async def test_hanging_models_cost_the_deadline_and_no_more(self) -> None:
        scene = Scene(takes_s=3600, use_case={"routing": {"deadline_s": 7.0}})
        scene.fallback("spare", takes_s=3600).fallback("last", takes_s=3600)
        refused = await scene.refused()
        assert scene.pacing.now_s == pytest.approx(7.0)
        assert [attempt.model.name for attempt in refused.attempts] == [MODEL.name, "spare", "last"]

    async def test_a_model_never_takes_longer_than_its_own_time_out(self) -> None:
        scene = Scene(takes_s=3600, max_attempts=1, timeout_s=2, use_case={"routing": {"deadline_s": 60.0}})
        assert (await scene.refused()).attempts[0].latency_ms == 2000

    async def test_a_local_model_can_be_the_last_resort(self) -> None:
        scene = Scene(BROKEN).fallback("local", provider="extractive")
        first, again = await scene.answered(), await scene.answered()
        assert first.answer == FEE and first.answered_by == ref("local") and first == again
        assert len(scene.calls.calls) == 4

    async def test_a_refusal_tells_every_attempt_and_every_candidate(self) -> None:
        refused = await Scene(BROKEN).fallback("spare", REJECTED).fallback("blind", clearance="public").refused()
        assert told(refused)[-1] == ("spare", "rejected", "fallback") and len(refused.attempts) == 4
        assert passed_over(refused)["blind"] == "it is cleared for public text, and this is internal"

    async def test_tokens_are_reported_by_the_model_that_used_them(self) -> None:
        scene = Scene(CallResult("malformed", status=200, usage=USAGE), max_attempts=1).fallback("spare")
        events = await scene.run()
        reported = events[1].data
        assert isinstance(reported, UsageReported) and reported.model == ref("spare")
        assert [(call.ordinal, call.model, call.usage) for call in reported.calls] == [(1, MODEL, USAGE), (2, ref("spare"), USAGE)]
        assert reported.usage == TokenUsage(input_uncached=20, output=10)


class TestWhoMayAnswer:
    async def test_nobody_is_asked_where_no_model_is_cleared(self) -> None:
        scene = Scene()
        scene.event = authorised(sensitivity="restricted")
        refused = await scene.refused()
        assert refused.code == "model_failed" and refused.requester_message.startswith("No model is cleared for restricted text")
        assert not scene.models.requests and not scene.calls.calls
        assert ("passed_over", "clearance") in scene.meter.told

    async def test_the_use_cases_own_sensitivity_cannot_be_lowered(self) -> None:
        scene = Scene(use_case={"sensitivity": "confidential"})
        scene.event = authorised(sensitivity="public")
        assert "confidential" in (await scene.refused()).requester_message

    async def test_a_model_for_which_no_money_is_set_aside_is_passed_over(self) -> None:
        scene = Scene(BROKEN).fallback("spare")
        scene.quotes = {}
        assert passed_over(await scene.refused())["spare"] == "no money is set aside for it"

    async def test_the_cheapest_first(self) -> None:
        scene = Scene(use_case={"routing": {"prefer": "price"}}).fallback("cheap", quote=0)
        assert (await scene.answered()).answered_by == ref("cheap")

    async def test_an_entry_that_lacks_something_is_passed_over_and_says_so(self) -> None:
        data = await Scene(MissingBaseUrl("the model has no base_url")).fallback("spare").answered()
        assert told(data) == [(MODEL.name, "rejected", "first"), ("spare", "answered", "fallback")]
        assert passed_over(data)[MODEL.name] == "the model has no base_url"

    async def test_a_stored_answer_is_given_even_where_its_model_may_not_be_asked_any_more(self) -> None:
        scene = Scene()
        first = await scene.answered()
        scene.event = authorised(id=scene.event.id, **dict(scene.event.data) | {"sensitivity": "restricted"})
        assert (await scene.answered()).answer == first.answer and len(scene.models.requests) == 1


class StubAttestor:
    def __init__(self, failing: bool = False) -> None:
        self.failing = failing

    async def attest(self, model: ModelBody, time_left_s: float) -> AttestationEvidence:
        if self.failing:
            raise NotAttested("PCR 0 is not allowed")
        return EVIDENCE


def restricted(*, failing: bool = False) -> Scene:
    scene = Scene(clearance="restricted", attestation=NITRO)
    scene.event = authorised(sensitivity="restricted")
    object.__setattr__(scene.ports, "attestor", StubAttestor(failing))
    return scene


class TestAttestation:
    async def test_the_key_that_was_proved_goes_into_the_request_and_the_evidence_on_record(self) -> None:
        scene = restricted()
        data = await scene.answered()
        assert data.route is not None and data.route.attestation == EVIDENCE
        assert scene.models.requests[0].channel_key_sha256 == "1" * 64

    async def test_nothing_goes_out_where_the_proof_fails(self) -> None:
        scene = restricted(failing=True)
        refused = await scene.refused()
        assert not scene.models.requests and "PCR 0" in (passed_over(refused)[MODEL.name] or "")


class TestCircuits:
    async def test_a_circuit_that_opens_ends_the_attempts_of_its_model(self) -> None:
        scene = Scene(BROKEN, max_attempts=9).fallback("spare")
        data = await scene.answered()
        assert [attempt.outcome for attempt in data.attempts] == ["server_error"] * 4 + ["answered"]
        assert passed_over(data)[MODEL.name] == "its circuit is open"

    async def test_the_next_event_does_not_ask_it_at_all(self) -> None:
        scene = Scene(BROKEN, max_attempts=9).fallback("spare")
        await scene.answered()
        other = Scene().fallback("spare")
        object.__setattr__(other.ports, "standings", scene.ports.standings)
        other.pacing.now_s = scene.pacing.now_s
        data = await other.answered()
        assert told(data) == [("spare", "answered", "first")]
        assert passed_over(data) == {"spare": None, MODEL.name: "its circuit is open"}
        assert ("passed_over", "circuit") in other.meter.told

    async def test_where_there_is_no_other_the_circuit_is_waited_for(self) -> None:
        broken = Scene(BROKEN, max_attempts=9)
        await broken.refused()
        scene = Scene()
        object.__setattr__(scene.ports, "standings", broken.ports.standings)
        data = await scene.answered()
        assert told(data) == [(MODEL.name, "answered", "first")] and passed_over(data) == {MODEL.name: None}
        assert scene.pacing.now_s >= 5.0


class TestHedging:
    async def test_a_silent_model_gets_a_rival_whose_answer_wins(self) -> None:
        scene = Scene(takes_s=8, use_case=HEDGED).fallback("spare")
        data = await scene.answered()
        assert data.answered_by == ref("spare")
        assert [(a.model.name, a.outcome, a.why, a.superseded) for a in data.attempts] == [
            (MODEL.name, "unknown", "first", True), ("spare", "answered", "hedge", False),
        ]  # fmt: skip
        assert scene.models.cancelled == [MODEL.name] and scene.pacing.now_s == pytest.approx(1.1)
        assert scene.models.asked == [(MODEL.name, 0.0), ("spare", 1.0)]

    async def test_a_quick_model_gets_none(self) -> None:
        scene = Scene(takes_s=0.9, use_case=HEDGED).fallback("spare")
        assert told(await scene.answered()) == [(MODEL.name, "answered", "first")]

    async def test_the_first_may_still_win(self) -> None:
        scene = Scene(takes_s=1.5, use_case=HEDGED).fallback("spare", takes_s=3)
        data = await scene.answered()
        assert [(a.outcome, a.superseded) for a in data.attempts] == [("answered", False), ("unknown", True)]
        assert data.answered_by == MODEL and scene.models.cancelled == ["spare"]

    async def test_a_rival_that_fails_leaves_the_first_alone(self) -> None:
        scene = Scene(takes_s=2, use_case=HEDGED).fallback("spare", BROKEN)
        data = await scene.answered()
        assert [(a.outcome, a.superseded) for a in data.attempts] == [("answered", False), ("server_error", False)]

    async def test_where_both_fail_the_attempts_go_on(self) -> None:
        scene = Scene(BROKEN, ANSWERED, takes_s=2, use_case=HEDGED).fallback("spare", BROKEN)
        assert told(await scene.answered()) == [
            (MODEL.name, "server_error", "first"), ("spare", "server_error", "hedge"), (MODEL.name, "answered", "again"),
        ]  # fmt: skip

    async def test_two_answers_at_one_moment_are_one_answer_and_both_are_paid_for(self) -> None:
        scene = Scene(takes_s=2, use_case=HEDGED).fallback("spare", takes_s=1)
        events = await scene.run()
        data, reported = events[0].data, events[1].data
        assert isinstance(data, InteractionGenerated) and isinstance(reported, UsageReported)
        assert sorted(a.superseded for a in data.attempts) in ([False, True], [False, False])
        assert sum(a.outcome == "answered" and not a.superseded for a in data.attempts) == 1

    async def test_one_rival_in_a_run_and_no_more(self) -> None:
        scene = Scene(BROKEN, takes_s=2, use_case=HEDGED).fallback("spare", BROKEN, takes_s=2)
        refused = await scene.refused()
        assert [a.why for a in refused.attempts].count("hedge") == 1
        assert [name for name, _ in scene.models.asked].count("spare") == 2

    async def test_a_redelivery_after_a_race_gives_the_same_answer(self) -> None:
        scene = Scene(takes_s=8, use_case=HEDGED).fallback("spare")
        assert await scene.answered() == await scene.answered()


class TestCrashes:
    async def test_calls_of_each_model_are_counted_by_themselves(self) -> None:
        scene = Scene().fallback("spare")
        scene.calls.crash(*[MODEL] * 6)
        data = await scene.answered()
        assert data.answered_by == ref("spare") and len(data.attempts) == 7
