"""The same scenarios for every provider, whole and streamed, over real HTTP: what it may do, and what becomes of it."""

import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
from chancery_contracts.interactions import Message
from chancery_generation.adapters.providers.secrets import Secrets
from chancery_generation.domain.completion import CallResult
from chancery_generation.errors import GenerationError
from chancery_testing.providers.serving import serving
from chancery_testing.providers.state import Provider
from contract.providers.suppliers import ACCESS, KEY, PATHS, SCHEMA, SECRET, TEXT, TOOLS, Supplier, prompt

EACH = [pytest.param((name, stream), id=f"{name}-{'stream' if stream else 'whole'}") for name in PATHS for stream in (False, True)]
DEADLINE_S = 0.25


@pytest.fixture(scope="module")
async def place() -> AsyncIterator[tuple[Provider, str, httpx.AsyncClient]]:
    provider = Provider(latency_s=0.0, api_key=KEY, aws_keys={ACCESS: SECRET}, slow_pause_s=0.001)
    async with serving(provider) as base, httpx.AsyncClient(timeout=None) as client:  # the deadline is the call's
        yield provider, base, client


@pytest.fixture(params=EACH)
def supplier(request: pytest.FixtureRequest, place: tuple[Provider, str, httpx.AsyncClient]) -> Supplier:
    return Supplier(*request.param, *place)  # type: ignore[misc]  # name and stream


def said(result: CallResult) -> str:
    assert result.outcome == "answered" and result.completion is not None
    return result.completion.text


