"""The shape of what goes to and comes from an OpenAI-compatible endpoint."""

import json
from collections.abc import Callable

import httpx
import pytest
from chancery_contracts.bodies import ModelBody
from chancery_generation.adapters.openai import OpenAiModel
from chancery_generation.domain.calls import ModelRequest
from chancery_generation.domain.completion import CallResult
from chancery_generation.domain.prompting import RenderedPrompt
from chancery_generation.errors import MissingApiKey, MissingBaseUrl
from chancery_testing.clock import FixedClock

BODY = ModelBody(provider="openai", provider_model="m", base_url="http://model.test/v1/", api_key_environment="ACME_API_KEY")
GOOD = {"choices": [{"message": {"content": " Hi. "}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 3, "completion_tokens": 1}}
Answering = Callable[[httpx.Request], httpx.Response]


async def call(answering: Answering, body: ModelBody = BODY, limit: int = 10_000) -> CallResult:
    async with httpx.AsyncClient(transport=httpx.MockTransport(answering)) as client:
        model = OpenAiModel(client, {"ACME_API_KEY": "k"}, FixedClock(), limit)
        return await model.call(ModelRequest("event-1", body, RenderedPrompt("sys", "usr", ()), 42), 5.0)


class TestRequest:
    async def test_what_is_sent(self) -> None:
        seen: list[httpx.Request] = []

        def answering(request: httpx.Request) -> httpx.Response:
            seen.append(request)
            return httpx.Response(200, json=GOOD)

        result = await call(answering)
        assert str(seen[0].url) == "http://model.test/v1/chat/completions"
        assert seen[0].headers["idempotency-key"] == "event-1"
        assert seen[0].headers["authorization"] == "Bearer k"
        assert json.loads(seen[0].content) == {
            "model": "m", "messages": [{"role": "system", "content": "sys"}, {"role": "user", "content": "usr"}],
            "stream": False, "max_tokens": 42, "temperature": 0,
        }  # fmt: skip
        assert result.completion is not None and result.completion.text == "Hi."

    async def test_openai_itself_has_another_name_for_the_limit(self) -> None:
        bodies: list[dict[str, object]] = []

        def answering(request: httpx.Request) -> httpx.Response:
            bodies.append(json.loads(request.content))
            return httpx.Response(200, json=GOOD)

        await call(answering, BODY.model_copy(update={"provider_name": "openai", "provider_model": "gpt-5-mini"}))
        assert bodies[0]["max_completion_tokens"] == 42 and "temperature" not in bodies[0] and "max_tokens" not in bodies[0]

    @pytest.mark.parametrize("variable", ["CHANCERY_DATABASE_URL", "UNSET_API_KEY"])
    async def test_other_secrets_are_not_given_out(self, variable: str) -> None:
        with pytest.raises(MissingApiKey):
            await call(lambda _: httpx.Response(200, json=GOOD), BODY.model_copy(update={"api_key_environment": variable}))

    async def test_an_endpoint_is_needed(self) -> None:
        with pytest.raises(MissingBaseUrl):
            await call(lambda _: httpx.Response(200, json=GOOD), BODY.model_copy(update={"base_url": None}))


class TestResponses:
    @pytest.mark.parametrize(
        ("response", "outcome"),
        [
            (httpx.Response(429, headers={"Retry-After": "3"}), "rate_limited"),
            (httpx.Response(500), "server_error"),
            (httpx.Response(400), "rejected"),
            (httpx.Response(301, headers={"Location": "http://elsewhere.test"}), "rejected"),
            (httpx.Response(200, content=b"{"), "malformed"),
            (httpx.Response(200, content=b"[" * 9000), "malformed"),
            (httpx.Response(200, json=[]), "malformed"),
            (httpx.Response(200, json={"choices": []}), "malformed"),
            (httpx.Response(200, json={"choices": [{"message": {"content": None}}]}), "malformed"),
            (httpx.Response(200, json={"choices": [{"message": {"content": ""}, "finish_reason": "content_filter"}]}), "rejected"),
            (httpx.Response(200, content=b" " * 20_000), "malformed"),
        ],
    )
    async def test_outcomes(self, response: httpx.Response, outcome: str) -> None:
        result = await call(lambda _: response)
        assert result.outcome == outcome and result.completion is None

    async def test_the_wish_of_the_provider(self) -> None:
        assert (await call(lambda _: httpx.Response(429, headers={"Retry-After": "3"}))).retry_after_s == 3.0

    async def test_tokens_of_an_empty_answer_are_counted(self) -> None:
        result = await call(lambda _: httpx.Response(200, json=GOOD | {"choices": [{"message": {"content": ""}}]}))
        assert result.outcome == "malformed" and result.usage.input_uncached == 3

    @pytest.mark.parametrize("error", [httpx.ConnectError("x"), httpx.ConnectTimeout("x"), httpx.RemoteProtocolError("x")])
    async def test_nobody_there(self, error: Exception) -> None:
        def answering(request: httpx.Request) -> httpx.Response:
            raise error

        assert (await call(answering)).outcome == "unreachable"
