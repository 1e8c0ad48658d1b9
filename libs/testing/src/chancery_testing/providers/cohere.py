"""Cohere's Chat API, version 2. https://docs.cohere.com/reference/chat, …/chat-stream, …/docs/tool-use-streaming"""

from typing import Any

from chancery_testing.providers.dialect import check_bearer, event, need, prompt_of, tools_are
from chancery_testing.providers.saying import REASONING, Asked, Call, Incoming, Refused, Said
from chancery_testing.providers.state import Provider

_STOPS = {"stop": "COMPLETE", "length": "MAX_TOKENS", "tool_calls": "TOOL_CALL", "filtered": "ERROR_TOXIC"}
TEMPLATE = 50
"""Tokens of Cohere's own, which are counted and not billed."""


class Chat:
    """`/v2/chat`."""

    media_type = "text/event-stream"
    last_events = 1

    def asked(self, incoming: Incoming, provider: Provider) -> Asked:
        """A schema beside tools is refused."""
        check_bearer(incoming, provider)
        document = incoming.document
        need(document, "model", "messages")
        tools_are([one.get("function", {}) for one in document.get("tools", [])], "parameters")
        form = document.get("response_format", {})
        if form and (form.get("type") != "json_object" or document.get("tools")):
            raise Refused(400, "response_format is not supported with tools")
        return Asked(prompt_of(document["messages"]), document["model"], bool(document.get("stream")), form.get("json_schema"))

    def whole(self, said: Said, asked: Asked) -> dict[str, Any]:
        """Content is a list, or absent beside tool calls."""
        message: dict[str, Any] = {"role": "assistant"}
        if said.text:
            message["content"] = [{"type": "text", "text": said.text}]
        if said.calls:
            message |= {"tool_plan": "I will call a tool.", "tool_calls": [_call(one, one.arguments) for one in said.calls]}
        return {"id": "c1", "finish_reason": _STOPS[said.stop], "message": message, "usage": _usage(said)}

    def events(self, said: Said, asked: Asked) -> list[bytes]:
        """`message-start`, content or tool calls, `message-end`."""
        events: list[dict[str, Any]] = [{"id": "c1", "type": "message-start", "delta": {"message": {"role": "assistant", "content": []}}}]
        if said.text:
            events.append(_of("content-start", 0, {"content": {"type": "text", "text": ""}}))
            events += [_of("content-delta", 0, {"content": {"text": piece}}) for piece in said.pieces()]
            events.append({"type": "content-end", "index": 0})
        events += [_of("tool-plan-delta", None, {"tool_plan": "I will call a tool."})] if said.calls else []
        for index, one in enumerate(said.calls):
            events.append(_of("tool-call-start", index, {"tool_calls": _call(one, "")}))
            events += [_of("tool-call-delta", index, {"tool_calls": {"function": {"arguments": piece}}}) for piece in one.pieces()]
            events.append({"type": "tool-call-end", "index": index})
        events.append({"type": "message-end", "delta": {"finish_reason": _STOPS[said.stop], "usage": _usage(said)}})
        return [event(one, one["type"]) for one in events]

    def error(self, status: int, reason: str) -> dict[str, Any]:
        """A message alone."""
        return {"message": reason, "id": "c1"}

    def failing(self) -> bytes:
        """A stream that ends in an error."""
        return event({"type": "message-end", "delta": {"finish_reason": "ERROR", "error": "failed"}}, "message-end")


def _of(kind: str, index: int | None, message: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, **({} if index is None else {"index": index}), "delta": {"message": message}}


def _call(call: Call, arguments: str) -> dict[str, Any]:
    return {"id": call.call_id, "type": "function", "function": {"name": call.name, "arguments": arguments}}


def _usage(said: Said) -> dict[str, Any]:
    """Floats, as Cohere's API has them."""
    billed = {"input_tokens": float(said.spent), "output_tokens": float(said.written + REASONING)}
    counted = {"input_tokens": float(said.spent + TEMPLATE), "output_tokens": float(said.written + REASONING)}
    return {"billed_units": billed, "tokens": counted}
