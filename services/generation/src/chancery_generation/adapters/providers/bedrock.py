"""Amazon Bedrock's Converse and ConverseStream.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html, …API_runtime_ConverseStream.html;
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import json
from typing import Any
from urllib.parse import quote

import httpx
from chancery_contracts.bodies import ModelBody
from chancery_contracts.event import Clock
from chancery_runtime.keys.sigv4 import Target, signed

from chancery_generation.adapters.providers.asking import conversation, outgoing, parameters, temperature
from chancery_generation.adapters.providers.event_stream import EventStream
from chancery_generation.adapters.providers.secrets import Secrets
from chancery_generation.adapters.providers.untrusted import arguments, document, mapping, mappings, words
from chancery_generation.adapters.providers.wire import Fault, Frame, Outgoing
from chancery_generation.domain.calls import ModelRequest
from chancery_generation.domain.completion import AttemptOutcome
from chancery_generation.domain.replies import ANSWER_TOOL, Draft, Stop
from chancery_generation.domain.retrying import outcome_of
from chancery_generation.domain.usage import bedrock_usage
from chancery_generation.errors import MissingBaseUrl

_STOPS: dict[str, Stop] = {
    "end_turn": "stop", "stop_sequence": "stop", "max_tokens": "length", "model_context_window_exceeded": "length",
    "tool_use": "tool_calls", "guardrail_intervened": "filtered", "content_filtered": "filtered",
}  # fmt: skip
"""`malformed_model_output` and `malformed_tool_use` are no ends."""
_EXCEPTIONS: dict[str, AttemptOutcome] = {
    "throttlingexception": "rate_limited", "modelnotreadyexception": "rate_limited", "modeltimeoutexception": "timeout",
    "modelerrorexception": "server_error", "modelstreamerrorexception": "server_error", "internalserverexception": "server_error",
    "serviceunavailableexception": "server_error",
}  # fmt: skip


class BedrockWire:
    """An API key of Bedrock's where the model names one; else a signature by the process's AWS credentials.

    Option `structured: tool`: for models that know no `outputConfig`, the schema is a tool's that must be called.
    """

    def __init__(self, secrets: Secrets, clock: Clock) -> None:
        self._secrets = secrets
        self._clock = clock

    def outgoing(self, request: ModelRequest) -> Outgoing:
        """POST /model/{id}/converse or /converse-stream. A signature holds for this host, region, body and some minutes."""
        model = request.model
        path = f"/model/{quote(model.provider_model, safe='')}/converse{'-stream' if model.stream else ''}"
        host, region = _endpoint(model)
        plain = outgoing(f"{host}{path}", request, self._secrets.bearer(model.api_key_environment), _body(request))
        if model.api_key_environment is not None:
            return plain
        address = httpx.URL(plain.url)
        target = Target(address.netloc.decode(), region, "bedrock", address.raw_path.decode())
        headers = signed(self._secrets.credentials(), target, dict(plain.headers), plain.body, self._clock())
        return Outgoing(plain.url, headers, plain.body)

    def framing(self) -> EventStream:
        """Binary."""
        return EventStream()

    def read(self, document: dict[str, Any], draft: Draft) -> None:
        """Text and tool use; reasoning is passed over."""
        _count(document, draft)
        message = mapping(mapping(document.get("output")).get("message"))
        for number, block in enumerate(mappings(message.get("content"))):
            draft.text.append(words(block.get("text")))
            if isinstance(block.get("toolUse"), dict):
                _begun(block["toolUse"], number, draft).arguments.append(arguments(block["toolUse"].get("input")))
        draft.stop = _STOPS.get(words(document.get("stopReason")))
        draft.ended = draft.stop is not None

    def take(self, frame: Frame, draft: Draft) -> None:
        """`metadata`, with the usage, is the last event."""
        if frame.exception:
            raise Fault(_EXCEPTIONS.get(frame.name.lower(), "rejected"))
        event = document(frame.data)
        index = event["contentBlockIndex"] if isinstance(event.get("contentBlockIndex"), int) else -1
        match frame.name:
            case "contentBlockStart" if tool := mapping(mapping(event.get("start")).get("toolUse")):
                _begun(tool, index, draft)
            case "contentBlockDelta":
                delta = mapping(event.get("delta"))
                draft.text.append(words(delta.get("text")))
                if isinstance(delta.get("toolUse"), dict):
                    draft.call(index).arguments.append(words(delta["toolUse"].get("input")))
            case "messageStop":
                draft.stop = _STOPS.get(words(event.get("stopReason")))
            case "metadata":
                _count(event, draft)
                draft.ended = draft.stop is not None

    def outcome(self, status: int, document: dict[str, Any]) -> AttemptOutcome:
        """By the exception's name, where the body has it (`__type`); it stands in a header otherwise, and the status agrees with it."""
        named = _EXCEPTIONS.get(words(document.get("__type")).rpartition("#")[2].lower())
        if named is None and status in (408, 424):
            return "timeout" if status == 408 else "server_error"
        return named or outcome_of(status)


def _endpoint(model: ModelBody) -> tuple[str, str]:
    if model.region is None:
        raise MissingBaseUrl("a model on Bedrock has no region")
    return (model.base_url or f"https://bedrock-runtime.{model.region}.amazonaws.com").rstrip("/"), model.region


def _body(request: ModelRequest) -> dict[str, Any]:
    prompt = request.prompt
    messages = [{"role": one["role"], "content": [{"text": one["content"]}]} for one in conversation(prompt)]
    settings = {"maxTokens": request.max_output_tokens} | temperature(request.model)
    body: dict[str, Any] = {"messages": messages, "inferenceConfig": settings} | _tools(request)
    return body | {"system": [{"text": prompt.system}]} if prompt.system else body


def _tools(request: ModelRequest) -> dict[str, Any]:
    prompt, schema = request.prompt, request.prompt.output_schema
    tools = [_tool(one.name, one.description or one.name, parameters(one.parameters)) for one in prompt.tools]
    if schema is None:
        return {"toolConfig": {"tools": tools}} if tools else {}
    if request.model.options.get("structured") == "tool":
        choice: dict[str, Any] = {"any": {}} if tools else {"tool": {"name": ANSWER_TOOL}}
        return {"toolConfig": {"tools": [*tools, _tool(ANSWER_TOOL, "Gives the answer.", schema)], "toolChoice": choice}}
    text = {"type": "json_schema", "structure": {"jsonSchema": {"name": "answer", "schema": json.dumps(schema)}}}
    return {"outputConfig": {"textFormat": text}} | ({"toolConfig": {"tools": tools}} if tools else {})


def _tool(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"toolSpec": {"name": name, "description": description, "inputSchema": {"json": schema}}}


def _begun(tool: dict[str, Any], key: int, draft: Draft) -> Any:
    return draft.call(key).named(words(tool.get("toolUseId")), words(tool.get("name")))


def _count(document: dict[str, Any], draft: Draft) -> None:
    draft.raw_usage = mapping(document.get("usage"))
    draft.usage = bedrock_usage(draft.raw_usage)
