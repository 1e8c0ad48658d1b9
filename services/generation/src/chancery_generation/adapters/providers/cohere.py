"""Cohere's Chat API, version 2: POST {base_url}/v2/chat.

https://docs.cohere.com/reference/chat, …/reference/chat-stream, …/docs/structured-outputs, …/docs/tool-use-streaming
"""

from typing import Any

from chancery_generation.adapters.providers.asking import base_url, function_tools, outgoing, temperature, with_system
from chancery_generation.adapters.providers.framing import ServerSentEvents
from chancery_generation.adapters.providers.secrets import Secrets
from chancery_generation.adapters.providers.untrusted import arguments, document, mapping, mappings, words
from chancery_generation.adapters.providers.wire import Fault, Frame, Outgoing, PlainStatus
from chancery_generation.domain.calls import ModelRequest
from chancery_generation.domain.replies import Draft, Stop
from chancery_generation.domain.usage import cohere_usage

_STOPS: dict[str, Stop] = {
    "COMPLETE": "stop", "STOP_SEQUENCE": "stop", "MAX_TOKENS": "length", "TOOL_CALL": "tool_calls", "ERROR_TOXIC": "filtered",
}  # fmt: skip


class CohereWire(PlainStatus):
    """Knows no schema beside tools: with tools, the answer's shape is the prompt's to ask for."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets

    def outgoing(self, request: ModelRequest) -> Outgoing:
        """Tools as OpenAI has them; the schema stands in `response_format`."""
        model, prompt = request.model, request.prompt
        body = {
            "model": model.provider_model, "messages": with_system(prompt), "max_tokens": request.max_output_tokens, "stream": model.stream,
        }  # fmt: skip
        shape = {"type": "json_object", "json_schema": prompt.output_schema}
        form = {"response_format": shape} if prompt.output_schema is not None and not prompt.tools else {}
        headers = self._secrets.bearer(model.api_key_environment)
        return outgoing(f"{base_url(model)}/v2/chat", request, headers, body | temperature(model) | function_tools(prompt) | form)

    def framing(self) -> ServerSentEvents:
        """Ends with `message-end`; `[DONE]` may follow."""
        return ServerSentEvents()

    def read(self, document: dict[str, Any], draft: Draft) -> None:
        """`tool_plan`, thinking and Cohere's own citations are passed over: passages are cited by their numbers."""
        _count(document, draft)
        message = mapping(document.get("message"))
        draft.text += [words(part.get("text")) for part in mappings(message.get("content")) if part.get("type") == "text"]
        for number, call in enumerate(mappings(message.get("tool_calls"))):
            _called(call, number, draft)
        _finished(document, draft)

    def take(self, frame: Frame, draft: Draft) -> None:
        """Tool calls come one after the other, each with its index."""
        if frame.data.strip() == b"[DONE]":
            return
        event = document(frame.data)
        delta = mapping(event.get("delta"))
        message = mapping(delta.get("message"))
        index = event["index"] if isinstance(event.get("index"), int) else -1
        match event.get("type"):
            case "content-start" | "content-delta":
                draft.text.append(words(mapping(message.get("content")).get("text")))
            case "tool-call-start" | "tool-call-delta":
                _called(mapping(message.get("tool_calls")), index, draft)
            case "message-end":
                _count(delta, draft)
                _finished(delta, draft)


def _called(call: dict[str, Any], key: int, draft: Draft) -> None:
    function = mapping(call.get("function"))
    draft.call(key).named(words(call.get("id")), words(function.get("name"))).arguments.append(arguments(function.get("arguments")))


def _finished(document: dict[str, Any], draft: Draft) -> None:
    reason = words(document.get("finish_reason"))
    if reason in ("ERROR", "ERROR_LIMIT"):
        raise Fault("server_error")
    if reason == "TIMEOUT":
        raise Fault("timeout")
    draft.stop = _STOPS.get(reason)
    draft.ended = draft.stop is not None


def _count(document: dict[str, Any], draft: Draft) -> None:
    draft.raw_usage = mapping(document.get("usage"))
    draft.usage = cohere_usage(draft.raw_usage)
