"""What every simulated wire can do, and what most of them do alike."""

import json
from typing import Any, Protocol

from chancery_testing.providers.saying import Asked, Incoming, Refused, Said
from chancery_testing.providers.state import Provider


class Dialect(Protocol):
    """A vendor's wire."""

    media_type: str
    last_events: int
    """So many events end a stream: usage, the reason to stop, the end itself."""

    def asked(self, incoming: Incoming, provider: Provider) -> Asked:
        """What is wanted. Raises Refused for what the vendor would not take."""

    def whole(self, said: Said, asked: Asked) -> dict[str, Any]:
        """A reply at once."""

    def events(self, said: Said, asked: Asked) -> list[bytes]:
        """A reply piece by piece, each as it goes over the wire."""

    def error(self, status: int, reason: str) -> dict[str, Any]:
        """The body of a response that is not 200."""

    def failing(self) -> bytes:
        """The event by which a stream that began well fails."""


def event(document: dict[str, Any], name: str | None = None) -> bytes:
    """A server-sent event."""
    return (f"event: {name}\n" if name else "").encode() + b"data: " + json.dumps(document, ensure_ascii=False).encode() + b"\n\n"


def check_bearer(incoming: Incoming, provider: Provider) -> None:
    """Raises Refused."""
    if provider.api_key is not None and incoming.headers.get("authorization") != f"Bearer {provider.api_key}":
        raise Refused(401, "no such key")


def check_fields(document: dict[str, Any], known: frozenset[str]) -> None:
    """Vendors that take no field that they do not know. Raises Refused."""
    if unknown := sorted(set(document) - known):
        raise Refused(422, f"extra fields: {', '.join(unknown)}")


def need(document: dict[str, Any], *names: str) -> None:
    """Raises Refused for the first that is missing."""
    for name in names:
        if name not in document:
            raise Refused(400, f"{name}: field required")


def prompt_of(messages: list[dict[str, Any]]) -> str:
    """All that was said to the model."""
    return "\n".join(_text(message.get("content", "")) for message in messages)


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "")) for part in content)
    return str(content)


def tools_are(tools: list[dict[str, Any]], schema: str) -> None:
    """Each has a name, and a schema under this one. Raises Refused."""
    for tool in tools:
        if not tool.get("name") or not isinstance(tool.get(schema), dict):
            raise Refused(400, "tools: a name and a schema are required")
