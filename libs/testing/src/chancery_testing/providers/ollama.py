"""Ollama's own API. https://github.com/ollama/ollama/blob/main/docs/api.md"""

import json
from typing import Any

from chancery_testing.providers.dialect import check_bearer, need, prompt_of, tools_are
from chancery_testing.providers.saying import REASONING, Asked, Call, Incoming, Said
from chancery_testing.providers.state import Provider


class OllamaChat:
    """`/api/chat`: streams unless told not to."""

    media_type = "application/x-ndjson"
    last_events = 1

    def asked(self, incoming: Incoming, provider: Provider) -> Asked:
        """A schema is `format`."""
        check_bearer(incoming, provider)
        document = incoming.document
        need(document, "model", "messages")
        tools_are([one.get("function", {}) for one in document.get("tools", [])], "parameters")
        return Asked(prompt_of(document["messages"]), document["model"], document.get("stream", True) is not False, document.get("format"))

    def whole(self, said: Said, asked: Asked) -> dict[str, Any]:
        """The last line's counts, with the message."""
        message: dict[str, Any] = {"role": "assistant", "content": said.text}
        if said.calls:
            message["tool_calls"] = [_call(one) for one in said.calls]
        return {**_head(asked), "message": message, **_end(said)}

    def events(self, said: Said, asked: Asked) -> list[bytes]:
        """A line for each piece; a call comes whole."""
        messages: list[dict[str, Any]] = [{"role": "assistant", "content": piece} for piece in said.pieces()]
        messages += [{"role": "assistant", "content": "", "tool_calls": [_call(one)]} for one in said.calls]
        lines = [{**_head(asked), "message": message, "done": False} for message in messages]
        lines.append({**_head(asked), "message": {"role": "assistant", "content": ""}, **_end(said)})
        return [json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in lines]

    def error(self, status: int, reason: str) -> dict[str, Any]:
        """A string."""
        return {"error": reason}

    def failing(self) -> bytes:
        """A line of its own."""
        return b'{"error":"an error was encountered while running the model"}\n'


def _call(call: Call) -> dict[str, Any]:
    return {"function": {"name": call.name, "arguments": call.parsed()}}


def _end(said: Said) -> dict[str, Any]:
    """A filter is unknown here: what would be filtered is said."""
    return {
        "done": True, "done_reason": "length" if said.stop == "length" else "stop", "total_duration": 1, "load_duration": 1,
        "prompt_eval_count": said.spent, "prompt_eval_duration": 1, "eval_count": said.written + REASONING, "eval_duration": 1,
    }  # fmt: skip


def _head(asked: Asked) -> dict[str, Any]:
    return {"model": asked.model, "created_at": "2026-11-02T09:00:00.000000Z"}
