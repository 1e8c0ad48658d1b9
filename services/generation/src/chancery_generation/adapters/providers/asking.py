"""What requests have in common: addresses, headers, messages, tools, schemas."""

import json
from collections.abc import Iterator
from typing import Any

from chancery_contracts.bodies import ModelBody

from chancery_generation.adapters.providers.wire import Outgoing
from chancery_generation.domain.calls import ModelRequest
from chancery_generation.domain.prompting import RenderedPrompt
from chancery_generation.errors import BadOption, MissingBaseUrl


def base_url(model: ModelBody) -> str:
    """Raises MissingBaseUrl."""
    if model.base_url is None:
        raise MissingBaseUrl("the model has no base_url")
    return model.base_url.rstrip("/")


def outgoing(url: str, request: ModelRequest, headers: dict[str, str], body: dict[str, Any]) -> Outgoing:
    """`Idempotency-Key` is the event's id: no vendor documents it for completions, but gateways before them, and ours, heed it."""
    common = {"Content-Type": "application/json", "Accept": "*/*", "Idempotency-Key": request.key}
    return Outgoing(url, common | headers, json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode())


def conversation(prompt: RenderedPrompt) -> list[dict[str, str]]:
    """Examples, then the question."""
    examples = [{"role": one.role, "content": one.content} for one in prompt.messages]
    return [*examples, {"role": "user", "content": prompt.user}]


def with_system(prompt: RenderedPrompt) -> list[dict[str, str]]:
    """The same, where the system's words are a message."""
    return [{"role": "system", "content": prompt.system}, *conversation(prompt)]


def parameters(schema: dict[str, Any]) -> dict[str, Any]:
    """A tool without parameters is one of an object without properties."""
    return schema or {"type": "object", "properties": {}}


def function_tools(prompt: RenderedPrompt) -> dict[str, Any]:
    """As OpenAI's chat completions first had them, and most others since."""
    tools = [
        {"type": "function", "function": {"name": one.name, "description": one.description, "parameters": parameters(one.parameters)}}
        for one in prompt.tools
    ]
    return {"tools": tools} if tools else {}


def temperature(model: ModelBody) -> dict[str, float]:
    """0, unless the model's options say another, or `default`: some models refuse to be told. Raises BadOption."""
    said = model.options.get("temperature", "0")
    try:
        return {} if said == "default" else {"temperature": float(said)}
    except ValueError as exc:
        raise BadOption("the option `temperature` is neither a number nor `default`") from exc


def closed(schema: Any) -> bool:
    """Whether a schema keeps OpenAI's rules of `strict`: no object in it may have more, or less, than its properties."""
    return all(
        one.get("additionalProperties") is False and set(one.get("required") or ()) == set(one.get("properties") or {})
        for one in _objects(schema)
    )


def _objects(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, list):
        for one in schema:
            yield from _objects(one)
    elif isinstance(schema, dict):
        if schema.get("type") == "object" or "properties" in schema:
            yield schema
        for one in schema.values():
            yield from _objects(one)
