"""What callers of the gateway can lean on."""

import asyncio
import json
from uuid import uuid4

import pytest
from chancery_bus import TopicReader
from chancery_contracts.interactions import InteractionCompleted
from chancery_contracts.topics import REQUESTED
from chancery_testing import builders
from chancery_testing.waiting import eventually

ASK = {"use_case": "u", "messages": [{"role": "user", "content": "What does a card cost?"}]}


async def _is_completed(gate, interaction):
    return (await gate.get(interaction)).json()["status"] == "completed"


def _new() -> str:
    return f"i-{uuid4().hex[:12]}"


class TestAccepting:
    async def test_an_accepted_request_is_in_kafka(self, gate):
        response = await gate.post(ASK | {"conversation": "c1"}, traceparent="00-" + "a" * 32 + "-" + "b" * 16 + "-01")
        assert response.status_code == 202
        accepted = response.json()
        [event] = await gate.requests(accepted["interaction"])
        assert (event.id, event.tenant, event.conversation) == (accepted["event_id"], gate.tenant, "c1")
        assert event.data.messages[0].content == "What does a card cost?"
        assert event.traceparent is not None

    async def test_a_retry_makes_the_same_event_and_another_body_is_a_conflict(self, gate):
        interaction = _new()
        responses = [await gate.post(ASK, **{"Idempotency-Key": interaction}) for _ in range(2)]
        assert [one.status_code for one in responses] == [202, 202]
        assert responses[0].json() == responses[1].json()
        assert len({event.id for event in await gate.requests(interaction)}) == 1
        conflict = await gate.post(ASK | {"messages": [{"role": "user", "content": "another"}]}, **{"Idempotency-Key": interaction})
        assert conflict.status_code == 409
        assert conflict.headers["content-type"] == "application/problem+json"

    @pytest.mark.parametrize(
        ("body", "header", "stated"),
        [
            ({}, None, None), ({"sensitivity": "public"}, None, "public"), ({}, "restricted", "restricted"),
            ({"sensitivity": "internal"}, "confidential", "confidential"), ({"sensitivity": "restricted"}, "public", "restricted"),
        ],
    )  # fmt: skip
    async def test_sensitivity_may_be_stated_in_either_place_and_the_stricter_counts(self, gate, body, header, stated):
        response = await gate.post(ASK | body, **({} if header is None else {"Chancery-Sensitivity": header}))
        [event] = await gate.requests(response.json()["interaction"])
        assert event.data.sensitivity == stated

    async def test_a_sensitivity_that_does_not_exist_is_refused(self, gate):
        assert (await gate.post(ASK, **{"Chancery-Sensitivity": "top-secret"})).status_code == 422

    async def test_many_at_once_with_one_id_have_one_winner(self, gate):
        interaction = _new()
        bodies = [ASK | {"interaction": interaction, "messages": [{"role": "user", "content": f"text {n}"}]} for n in range(8)]
        statuses = [response.status_code for response in await asyncio.gather(*(gate.post(body) for body in bodies))]
        assert sorted(statuses) == [202] + [409] * 7
        assert len(await gate.requests(interaction)) == 1

    @pytest.mark.parametrize(
        "headers",
        [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer "}, {"Authorization": "Basic eA=="}],
    )
    async def test_nobody_comes_in_without_a_key(self, gate, headers):
        response = await gate.http.post("/v1/interactions", json=ASK, headers=headers)
        assert (response.status_code, response.headers["www-authenticate"]) == (401, "Bearer")

    @pytest.mark.parametrize(
        "change",
        [
            {"use_case": "no-such"}, {"use_case": "\x00"}, {"messages": []}, {"messages": [{"role": "god", "content": "x"}]},
            {"matter": "a b"}, {"actor": "anna@mail.example"}, {"unknown": 1}, {"max_output_tokens": 0}, {"messages": None},
        ],
    )  # fmt: skip
    async def test_what_does_not_fit_is_told_without_quoting_it(self, gate, change):
        response = await gate.post(ASK | change)
        assert response.status_code == 422
        assert response.headers["content-type"] == "application/problem+json"
        assert "anna@mail.example" not in response.text

    @pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"null", b"[" * 5000])
    async def test_what_is_not_json_is_a_problem_document(self, gate, content):
        headers = gate.key() | {"content-type": "application/json"}
        response = await gate.http.post("/v1/interactions", content=content, headers=headers)
        assert response.status_code in {400, 422}
        assert response.json()["status"] == response.status_code

    async def test_a_body_over_one_mebibyte_is_refused_whatever_it_declares(self, gate):
        big = json.dumps(ASK | {"messages": [{"role": "user", "content": "x" * 1_100_000}]}).encode()

        async def chunked():
            for start in range(0, len(big), 65_536):
                yield big[start : start + 65_536]

        headers = gate.key() | {"content-type": "application/json"}
        declared = await gate.http.post("/v1/interactions", content=big, headers=headers)
        undeclared = await gate.http.post("/v1/interactions", content=chunked(), headers=headers)
        assert [declared.status_code, undeclared.status_code] == [413, 413]


