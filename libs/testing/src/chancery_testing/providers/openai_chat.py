"""Chat completions. https://platform.openai.com/docs/api-reference/chat/create, …/chat-streaming"""

from typing import Any

from chancery_testing.providers.dialect import check_bearer, check_fields, event, need, prompt_of, tools_are
from chancery_testing.providers.saying import REASONING, Asked, Incoming, Refused, Said
from chancery_testing.providers.state import Provider

STOPS = {"stop": "stop", "length": "length", "tool_calls": "tool_calls", "filtered": "content_filter"}
_MISTRAL_FIELDS = frozenset(
    """model messages temperature top_p max_tokens stream stop random_seed response_format tools tool_choice presence_penalty
    frequency_penalty n prediction parallel_tool_calls prompt_mode safe_prompt metadata reasoning_effort prompt_cache_key""".split()  # noqa: SIM905
)


class ChatCompletions:
    """OpenAI's, and what says that it is compatible."""

    media_type = "text/event-stream"
    last_events = 3

    def asked(self, incoming: Incoming, provider: Provider) -> Asked:
        """Without `stream_options` a stream tells no usage."""
        check_bearer(incoming, provider)
        return self._read(incoming.document)

    def _read(self, document: dict[str, Any]) -> Asked:
        need(document, "model", "messages")
        tools_are([one.get("function", {}) for one in document.get("tools", [])], "parameters")
        form = document.get("response_format", {})
        if form and (form.get("type") != "json_schema" or "schema" not in form.get("json_schema", {})):
            raise Refused(400, "response_format: json_schema is required")
        return Asked(
            prompt_of(document["messages"]), document["model"], bool(document.get("stream")), form.get("json_schema", {}).get("schema")
        )

    def whole(self, said: Said, asked: Asked) -> dict[str, Any]:
        """`chat.completion`."""
        message: dict[str, Any] = {"role": "assistant", "content": said.text or None, "refusal": None}
        if said.calls:
            message["tool_calls"] = [
                {"id": one.call_id, "type": "function", "function": {"name": one.name, "arguments": one.arguments}} for one in said.calls
            ]
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": STOPS[said.stop]}
        return {**_head(asked, "chat.completion"), "choices": [choice], "usage": usage(said)}

    def events(self, said: Said, asked: Asked) -> list[bytes]:
        """`chat.completion.chunk`, usage in one of its own without choices, `[DONE]`."""
        deltas: list[dict[str, Any]] = [{"role": "assistant", "content": "", "refusal": None}]
        deltas += [{"content": piece} for piece in said.pieces()]
        for index, one in enumerate(said.calls):
            first = {"index": index, "id": one.call_id, "type": "function", "function": {"name": one.name, "arguments": ""}}
            deltas.append({"tool_calls": [first]})
            deltas += [{"tool_calls": [{"index": index, "function": {"arguments": piece}}]} for piece in one.pieces()]
        head = _head(asked, "chat.completion.chunk")
        chunks = [event({**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}) for delta in deltas]
        chunks.append(event({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": STOPS[said.stop]}]}))
        return [*chunks, event({**head, "choices": [], "usage": usage(said)}), b"data: [DONE]\n\n"]

    def error(self, status: int, reason: str) -> dict[str, Any]:
        """As OpenAI words it."""
        kind = {429: "requests", 401: "invalid_request_error"}.get(status, "server_error" if status >= 500 else "invalid_request_error")
        code = "rate_limit_exceeded" if status == 429 else None
        return {"error": {"message": reason, "type": kind, "param": None, "code": code}}

    def failing(self) -> bytes:
        """An error in the place of a chunk."""
        return event({"error": {"message": "The server had an error", "type": "server_error", "param": None, "code": None}})


class AzureChat(ChatCompletions):
    """https://learn.microsoft.com/azure/ai-foundry/openai/reference: the key in `api-key`, the model in the path, `api-version`."""

    def asked(self, incoming: Incoming, provider: Provider) -> Asked:
        """404 without a version, as Azure has it."""
        if provider.api_key is not None and incoming.headers.get("api-key") != provider.api_key:
            raise Refused(401, "Access denied due to invalid subscription key")
        if not incoming.query.get("api-version"):
            raise Refused(404, "Resource not found")
        return self._read({"model": incoming.path.split("/")[-3]} | incoming.document)


class MistralChat(ChatCompletions):
    """https://docs.mistral.ai/api: no field that it does not know; a stream tells usage with its last chunk; tool calls come whole."""

    last_events = 2

    def asked(self, incoming: Incoming, provider: Provider) -> Asked:
        """422 for `stream_options`."""
        check_bearer(incoming, provider)
        check_fields(incoming.document, _MISTRAL_FIELDS)
        return self._read(incoming.document)

    def events(self, said: Said, asked: Asked) -> list[bytes]:
        """The last chunk has the reason and the usage."""
        head = _head(asked, "chat.completion.chunk")
        deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}, *({"content": piece} for piece in said.pieces())]
        chunks = [event({**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}) for delta in deltas]
        calls = [
            {"id": one.call_id, "index": index, "function": {"name": one.name, "arguments": one.arguments}}
            for index, one in enumerate(said.calls)
        ]
        last = {"content": "", **({"tool_calls": calls} if calls else {})}
        choice = {"index": 0, "delta": last, "finish_reason": STOPS[said.stop]}
        return [*chunks, event({**head, "choices": [choice], "usage": usage(said)}), b"data: [DONE]\n\n"]

    def error(self, status: int, reason: str) -> dict[str, Any]:
        """As Mistral words it."""
        return {"object": "error", "message": reason, "type": "invalid_request_error", "param": None, "code": None}


class VllmChat(ChatCompletions):
    """https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html: its own form of errors."""

    def error(self, status: int, reason: str) -> dict[str, Any]:
        """`code` is the status."""
        return {"error": {"message": reason, "type": "BadRequestError" if status < 500 else "InternalServerError", "code": status}}

    def failing(self) -> bytes:
        """In the place of a chunk."""
        return event(self.error(500, "EngineCore encountered an issue"))


class LlamaCppChat(ChatCompletions):
    """llama.cpp `tools/server/README.md`: `timings` beside the usage, comments that keep a connection open."""

    def whole(self, said: Said, asked: Asked) -> dict[str, Any]:
        """With `timings`."""
        return {**super().whole(said, asked), "timings": {"prompt_n": said.spent, "predicted_n": said.written}}

    def events(self, said: Said, asked: Asked) -> list[bytes]:
        """Comments come first."""
        first, *rest = super().events(said, asked)
        return [b": keep-alive\n\n" + first, *rest]

    def error(self, status: int, reason: str) -> dict[str, Any]:
        """`code` is the status."""
        return {"error": {"code": status, "message": reason, "type": "server_error" if status >= 500 else "invalid_request_error"}}


def usage(said: Said) -> dict[str, Any]:
    """Cached tokens inside the prompt's, reasoning inside the completion's."""
    return {
        "prompt_tokens": said.spent,
        "completion_tokens": said.written + REASONING,
        "total_tokens": said.spent + said.written + REASONING,
        "prompt_tokens_details": {"cached_tokens": said.cached},
        "completion_tokens_details": {"reasoning_tokens": REASONING},
    }


def _head(asked: Asked, kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-simulated", "object": kind, "created": 0, "model": asked.model}