class TestAnswers:
    async def test_the_text_and_its_end(self, supplier: Supplier) -> None:
        result = await supplier.ask(prompt())
        assert said(result) == TEXT and result.completion.stop_reason == "stop" and result.completion.tool_calls == ()
        assert result.status == 200 and result.first_byte_ms is not None

    async def test_tokens_are_in_disjoint_buckets_and_the_raw_count_is_kept(self, supplier: Supplier) -> None:
        rendered = prompt()
        result = await supplier.ask(rendered)
        spent, written = -(-len(f"{rendered.system}\n{rendered.user}") // 4), -(-len(TEXT) // 4)
        counted = result.usage
        assert counted.input_uncached + counted.input_cache_read == spent and counted.output + counted.output_reasoning == written + 8
        assert (counted.input_cache_read == spent // 4) is (supplier.name not in ("cohere", "ollama"))
        assert (counted.output_reasoning == 8) is (supplier.name not in ("cohere", "ollama", "bedrock"))
        assert json.loads(result.raw_usage) and result.completion.raw_usage == result.raw_usage

    async def test_text_that_frames_could_be_cut_in(self, supplier: Supplier) -> None:
        odd = 'Zoë says \u2028 \u0085 \x0b \\n {"a": 1} 🙂 data: [DONE]'
        result = await supplier.ask(replace(prompt(), user=f"[1] Odd\n{odd}."))
        assert said(result) == f"{odd}. [1]"

    async def test_a_schema_is_kept(self, supplier: Supplier) -> None:
        assert json.loads(said(await supplier.ask(prompt(output_schema=SCHEMA)))) == {"fee": TEXT}

    async def test_examples_come_before_the_question(self, supplier: Supplier) -> None:
        examples = (Message(role="user", content="[1] Example\nAn example."), Message(role="assistant", content="x"))
        assert said(await supplier.ask(prompt(messages=examples))) == "An example. [1]"

    async def test_the_events_id_is_told(self, supplier: Supplier) -> None:
        await supplier.ask(prompt(), key=f"event-of-{supplier.name}-{supplier.stream}")
        assert supplier.provider.counts[f"event-of-{supplier.name}-{supplier.stream}"] == 1

    async def test_an_answer_cut_off_at_the_limit_says_so(self, supplier: Supplier) -> None:
        result = await supplier.fails("truncated")
        assert result.completion.stop_reason == "length" and TEXT.startswith(said(result))


class TestToolCalls:
    async def test_calls_come_with_ids_names_and_arguments(self, supplier: Supplier) -> None:
        wanted = '{"to": "Zoë \\"Z\\" <PERSON_7K2M>"}'
        result = await supplier.ask(prompt(f"[[call:look_up {wanted}]] [[call:look_up]]", tools=TOOLS))
        assert said(result) == "" and result.completion.stop_reason == "tool_calls"
        first, second = result.completion.tool_calls
        assert (first.name, json.loads(first.arguments)) == ("look_up", json.loads(wanted))
        assert (second.name, json.loads(second.arguments)) == ("look_up", {}) and first.call_id != second.call_id

    async def test_arguments_that_are_no_json_are_malformed(self, supplier: Supplier) -> None:
        result = await supplier.fails("bad_call", tools=TOOLS)
        result = await supplier.ask(prompt('[[fault:bad_call]] [[call:look_up {"to": "x"}]]', tools=TOOLS))
        assert result.outcome == "malformed" and result.usage.input_uncached > 0

    async def test_a_tool_that_was_not_offered_is_malformed(self, supplier: Supplier) -> None:
        result = await supplier.ask(prompt("[[call:delete_all]]", tools=TOOLS))
        assert result.outcome == "malformed" and result.completion is None


class TestFaults:
    @pytest.mark.parametrize(
        ("fault", "outcome"),
        [
            ("rate_limit", "rate_limited"), ("server_error", "server_error"), ("overloaded", "server_error"), ("rejected", "rejected"),
            ("cut_body", "malformed"), ("cut_end", "malformed"), ("wrong_json", "malformed"), ("wrong_type", "malformed"),
            ("empty", "malformed"), ("huge", "malformed"), ("redirect", "rejected"), ("midstream", "server_error"),
        ],
    )  # fmt: skip
    async def test_each_has_its_word_and_no_answer(self, supplier: Supplier, fault: str, outcome: str) -> None:
        result = await supplier.fails(fault)
        assert (result.outcome, result.completion) == (outcome, None)

    async def test_the_providers_wish_to_wait(self, supplier: Supplier) -> None:
        assert (await supplier.fails("rate_limit")).retry_after_s == 0.2

    async def test_a_filter_is_a_rejection_even_with_text(self, supplier: Supplier) -> None:
        result = await supplier.fails("filtered")
        assert result.outcome == ("answered" if supplier.name == "ollama" else "rejected")  # Ollama has no filter

    async def test_slow_bytes_are_waited_for(self, supplier: Supplier) -> None:
        assert said(await supplier.fails("slow_bytes")) == TEXT

    async def test_events_that_come_twice_count_once(self, supplier: Supplier) -> None:
        once, twice = await supplier.ask(prompt("[[fault:none*0]]")), await supplier.fails("duplicate")
        assert said(twice) == TEXT and twice.usage.output == once.usage.output

    @pytest.mark.parametrize("fault", ["hang", "silent", "dribble"])
    async def test_a_provider_that_does_not_end_costs_its_deadline(self, supplier: Supplier, fault: str) -> None:
        started = time.monotonic()
        assert (await supplier.fails(fault, DEADLINE_S)).outcome == "timeout"
        assert DEADLINE_S <= time.monotonic() - started < DEADLINE_S + 0.5

    async def test_a_silent_stream_does_not_cost_the_deadline(self, supplier: Supplier) -> None:
        started = time.monotonic()
        result = await replace(supplier, idle_s=0.1).fails("silent", 5.0 if supplier.stream else 0.1)
        assert result.outcome == "timeout" and time.monotonic() - started < 1.0

    async def test_nobody_there(self, supplier: Supplier) -> None:
        assert (await replace(supplier, base="http://127.0.0.1:1").ask(prompt())).outcome == "unreachable"


class TestTokensOfFailures:
    async def test_what_was_counted_before_a_stream_broke_is_kept(self, place: tuple[Provider, str, httpx.AsyncClient]) -> None:
        for fault, within_s in (("cut_end", 5.0), ("midstream", 5.0), ("silent", 0.2), ("cut_body", 5.0)):
            result = await Supplier("anthropic", True, *place).fails(fault, within_s)
            assert result.completion is None and result.usage.input_uncached > 0 and "input_tokens" in result.raw_usage

    async def test_an_empty_answer_was_paid_for(self, supplier: Supplier) -> None:
        assert (await supplier.fails("empty")).usage.input_uncached > 0


class TestStructuredByTool:
    @pytest.mark.parametrize("name", ["anthropic", "bedrock"])
    @pytest.mark.parametrize("stream", [False, True])
    async def test_models_without_schemas_of_their_own(
        self, name: str, stream: bool, place: tuple[Provider, str, httpx.AsyncClient]
    ) -> None:
        result = await Supplier(name, stream, *place).ask(prompt(output_schema=SCHEMA), options={"structured": "tool"})
        assert json.loads(said(result)) == {"fee": TEXT} and result.completion.tool_calls == ()


class TestSecrets:
    async def test_a_wrong_key_is_rejected(self, supplier: Supplier) -> None:
        wrong = Secrets.of({"TEST_API_KEY": "wrong", "AWS_ACCESS_KEY_ID": ACCESS, "AWS_SECRET_ACCESS_KEY": "wrong"})
        assert (await replace(supplier, secrets=wrong).ask(prompt())).outcome == "rejected"

    async def test_without_one_nothing_is_sent(self, supplier: Supplier) -> None:
        calls = supplier.provider.counts.total()
        with pytest.raises(GenerationError):
            await replace(supplier, secrets=Secrets()).ask(prompt())
        assert supplier.provider.counts.total() == calls

    async def test_no_variable_but_api_keys_can_be_named(self, supplier: Supplier) -> None:
        with pytest.raises(GenerationError):
            await supplier.ask(prompt(), api_key_environment="AWS_SECRET_ACCESS_KEY")

    async def test_nothing_shows_them(self, supplier: Supplier) -> None:
        assert KEY not in repr(supplier.secrets) and SECRET not in repr(supplier.secrets) and "token-of-a" not in repr(supplier.secrets)
