"""The vendors' own clients read what the simulator says: it speaks their wires, not merely what our adapters expect."""

import json
from collections.abc import AsyncIterator

import anthropic
import ollama
import openai
import pytest
from chancery_testing.providers.serving import serving
from chancery_testing.providers.state import Provider
from contract.providers.suppliers import KEY, PASSAGES, SCHEMA, TEXT

QUESTION = [{"role": "user", "content": PASSAGES}]
CALLING = [{"role": "user", "content": '[[call:look_up {"to": "Zoë"}]]'}]
FUNCTION = {"name": "look_up", "description": "Looks up", "parameters": {"type": "object", "properties": {"to": {"type": "string"}}}}


def failing(fault: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": f"[[fault:{fault}]]"}]


@pytest.fixture(scope="module")
async def base() -> AsyncIterator[str]:
    async with serving(Provider(latency_s=0.0, api_key=KEY)) as address:
        yield address


class TestOpenAi:
    @pytest.fixture
    async def client(self, base: str) -> AsyncIterator[openai.AsyncOpenAI]:
        async with openai.AsyncOpenAI(api_key=KEY, base_url=f"{base}/v1", max_retries=0) as client:
            yield client

    async def test_a_completion(self, client: openai.AsyncOpenAI) -> None:
        found = await client.chat.completions.create(model="m", messages=QUESTION)
        assert (found.choices[0].message.content, found.choices[0].finish_reason) == (TEXT, "stop")
        assert found.usage.total_tokens == found.usage.prompt_tokens + found.usage.completion_tokens
        assert found.usage.prompt_tokens_details.cached_tokens > 0 and found.usage.completion_tokens_details.reasoning_tokens == 8

    async def test_a_stream_ends_with_its_usage(self, client: openai.AsyncOpenAI) -> None:
        stream = await client.chat.completions.create(model="m", messages=QUESTION, stream=True, stream_options={"include_usage": True})
        chunks = [chunk async for chunk in stream]
        assert "".join(one.choices[0].delta.content or "" for one in chunks if one.choices) == TEXT
        assert [one.choices[0].finish_reason for one in chunks if one.choices][-1] == "stop" and chunks[-1].usage.prompt_tokens > 0

    async def test_tool_calls_whole_and_streamed(self, client: openai.AsyncOpenAI) -> None:
        tools = [{"type": "function", "function": FUNCTION}]
        found = await client.chat.completions.create(model="m", messages=CALLING, tools=tools)
        call = found.choices[0].message.tool_calls[0]
        assert (call.function.name, json.loads(call.function.arguments)) == ("look_up", {"to": "Zoë"})
        async with client.chat.completions.stream(model="m", messages=CALLING, tools=tools) as stream:
            final = await stream.get_final_completion()
        assert final.choices[0].message.tool_calls[0].function.arguments == call.function.arguments
        assert final.choices[0].finish_reason == "tool_calls"

    async def test_a_schema(self, client: openai.AsyncOpenAI) -> None:
        form = {"type": "json_schema", "json_schema": {"name": "a", "schema": SCHEMA, "strict": True}}
        found = await client.chat.completions.create(model="m", messages=QUESTION, response_format=form)
        assert json.loads(found.choices[0].message.content) == {"fee": TEXT}

    async def test_errors(self, client: openai.AsyncOpenAI) -> None:
        with pytest.raises(openai.RateLimitError) as limited:
            await client.chat.completions.create(model="m", messages=failing("rate_limit"))
        assert limited.value.response.headers["retry-after"] == "0.2"
        with pytest.raises(openai.InternalServerError):
            await client.chat.completions.create(model="m", messages=failing("server_error"))
        with pytest.raises(openai.AuthenticationError):
            await client.with_options(api_key="wrong").chat.completions.create(model="m", messages=QUESTION)
        with pytest.raises(openai.APIError):
            async for _ in await client.chat.completions.create(model="m", messages=failing("midstream"), stream=True):
                pass

    async def test_a_response(self, client: openai.AsyncOpenAI) -> None:
        text = {"format": {"type": "json_schema", "name": "a", "schema": SCHEMA}}
        found = await client.responses.create(model="m", input=PASSAGES, text=text)
        assert json.loads(found.output_text) == {"fee": TEXT} and found.status == "completed"
        assert found.usage.output_tokens_details.reasoning_tokens == 8

    async def test_a_response_as_a_stream(self, client: openai.AsyncOpenAI) -> None:
        events = [one async for one in await client.responses.create(model="m", input=PASSAGES, stream=True)]
        assert "".join(one.delta for one in events if one.type == "response.output_text.delta") == TEXT
        assert events[-1].type == "response.completed" and events[-1].response.output_text == TEXT
        tools = [{"type": "function", "strict": False, **FUNCTION}]
        async with client.responses.stream(model="m", input=CALLING, tools=tools) as stream:
            final = await stream.get_final_response()
        assert json.loads(final.output[-1].arguments) == {"to": "Zoë"}

    async def test_azures(self, base: str) -> None:
        async with openai.AsyncAzureOpenAI(api_key=KEY, azure_endpoint=base, api_version="2024-10-21", max_retries=0) as client:
            found = await client.chat.completions.create(model="our-gpt", messages=QUESTION)
        assert (found.choices[0].message.content, found.model) == (TEXT, "our-gpt")


class TestAnthropic:
    @pytest.fixture
    async def client(self, base: str) -> AsyncIterator[anthropic.AsyncAnthropic]:
        async with anthropic.AsyncAnthropic(api_key=KEY, base_url=base, max_retries=0) as client:
            yield client

    async def test_a_message(self, client: anthropic.AsyncAnthropic) -> None:
        found = await client.messages.create(model="m", max_tokens=9, messages=QUESTION)
        assert (found.content[-1].text, found.stop_reason) == (TEXT, "end_turn") and found.usage.cache_read_input_tokens > 0

    async def test_a_stream_adds_up_to_the_message(self, client: anthropic.AsyncAnthropic) -> None:
        async with client.messages.stream(model="m", max_tokens=9, messages=QUESTION) as stream:
            assert "".join([text async for text in stream.text_stream]) == TEXT
            final = await stream.get_final_message()
        whole = await client.messages.create(model="m", max_tokens=9, messages=QUESTION)
        assert final.stop_reason == "end_turn" and final.usage.output_tokens == whole.usage.output_tokens

    async def test_tool_use_whole_and_streamed(self, client: anthropic.AsyncAnthropic) -> None:
        tools = [{"name": "look_up", "input_schema": FUNCTION["parameters"]}]
        found = await client.messages.create(model="m", max_tokens=9, messages=CALLING, tools=tools)
        async with client.messages.stream(model="m", max_tokens=9, messages=CALLING, tools=tools) as stream:
            final = await stream.get_final_message()
        for message in (found, final):
            assert message.stop_reason == "tool_use" and message.content[-1].input == {"to": "Zoë"}

    async def test_a_schema(self, client: anthropic.AsyncAnthropic) -> None:
        form = {"format": {"type": "json_schema", "schema": SCHEMA}}
        found = await client.messages.create(model="m", max_tokens=9, messages=QUESTION, output_config=form)
        assert json.loads(found.content[-1].text) == {"fee": TEXT}

    async def test_errors(self, client: anthropic.AsyncAnthropic) -> None:
        with pytest.raises(anthropic.RateLimitError):
            await client.messages.create(model="m", max_tokens=9, messages=failing("rate_limit"))
        with pytest.raises(anthropic.APIStatusError) as overloaded:
            await client.messages.create(model="m", max_tokens=9, messages=failing("overloaded"))
        assert overloaded.value.status_code == 529 and overloaded.value.body["error"]["type"] == "overloaded_error"
        with pytest.raises(anthropic.APIStatusError):
            async with client.messages.stream(model="m", max_tokens=9, messages=failing("midstream")) as stream:
                await stream.get_final_message()
        with pytest.raises(anthropic.AuthenticationError):
            await client.with_options(api_key="wrong").messages.create(model="m", max_tokens=9, messages=QUESTION)


class TestOllama:
    async def test_a_chat_whole_streamed_and_with_a_schema(self, base: str) -> None:
        client = ollama.AsyncClient(host=base, headers={"Authorization": f"Bearer {KEY}"})
        found = await client.chat(model="m", messages=QUESTION)
        assert found.message.content == TEXT and found.done_reason == "stop" and found.eval_count > 0
        parts = [part async for part in await client.chat(model="m", messages=QUESTION, stream=True)]
        assert "".join(part.message.content for part in parts) == TEXT and parts[-1].done
        shaped = await client.chat(model="m", messages=QUESTION, format=SCHEMA)
        assert json.loads(shaped.message.content) == {"fee": TEXT}
        called = await client.chat(model="m", messages=CALLING, tools=[{"type": "function", "function": FUNCTION}])
        assert called.message.tool_calls[0].function.arguments == {"to": "Zoë"}
        with pytest.raises(ollama.ResponseError):
            [part async for part in await client.chat(model="m", messages=failing("midstream"), stream=True)]
