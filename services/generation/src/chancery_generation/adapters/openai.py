"""Any OpenAI-compatible endpoint: POST {base_url}/chat/completions."""

import asyncio
import json
import re
from collections.abc import Mapping
from typing import Any

import httpx
from chancery_contracts.bodies import ModelBody
from chancery_contracts.event import Clock

from chancery_generation.domain.calls import ModelRequest
from chancery_generation.domain.completion import CallResult, Completion
from chancery_generation.domain.retrying import outcome_of, retry_after_s
from chancery_generation.domain.usage import canonical, normalise_usage
from chancery_generation.errors import MissingApiKey, MissingBaseUrl

KEY_VARIABLE = re.compile(r"^[A-Z][A-Z0-9_]*_API_KEY$")
"""Only such variables are given out: a registry entry must not be able to send the service's other secrets anywhere."""
_REASONING_MODEL = re.compile(r"^(?:o\d|gpt-5)")


class _TooLarge(Exception):
    """The response is larger than allowed; what came is not looked at."""


class OpenAiModel:
    """Calls one chat completion at a time; knows nothing of attempts."""

    def __init__(self, client: httpx.AsyncClient, keys: Mapping[str, str], clock: Clock, max_response_bytes: int) -> None:
        self._client = client
        self._keys = keys
        self._clock = clock
        self._max_response_bytes = max_response_bytes

    async def call(self, request: ModelRequest, time_left_s: float) -> CallResult:
        """Raises MissingApiKey or MissingBaseUrl where the model's entry is incomplete."""
        url, headers = self._address(request)
        try:
            async with asyncio.timeout(max(0.0, time_left_s)):
                return await self._exchange(url, headers, request_body(request))
        except TimeoutError:
            return CallResult("timeout")

    def _address(self, request: ModelRequest) -> tuple[str, dict[str, str]]:
        model = request.model
        if model.base_url is None:
            raise MissingBaseUrl("the model has no base_url")
        headers = {"Idempotency-Key": request.key, "Accept": "application/json"}
        if model.api_key_environment is not None:
            headers["Authorization"] = f"Bearer {self._key(model.api_key_environment)}"
        return f"{model.base_url.rstrip('/')}/chat/completions", headers

    def _key(self, variable: str) -> str:
        if KEY_VARIABLE.match(variable) is None:
            raise MissingApiKey("the model's API key must be in a variable whose name ends in _API_KEY")
        try:
            return self._keys[variable]
        except KeyError as exc:
            raise MissingApiKey(f"the variable {variable} is not set") from exc

    async def _exchange(self, url: str, headers: dict[str, str], body: dict[str, Any]) -> CallResult:
        status: int | None = None
        try:
            async with self._client.stream("POST", url, json=body, headers=headers) as response:
                status = response.status_code
                content = await self._read(response)
        except httpx.TimeoutException:
            return CallResult("unreachable" if status is None else "timeout", status=status)
        except (_TooLarge, httpx.DecodingError):
            return CallResult("malformed", status=status)
        except (httpx.RequestError, httpx.InvalidURL):
            return CallResult("unreachable" if status is None else "malformed", status=status)
        if status != httpx.codes.OK:
            wish = retry_after_s(response.headers.get("retry-after"), self._clock())
            return CallResult(outcome_of(status), status=status, retry_after_s=wish)
        return read_response(content)

    async def _read(self, response: httpx.Response) -> bytes:
        content = bytearray()
        async for chunk in response.aiter_bytes():
            content += chunk
            if len(content) > self._max_response_bytes:
                raise _TooLarge
        return bytes(content)


def request_body(request: ModelRequest) -> dict[str, Any]:
    """The chat completion that is asked for. Nothing in it says whose question it is."""
    messages = [{"role": "system", "content": request.prompt.system}, {"role": "user", "content": request.prompt.user}]
    return {"model": request.model.provider_model, "messages": messages, "stream": False} | _parameters(
        request.model, request.max_output_tokens
    )


def _parameters(model: ModelBody, max_output_tokens: int) -> dict[str, Any]:
    """OpenAI's own API has renamed `max_tokens`; its reasoning models refuse a temperature. Others know the old names only."""
    limit = "max_completion_tokens" if model.provider_name == "openai" else "max_tokens"
    steady = {} if _REASONING_MODEL.match(model.provider_model) else {"temperature": 0}
    return {limit: max_output_tokens} | steady


def read_response(content: bytes) -> CallResult:
    """A completion, or `malformed` (with its usage, where that can be read: it was paid for)."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return CallResult("malformed", status=200)
    if not isinstance(document, dict):
        return CallResult("malformed", status=200)
    raw = document.get("usage")
    usage, raw_usage = normalise_usage(raw), canonical(raw if isinstance(raw, dict) else {})
    text, finish = _content(document)
    if not text:
        return CallResult("rejected" if finish == "content_filter" else "malformed", status=200, usage=usage, raw_usage=raw_usage)
    return CallResult("answered", Completion(text, usage, raw_usage), 200, None, usage, raw_usage)


def _content(document: dict[str, Any]) -> tuple[str, str | None]:
    choices = document.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    message = first.get("message") if isinstance(first, dict) else None
    content = message.get("content") if isinstance(message, dict) else None
    finish = first.get("finish_reason") if isinstance(first, dict) else None
    return content.strip() if isinstance(content, str) else "", finish if isinstance(finish, str) else None
