"""Anthropic's Messages API: POST {base_url}/v1/messages.

https://platform.claude.com/docs/en/api/messages, …/build-with-claude/streaming, …/structured-outputs, …/api/errors
"""

from typing import Any

from chancery_generation.adapters.providers.asking import base_url, conversation, outgoing, parameters, temperature
from chancery_generation.adapters.providers.framing import ServerSentEvents
from chancery_generation.adapters.providers.secrets import Secrets
from chancery_generation.adapters.providers.untrusted import arguments, document, mapping, mappings, words
from chancery_generation.adapters.providers.wire import Fault, Frame, Outgoing
from chancery_generation.domain.calls import ModelRequest
from chancery_generation.domain.completion import AttemptOutcome
from chancery_generation.domain.replies import ANSWER_TOOL, Draft, Stop
from chancery_generation.domain.retrying import outcome_of
from chancery_generation.domain.usage import anthropic_usage

VERSION = "2023-06-01"
_STOPS: dict[str, Stop] = {
    "end_turn": "stop", "stop_sequence": "stop", "max_tokens": "length", "model_context_window_exceeded": "length",
    "tool_use": "tool_calls", "refusal": "filtered",
}  # fmt: skip
_ERRORS: dict[str, AttemptOutcome] = {
    "rate_limit_error": "rate_limited", "overloaded_error": "server_error", "api_error": "server_error", "timeout_error": "timeout",
}  # fmt: skip


class AnthropicWire:
    """Option `structured: tool`: for models that know no `output_config`, the schema is a tool's that must be called."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets

    def outgoing(self, request: ModelRequest) -> Outgoing:
        """`system` stands beside the messages."""
        model, prompt = request.model, request.prompt
        variable = model.api_key_environment
        headers = {"anthropic-version": VERSION} | ({"x-api-key": self._secrets.key(variable)} if variable else {})
        body = {
            "model": model.provider_model, "max_tokens": request.max_output_tokens, "system": prompt.system,
            "messages": conversation(prompt), "stream": model.stream,
        }  # fmt: skip
        return outgoing(f"{base_url(model)}/v1/messages", request, headers, body | temperature(model) | _tools(request))

    def framing(self) -> ServerSentEvents:
        """Each event says its type in its data, too."""
        return ServerSentEvents()

    def read(self, document: dict[str, Any], draft: Draft) -> None:
        """Text and tool use; thinking is passed over."""
        _raise_error(document)
        _count(document.get("usage"), draft)
        for number, block in enumerate(mappings(document.get("content"))):
            draft.text.append(words(block.get("text")) if block.get("type") == "text" else "")
            if block.get("type") == "tool_use":
                call = draft.call(number).named(words(block.get("id")), words(block.get("name")))
                call.arguments.append(arguments(block.get("input")))
        draft.stop = _STOPS.get(words(document.get("stop_reason")))
        draft.ended = draft.stop is not None

    def take(self, frame: Frame, draft: Draft) -> None:
        """Usage is cumulative: what a later event tells replaces what was told."""
        event = document(frame.data)
        match event.get("type"):
            case "error":
                _raise_error(event)
            case "message_start":
                _count(mapping(event.get("message")).get("usage"), draft)
            case "content_block_start":
                block = mapping(event.get("content_block"))
                if block.get("type") == "tool_use":
                    draft.call(_index(event)).named(words(block.get("id")), words(block.get("name")))
            case "content_block_delta":
                _delta(mapping(event.get("delta")), _index(event), draft)
            case "message_delta":
                _count(event.get("usage"), draft)
                draft.stop = _STOPS.get(words(mapping(event.get("delta")).get("stop_reason")), draft.stop)
            case "message_stop":
                draft.ended = draft.stop is not None

    def outcome(self, status: int, document: dict[str, Any]) -> AttemptOutcome:
        """529 is `overloaded_error`."""
        return _ERRORS.get(words(mapping(document.get("error")).get("type"))) or outcome_of(status)


def _delta(delta: dict[str, Any], index: int, draft: Draft) -> None:
    if delta.get("type") == "text_delta":
        draft.text.append(words(delta.get("text")))
    elif delta.get("type") == "input_json_delta":
        draft.call(index).arguments.append(words(delta.get("partial_json")))


def _index(event: dict[str, Any]) -> int:
    index = event.get("index")
    return index if isinstance(index, int) else -1


def _count(usage: Any, draft: Draft) -> None:
    draft.raw_usage = draft.raw_usage | {name: count for name, count in mapping(usage).items() if count is not None}
    draft.usage = anthropic_usage(draft.raw_usage)


def _raise_error(document: dict[str, Any]) -> None:
    if document.get("type") == "error":
        raise Fault(_ERRORS.get(words(mapping(document.get("error")).get("type")), "rejected"))


def _tools(request: ModelRequest) -> dict[str, Any]:
    prompt, schema = request.prompt, request.prompt.output_schema
    tools = [{"name": one.name, "description": one.description, "input_schema": parameters(one.parameters)} for one in prompt.tools]
    if schema is None:
        return {"tools": tools} if tools else {}
    if request.model.options.get("structured") != "tool":
        return {"output_config": {"format": {"type": "json_schema", "schema": schema}}} | ({"tools": tools} if tools else {})
    answer = {"name": ANSWER_TOOL, "description": "Gives the answer.", "input_schema": schema}
    choice = {"type": "any"} if tools else {"type": "tool", "name": ANSWER_TOOL}
    return {"tools": [*tools, answer], "tool_choice": choice}