class TestLooking:
    async def test_state_moves_from_accepted_to_the_result(self, gate):
        interaction = (await gate.post(ASK)).json()["interaction"]
        first = (await gate.get(interaction)).json()
        assert first["status"] == "accepted"
        assert first["result"] is None
        await gate.complete(interaction)

        stages = ["requested", "redacted", "grounded", "authorised", "generated", "validated", "completed"]

        async def ended():  # the topics are read side by side: the end may be stored before what led to it
            view = (await gate.get(interaction)).json()
            return view if view["status"] == "completed" and len(view["stages"]) == len(stages) else None

        view = await eventually(ended, within_s=30)
        assert [step["stage"] for step in view["stages"]] == stages
        assert view["result"]["answer"] == "Free of charge."

    async def test_another_tenants_interaction_is_as_unknown_as_one_that_never_was(self, gate):
        interaction = (await gate.post(ASK)).json()["interaction"]
        theirs, none = await gate.get(interaction, gate.other), await gate.get(_new())
        assert (theirs.status_code, none.status_code) == (404, 404)
        assert theirs.json() == none.json()
        assert (await gate.get(f"{interaction}/events", gate.other)).status_code == 404

    async def test_a_stream_tells_each_stage_once_in_order_and_then_the_result(self, gate):
        interaction = (await gate.post(ASK)).json()["interaction"]
        following = asyncio.create_task(gate.get(f"{interaction}/events"))
        await gate.complete(interaction)
        response = await asyncio.wait_for(following, 20)
        assert response.headers["content-type"].startswith("text/event-stream")
        lines = response.text.replace("\r", "").split("\n")
        names = [line.removeprefix("event: ") for line in lines if line.startswith("event: ")]
        bodies = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]
        assert names == ["stage"] * 6 + ["completed"]
        assert [one["stage"] for one in bodies[:-1]] == ["requested", "redacted", "grounded", "authorised", "generated", "validated"]
        assert bodies[-1]["answer"] == "Free of charge."

    async def test_a_step_that_overtook_another_is_told_after_it(self, gate):
        interaction = (await gate.post(ASK)).json()["interaction"]
        following = asyncio.create_task(gate.get(f"{interaction}/events"))
        end = {"outcome": "refused", "use_case": "u", "message": "No.", "code": "no_route", "stage": "redaction"}
        await gate.play(interaction, ("restore", InteractionCompleted.model_validate(end)))
        await eventually(lambda: _is_completed(gate, interaction), within_s=30)
        assert not following.done()
        await gate.play(interaction, ("redaction", builders.refused(stage="redaction").data))
        lines = (await asyncio.wait_for(following, 30)).text.splitlines()
        assert [line[7:] for line in lines if line.startswith("event: ")] == ["stage", "stage", "completed"]
        assert [json.loads(line[6:]).get("stage") for line in lines if line.startswith("data: ")][:2] == ["requested", "refused"]


class TestChatCompletions:
    async def test_the_answer_comes_in_the_shape_that_clients_know(self, gate):
        response = await self._ask(gate)
        body = response.json()
        assert (response.status_code, body["object"], body["model"]) == (200, "chat.completion", "chancery/u")
        assert body["choices"][0]["message"] == {"role": "assistant", "content": "Free of charge."}
        assert body["choices"][0]["finish_reason"] == "stop"
        assert body["chancery"]["outcome"] == "released"

    async def test_a_withheld_answer_is_a_content_filter(self, gate):
        response = await self._ask(gate, outcome="withheld", answer=None, message="Withheld.", code="validation_failed")
        assert response.json()["choices"][0]["finish_reason"] == "content_filter"

    async def test_tools_are_called_as_openai_has_it(self, gate):
        calls = ({"call_id": "c1", "name": "pay", "arguments": '{"to": "Ann Lee"}'},)
        end = {"answer": "", "tool_calls": calls, "stop_reason": "tool_calls"}
        choice = (await self._ask(gate, **end)).json()["choices"][0]
        wanted = {"id": "c1", "type": "function", "function": {"name": "pay", "arguments": '{"to": "Ann Lee"}'}}
        assert choice["message"] == {"role": "assistant", "content": None, "tool_calls": [wanted]}
        assert choice["finish_reason"] == "tool_calls"
        streamed = (await self._ask(gate, stream=True, **end)).text
        chunks = [json.loads(line[5:]) for line in streamed.splitlines() if line.startswith("data: {")]
        assert chunks[0]["choices"][0]["delta"]["tool_calls"] == [{"index": 0, **wanted}]
        assert chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"

    async def test_an_answer_that_was_cut_off_says_so(self, gate):
        assert (await self._ask(gate, stop_reason="length")).json()["choices"][0]["finish_reason"] == "length"

    @pytest.mark.parametrize(("code", "status"), [("budget_exceeded", 429), ("injection_suspected", 422)])
    async def test_a_refusal_is_an_error_with_its_code(self, gate, code, status):
        response = await self._ask(gate, outcome="refused", answer=None, message="No.", code=code, stage="cost")
        assert (response.status_code, response.json()["error"]["code"]) == (status, code)

    async def _ask(self, gate, *, stream=False, **end):
        conversation = _new()
        body = {"model": "chancery/u", "messages": ASK["messages"], "stream": stream}
        headers = gate.key() | {"chancery-conversation": conversation, "chancery-sensitivity": "confidential"}
        asking = asyncio.create_task(gate.http.post("/v1/chat/completions", json=body, headers=headers))
        interaction = await eventually(lambda: self._interaction_of(gate, conversation))
        await gate.complete(interaction, **end)
        return await asyncio.wait_for(asking, 20)

    async def _interaction_of(self, gate, conversation):
        reader = await TopicReader.start(gate.kafka, [REQUESTED.full_name(gate.tenant)])
        found = [
            one.event.interaction
            async for one in reader.until(await reader.ends())
            if one.event.conversation == conversation and one.event.data.sensitivity == "confidential"
        ]
        await reader.close()
        return found[0] if found else None


async def test_health_and_metrics_are_served(gate):
    assert (await gate.http.get("/health")).status_code == 200
    assert "chancery_gateway_requests_total" in (await gate.http.get("/metrics")).text
