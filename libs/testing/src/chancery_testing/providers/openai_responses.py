"""The Responses API. https://platform.openai.com/docs/api-reference/responses/create, …/responses-streaming"""

from typing import Any

from chancery_testing.providers.dialect import check_bearer, event, need, prompt_of, tools_are
from chancery_testing.providers.openai_chat import ChatCompletions
from chancery_testing.providers.saying import REASONING, Asked, Incoming, Refused, Said
from chancery_testing.providers.state import Provider


class Responses:
    """`/v1/responses`."""

    media_type = "text/event-stream"
    last_events = 1

    def asked(self, incoming: Incoming, provider: Provider) -> Asked:
        """Tools are flat here; the schema is the text's format."""
        check_bearer(incoming, provider)
        document = incoming.document
        need(document, "model", "input")
        tools_are(document.get("tools", []), "parameters")
        form = document.get("text", {}).get("format", {})
        if form and (form.get("type") != "json_schema" or not form.get("name")):
            raise Refused(400, "text.format: a name is required")
        given = document["input"]
        prompt = prompt_of([{"content": given}] if isinstance(given, str) else given)
        return Asked(f"{document.get('instructions', '')}\n{prompt}", document["model"], bool(document.get("stream")), form.get("schema"))

    def whole(self, said: Said, asked: Asked) -> dict[str, Any]:
        """`response`, with a reasoning item that holds nothing."""
        output: list[dict[str, Any]] = [{"type": "reasoning", "id": "rs_1", "summary": []}]
        if said.text:
            part = {"type": "output_text", "text": said.text, "annotations": [], "logprobs": []}
            output.append({"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [part]})
        output += [
            {"type": "function_call", "id": f"fc_{one.call_id}", "call_id": one.call_id, "name": one.name, "arguments": one.arguments,
             "status": "completed"}
            for one in said.calls
        ]  # fmt: skip
        reason = {"length": "max_output_tokens", "filtered": "content_filter"}.get(said.stop)
        return {
            **_head(asked), "status": "incomplete" if reason else "completed", "incomplete_details": {"reason": reason} if reason else None,
            "output": output, "usage": _usage(said),
        }  # fmt: skip

    def events(self, said: Said, asked: Asked) -> list[bytes]:
        """Each has its type twice and a number; the last holds the whole response."""
        whole = self.whole(said, asked)
        started = {**_head(asked), "status": "in_progress", "incomplete_details": None, "output": [], "usage": None}
        events: list[dict[str, Any]] = [{"type": "response.created", "response": started}]
        for index, item in enumerate(whole["output"]):
            events.append({"type": "response.output_item.added", "output_index": index, "item": _opened(item)})
            events += _deltas(item, index)
            events.append({"type": "response.output_item.done", "output_index": index, "item": item})
        events.append({"type": f"response.{whole['status']}", "response": whole})
        return [event({**one, "sequence_number": number}, one["type"]) for number, one in enumerate(events)]

    def error(self, status: int, reason: str) -> dict[str, Any]:
        """As chat completions."""
        return ChatCompletions().error(status, reason)

    def failing(self) -> bytes:
        """`error`."""
        return event({"type": "error", "code": "server_error", "message": "failed", "param": None, "sequence_number": 1}, "error")


def _opened(item: dict[str, Any]) -> dict[str, Any]:
    empty: dict[str, dict[str, Any]] = {"message": {"content": [], "status": "in_progress"}, "function_call": {"arguments": ""}}
    return item | empty.get(item["type"], {})


def _deltas(item: dict[str, Any], index: int) -> list[dict[str, Any]]:
    place = {"item_id": item["id"], "output_index": index}
    if item["type"] == "function_call":
        text, kind, more = item["arguments"], "response.function_call_arguments", {"name": item["name"], "arguments": item["arguments"]}
    elif item["type"] == "message":
        text, kind, more = item["content"][0]["text"], "response.output_text", {"text": item["content"][0]["text"], "content_index": 0}
    else:
        return []
    opening = {
        "type": "response.content_part.added",
        **place,
        "content_index": 0,
        "part": {"type": "output_text", "text": "", "annotations": []},
    }
    pieces = [{"type": f"{kind}.delta", **place, "content_index": 0, "delta": text[at : at + 7]} for at in range(0, len(text), 7)]
    return [*([opening] if item["type"] == "message" else []), *pieces, {"type": f"{kind}.done", **place, **more}]


def _usage(said: Said) -> dict[str, Any]:
    return {
        "input_tokens": said.spent, "input_tokens_details": {"cached_tokens": said.cached, "cache_write_tokens": 0},
        "output_tokens": said.written + REASONING, "output_tokens_details": {"reasoning_tokens": REASONING},
        "total_tokens": said.spent + said.written + REASONING,
    }  # fmt: skip


def _head(asked: Asked) -> dict[str, Any]:
    return {
        "id": "resp_1", "object": "response", "created_at": 0, "model": asked.model, "error": None, "instructions": None, "metadata": {},
        "parallel_tool_calls": True, "temperature": 0.0, "tool_choice": "auto", "tools": [], "top_p": 1.0,
    }  # fmt: skip
