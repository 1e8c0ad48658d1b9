"""Anthropic's Messages API. https://platform.claude.com/docs/en/api/messages, …/build-with-claude/streaming, …/api/errors"""

from typing import Any

from chancery_testing.providers.dialect import check_bearer, event, need, prompt_of, tools_are
from chancery_testing.providers.saying import REASONING, Asked, Incoming, Refused, Said
from chancery_testing.providers.state import Provider

_STOPS = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "filtered": "refusal"}
_ERRORS = {
    400: "invalid_request_error", 401: "authentication_error", 404: "not_found_error", 413: "request_too_large", 429: "rate_limit_error",
    500: "api_error", 529: "overloaded_error",
}  # fmt: skip


class Messages:
    """`/v1/messages`."""

    media_type = "text/event-stream"
    last_events = 2

    def asked(self, incoming: Incoming, provider: Provider) -> Asked:
        """The version's header and `max_tokens` are required; a key comes in `x-api-key` or, as the current client has it, as a bearer."""
        if "x-api-key" not in incoming.headers:
            check_bearer(incoming, provider)
        elif provider.api_key is not None and incoming.headers["x-api-key"] != provider.api_key:
            raise Refused(401, "invalid x-api-key")
        if "anthropic-version" not in incoming.headers:
            raise Refused(400, "anthropic-version: header is required")
        document = incoming.document
        need(document, "model", "messages", "max_tokens")
        tools_are(document.get("tools", []), "input_schema")
        schema = (document.get("output_config") or {}).get("format", {}).get("schema")
        choice = document.get("tool_choice", {})
        answer_tool = choice.get("name") if choice.get("type") == "tool" else None
        if answer_tool is not None:
            schema = next(one["input_schema"] for one in document["tools"] if one["name"] == answer_tool)
        prompt = prompt_of([{"content": document.get("system", "")}, *document["messages"]])
        return Asked(prompt, document["model"], bool(document.get("stream")), schema, answer_tool)

    def whole(self, said: Said, asked: Asked) -> dict[str, Any]:
        """`message`, with a thinking block first."""
        blocks: list[dict[str, Any]] = [{"type": "thinking", "thinking": "Let me see.", "signature": "s"}]
        blocks += [{"type": "text", "text": said.text}] if said.text else []
        blocks += [{"type": "tool_use", "id": one.call_id, "name": one.name, "input": one.parsed()} for one in said.calls]
        return {**_head(asked), "content": blocks, "stop_reason": _STOPS[said.stop], "stop_sequence": None, "usage": _usage(said)}

    def events(self, said: Said, asked: Asked) -> list[bytes]:
        """`message_start` counts the input; `message_delta` counts all."""
        begun = _usage(said) | {"output_tokens": 1}
        del begun["output_tokens_details"]
        head = {**_head(asked), "content": [], "stop_reason": None, "stop_sequence": None, "usage": begun}
        events: list[dict[str, Any]] = [{"type": "message_start", "message": head}, {"type": "ping"}]
        thinking = [{"type": "thinking_delta", "thinking": "Let me see."}, {"type": "signature_delta", "signature": "s"}]
        events += _block(0, {"type": "thinking", "thinking": "", "signature": ""}, thinking)
        if said.text:
            events += _block(1, {"type": "text", "text": ""}, [{"type": "text_delta", "text": piece} for piece in said.pieces()])
        for index, one in enumerate(said.calls, start=2 if said.text else 1):
            opened = {"type": "tool_use", "id": one.call_id, "name": one.name, "input": {}}
            pieces = [{"type": "input_json_delta", "partial_json": piece} for piece in ["", *one.pieces()]]
            events += _block(index, opened, pieces)
        ending = {"stop_reason": _STOPS[said.stop], "stop_sequence": None}
        events += [{"type": "message_delta", "delta": ending, "usage": _usage(said)}, {"type": "message_stop"}]
        return [event(one, one["type"]) for one in events]

    def error(self, status: int, reason: str) -> dict[str, Any]:
        """529 is Anthropic's own."""
        return {"type": "error", "error": {"type": _ERRORS.get(status, "api_error"), "message": reason}, "request_id": "req_1"}

    def failing(self) -> bytes:
        """`overloaded_error` within a stream: "which would normally correspond to an HTTP 529"."""
        return event(self.error(529, "Overloaded"), "error")


def _block(index: int, opened: dict[str, Any], deltas: list[dict[str, Any]]) -> list[dict[str, Any]]:
    pieces = [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
    return [
        {"type": "content_block_start", "index": index, "content_block": opened},
        *pieces,
        {"type": "content_block_stop", "index": index},
    ]


def _usage(said: Said) -> dict[str, Any]:
    """What is read from the cache is not part of `input_tokens`; thinking is part of `output_tokens`."""
    return {
        "input_tokens": said.spent - said.cached, "cache_read_input_tokens": said.cached, "cache_creation_input_tokens": 0,
        "output_tokens": said.written + REASONING, "output_tokens_details": {"thinking_tokens": REASONING},
    }  # fmt: skip


def _head(asked: Asked) -> dict[str, Any]:
    return {"id": "msg_1", "type": "message", "role": "assistant", "model": asked.model}
