"""OpenAI's Responses API. Of a stream the last event counts alone: it holds the whole response, whatever pieces came before it.

https://platform.openai.com/docs/api-reference/responses, …/responses-streaming
"""

from typing import Any

from chancery_generation.adapters.providers.asking import base_url, closed, conversation, outgoing, parameters, temperature
from chancery_generation.adapters.providers.framing import ServerSentEvents
from chancery_generation.adapters.providers.openai_chat import REASONING_MODEL
from chancery_generation.adapters.providers.secrets import Secrets
from chancery_generation.adapters.providers.untrusted import arguments, document, mapping, mappings, words
from chancery_generation.adapters.providers.wire import Fault, Frame, Outgoing
from chancery_generation.domain.calls import ModelRequest
from chancery_generation.domain.completion import AttemptOutcome
from chancery_generation.domain.replies import Draft
from chancery_generation.domain.retrying import outcome_of
from chancery_generation.domain.usage import normalise_usage

_LAST = frozenset({"response.completed", "response.incomplete", "response.failed"})


class ResponsesWire:
    """Nothing is stored at the provider's: `store` is false."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets

    def outgoing(self, request: ModelRequest) -> Outgoing:
        """POST {base_url}/responses."""
        model, prompt = request.model, request.prompt
        body = {
            "model": model.provider_model, "instructions": prompt.system, "input": conversation(prompt), "stream": model.stream,
            "max_output_tokens": request.max_output_tokens, "store": False,
        }  # fmt: skip
        steady = {} if REASONING_MODEL.match(model.provider_model) else temperature(model)
        headers = self._secrets.bearer(model.api_key_environment)
        return outgoing(f"{base_url(model)}/responses", request, headers, body | steady | _tools(request) | _format(request))

    def framing(self) -> ServerSentEvents:
        """Each event says its type in its data, too."""
        return ServerSentEvents()

    def read(self, document: dict[str, Any], draft: Draft) -> None:
        """Messages and function calls; reasoning items are passed over."""
        if isinstance(document.get("usage"), dict):
            draft.raw_usage = document["usage"]
            draft.usage = normalise_usage(draft.raw_usage)
        if document.get("status") == "failed" or document.get("error"):
            raise Fault(_error_outcome(mapping(document.get("error"))))
        draft.stop = "stop"
        if document.get("status") == "incomplete":
            filtered = mapping(document.get("incomplete_details")).get("reason") == "content_filter"
            draft.stop = "filtered" if filtered else "length"
        for number, item in enumerate(mappings(document.get("output"))):
            _item(item, number, draft)
        draft.ended = document.get("status") in ("completed", "incomplete")

    def take(self, frame: Frame, draft: Draft) -> None:
        """Deltas are not kept."""
        event = document(frame.data)
        kind = words(event.get("type"))
        if kind == "error":
            raise Fault(_error_outcome(mapping(event.get("error")) or event))
        if kind in _LAST and not draft.ended:
            self.read(mapping(event.get("response")), draft)

    def outcome(self, status: int, document: dict[str, Any]) -> AttemptOutcome:
        """429 is also said of an account without money, which no wait mends."""
        if mapping(document.get("error")).get("code") == "insufficient_quota":
            return "rejected"
        return outcome_of(status)


def _item(item: dict[str, Any], number: int, draft: Draft) -> None:
    if item.get("type") == "function_call":
        draft.call(number).named(words(item.get("call_id")), words(item.get("name"))).arguments.append(arguments(item.get("arguments")))
    elif item.get("type") == "message":
        for part in mappings(item.get("content")):
            if part.get("type") == "refusal":
                draft.stop = "filtered"
            elif part.get("type") == "output_text":
                draft.text.append(words(part.get("text")))


def _tools(request: ModelRequest) -> dict[str, Any]:
    tools = [
        {
            "type": "function", "name": one.name, "description": one.description, "parameters": parameters(one.parameters),
            "strict": closed(parameters(one.parameters)),
        }
        for one in request.prompt.tools
    ]  # fmt: skip
    return {"tools": tools} if tools else {}


def _format(request: ModelRequest) -> dict[str, Any]:
    schema = request.prompt.output_schema
    if schema is None:
        return {}
    return {"text": {"format": {"type": "json_schema", "name": "answer", "schema": schema, "strict": closed(schema)}}}


def _error_outcome(error: dict[str, Any]) -> AttemptOutcome:
    code = words(error.get("code"))
    if code == "rate_limit_exceeded":
        return "rate_limited"
    return "rejected" if code.startswith("invalid_") else "server_error"
