"""Chat completions as OpenAI words them, and those who speak the same: Azure, Mistral, vLLM, llama.cpp, any gateway.

https://platform.openai.com/docs/api-reference/chat, …/chat-streaming;
https://learn.microsoft.com/azure/ai-foundry/openai/reference; https://docs.mistral.ai/api;
https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html; llama.cpp `tools/server/README.md`.
"""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from chancery_generation.adapters.providers.asking import base_url, closed, function_tools, outgoing, temperature, with_system
from chancery_generation.adapters.providers.framing import ServerSentEvents
from chancery_generation.adapters.providers.secrets import Secrets
from chancery_generation.adapters.providers.untrusted import arguments, document, mapping, mappings, words
from chancery_generation.adapters.providers.wire import Fault, Frame, Outgoing
from chancery_generation.domain.calls import ModelRequest
from chancery_generation.domain.completion import AttemptOutcome
from chancery_generation.domain.replies import Draft, Stop
from chancery_generation.domain.retrying import outcome_of
from chancery_generation.domain.usage import normalise_usage

AZURE_API_VERSION = "2024-10-21"
REASONING_MODEL = re.compile(r"^(?:o\d|gpt-[5-9])")
_STOPS: dict[str, Stop] = {
    "stop": "stop", "length": "length", "model_length": "length", "tool_calls": "tool_calls", "function_call": "tool_calls",
    "content_filter": "filtered",
}  # fmt: skip
Address = Callable[[ModelRequest, Secrets], tuple[str, dict[str, str]]]


class ChatWire:
    """`asks_for_usage`: a stream tells usage only where `stream_options` ask for it; some refuse to be asked."""

    def __init__(self, secrets: Secrets, address: "Address | None" = None, *, asks_for_usage: bool = True) -> None:
        self._secrets = secrets
        self._address = address or plain_address
        self._asks_for_usage = asks_for_usage

    def outgoing(self, request: ModelRequest) -> Outgoing:
        """Nothing in it says whose question it is."""
        url, headers = self._address(request, self._secrets)
        streaming = {"stream_options": {"include_usage": True}} if request.model.stream and self._asks_for_usage else {}
        body = {"model": request.model.provider_model, "messages": with_system(request.prompt), "stream": request.model.stream}
        return outgoing(url, request, headers, body | streaming | _settings(request) | function_tools(request.prompt) | _format(request))

    def framing(self) -> ServerSentEvents:
        """Ends with `[DONE]`."""
        return ServerSentEvents()

    def read(self, document: dict[str, Any], draft: Draft) -> None:
        """The first choice; more are not asked for."""
        _raise_error(document)
        _count(document, draft)
        choice = next(iter(mappings(document.get("choices"))), {})
        message = mapping(choice.get("message"))
        _said(message, draft)
        for number, call in enumerate(mappings(message.get("tool_calls"))):
            _called(call, number, draft)
        _stopped(choice, draft)
        draft.ended = bool(choice)

    def take(self, frame: Frame, draft: Draft) -> None:
        """Deltas; `[DONE]` ends only what has a reason to have stopped."""
        if frame.data.strip() == b"[DONE]":
            draft.ended = draft.stop is not None
            return
        chunk = document(frame.data)
        _raise_error(chunk)
        _count(chunk, draft)
        for choice in mappings(chunk.get("choices"))[:1]:
            delta = mapping(choice.get("delta"))
            _said(delta, draft)
            for number, call in enumerate(mappings(delta.get("tool_calls"))):
                _called(call, call["index"] if isinstance(call.get("index"), int) else number, draft)
            _stopped(choice, draft)

    def outcome(self, status: int, document: dict[str, Any]) -> AttemptOutcome:
        """429 is also said of an account without money, which no wait mends."""
        if mapping(document.get("error")).get("code") == "insufficient_quota":
            return "rejected"
        return outcome_of(status)


def plain_address(request: ModelRequest, secrets: Secrets) -> tuple[str, dict[str, str]]:
    """POST {base_url}/chat/completions, with a bearer token where the model names one."""
    return f"{base_url(request.model)}/chat/completions", secrets.bearer(request.model.api_key_environment)


def azure_address(request: ModelRequest, secrets: Secrets) -> tuple[str, dict[str, str]]:
    """Options `deployment` (else the model's name) and `api_version`."""
    model = request.model
    deployment = quote(model.options.get("deployment", model.provider_model), safe="")
    version = quote(model.options.get("api_version", AZURE_API_VERSION), safe="")
    headers = {"api-key": secrets.key(model.api_key_environment)} if model.api_key_environment else {}
    return f"{base_url(model)}/openai/deployments/{deployment}/chat/completions?api-version={version}", headers


def _settings(request: ModelRequest) -> dict[str, Any]:
    """OpenAI's own API has renamed `max_tokens`; its reasoning models refuse a temperature. Others know the old names only."""
    model = request.model
    reasons = REASONING_MODEL.match(model.provider_model) is not None
    renamed = model.provider_name == "openai" or (model.provider == "azure" and reasons)
    steady = {} if reasons else temperature(model)
    return {"max_completion_tokens" if renamed else "max_tokens": request.max_output_tokens} | steady


def _format(request: ModelRequest) -> dict[str, Any]:
    schema = request.prompt.output_schema
    if schema is None:
        return {}
    return {"response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema, "strict": closed(schema)}}}


def _said(message: dict[str, Any], draft: Draft) -> None:
    """Text, or parts of it (Mistral's reasoning models: thinking stands beside text). A refusal is no answer."""
    content = message.get("content")
    draft.text.append(words(content) or "".join(words(part.get("text")) for part in mappings(content) if part.get("type") == "text"))
    if words(message.get("refusal")):
        draft.stop = "filtered"


def _called(call: dict[str, Any], key: int, draft: Draft) -> None:
    function = mapping(call.get("function"))
    draft.call(key).named(words(call.get("id")), words(function.get("name"))).arguments.append(arguments(function.get("arguments")))


def _stopped(choice: dict[str, Any], draft: Draft) -> None:
    reason = choice.get("finish_reason")
    if reason == "error":
        raise Fault("server_error")
    if isinstance(reason, str) and draft.stop != "filtered":
        draft.stop = _STOPS.get(reason, "stop")


def _count(document: dict[str, Any], draft: Draft) -> None:
    if isinstance(document.get("usage"), dict):
        draft.raw_usage = document["usage"]
        draft.usage = normalise_usage(draft.raw_usage)


def _raise_error(document: dict[str, Any]) -> None:
    """An error may come with status 200, in a stream or instead of a completion."""
    error = document.get("error")
    if not error:
        return
    kind, code = words(mapping(error).get("type")), mapping(error).get("code")
    if "rate_limit" in f"{kind} {code}" or code == 429:
        raise Fault("rate_limited")
    raise Fault("rejected" if code == "content_filter" else "server_error")
