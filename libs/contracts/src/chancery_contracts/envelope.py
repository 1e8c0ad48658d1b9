"""CloudEvents 1.0 over Kafka: binary mode is written, binary and structured modes are read.

Source: CloudEvents Kafka protocol binding 1.0.2, §3.2 (binary) and §3.3 (structured).
"""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec
from pydantic import ValidationError

from chancery_contracts.base import MAX_DATA_BYTES, Payload
from chancery_contracts.event import AnyEvent, Event
from chancery_contracts.failures import Poison
from chancery_contracts.identifiers import is_identifier, is_tenant
from chancery_contracts.topics import PAYLOADS, TOPIC_OF_TYPE

CONTENT_TYPE = b"application/json"
STRUCTURED = "application/cloudevents+json"
Headers = tuple[tuple[str, bytes], ...]

_EXTENSIONS = ("interaction", "conversation", "matter", "causation", "namespace")
_ATTRIBUTES = {f"ce_{name}": name for name in ("specversion", "id", "source", "type", "time", "tenant", *_EXTENSIONS)} | {
    "content-type": "datacontenttype",
    "traceparent": "traceparent",
}
"""The headers that are read, and the attributes that they hold."""
_SPECVERSION, _CONTENT = ("ce_specversion", b"1.0"), ("content-type", CONTENT_TYPE)
_TYPES = {name: ("ce_type", name.encode()) for name in PAYLOADS}
_IN_STREAM = frozenset(name for name, topic in TOPIC_OF_TYPE.items() if topic.name.startswith("interactions."))


class Encoded(msgspec.Struct, frozen=True):
    """An event as Kafka carries it."""

    key: bytes
    value: bytes
    headers: Headers


class Origin(msgspec.Struct, frozen=True):
    """What the broker says of a record: its tenant outranks what the record says of itself."""

    topic_tenant: str | None
    timestamp_ms: int
    default_source: str = "kafka"

    @property
    def time(self) -> datetime:
        """For a record that does not say its own."""
        return datetime.fromtimestamp(self.timestamp_ms / 1000, UTC)


def encode(event: AnyEvent) -> Encoded:
    """Binary mode: attributes in `ce_` headers, data as the value."""
    data = event.data
    headers: list[tuple[str, bytes]] = [
        _SPECVERSION,
        ("ce_id", event.id.encode()),
        ("ce_source", event.source.encode()),
        _TYPES[data.TYPE],
        ("ce_time", event.time.isoformat().encode()),
        ("ce_tenant", event.tenant.encode()),
        _CONTENT,
    ]
    # Written out and not a loop over names: this and `decode` are the hot path of every stage.
    if event.interaction is not None:
        headers.append(("ce_interaction", event.interaction.encode()))
    if event.conversation is not None:
        headers.append(("ce_conversation", event.conversation.encode()))
    if event.matter is not None:
        headers.append(("ce_matter", event.matter.encode()))
    if event.causation is not None:
        headers.append(("ce_causation", event.causation.encode()))
    headers.append(("ce_namespace", event.namespace.encode()))
    if event.traceparent is not None:
        headers.append(("traceparent", event.traceparent.encode()))
    return Encoded(event.key.encode(), data.__pydantic_serializer__.to_json(data), tuple(headers))


def to_structured(event: AnyEvent) -> dict[str, Any]:
    """The event as one JSON document (CloudEvents JSON format §3)."""
    document: dict[str, Any] = {
        "specversion": "1.0",
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "time": event.time.isoformat(),
        "tenant": event.tenant,
        "datacontenttype": "application/json",
        "data": event.data.model_dump(mode="json"),
    }
    extensions = {name: getattr(event, name) for name in (*_EXTENSIONS, "traceparent")}
    return document | {name: value for name, value in extensions.items() if value is not None}


def encode_structured(event: AnyEvent) -> Encoded:
    """Structured mode, for publishers that prefer it."""
    value = json.dumps(to_structured(event), ensure_ascii=False).encode()
    return Encoded(event.key.encode(), value, (("content-type", STRUCTURED.encode() + b"; charset=utf-8"),))


def decode(value: bytes | None, headers: Iterable[tuple[str, bytes]], origin: Origin) -> AnyEvent:
    """Reads either mode. Raises Poison, in words that quote nothing of the record, for what is not one of our events."""
    plain: dict[str, str] = {}
    try:
        for name, raw in headers:
            attribute = _ATTRIBUTES.get(name)
            if attribute is not None:
                plain[attribute] = raw.decode()
    except (UnicodeDecodeError, AttributeError) as exc:
        raise Poison("a header is not UTF-8 text", code="invalid_request") from exc
    if value is None:
        raise Poison("the record has no data (a tombstone)", code="invalid_request")
    if len(value) > MAX_DATA_BYTES:
        raise Poison(f"oversized: {len(value)} bytes of data, {MAX_DATA_BYTES} are allowed", code="invalid_request")
    if plain.get("datacontenttype", "").startswith(STRUCTURED):
        return _decode_structured(value, origin)
    payload = _payload_type(plain)
    try:
        data = payload.__pydantic_validator__.validate_json(value)
    except ValidationError as exc:
        raise Poison(_explain(exc), code="invalid_request") from exc
    return _build(plain, data, origin)


def interaction_claimed(value: bytes | None, headers: Iterable[tuple[str, bytes]]) -> tuple[str, str | None] | None:
    """Interaction and conversation that a record we could not decode claims, so that its requester can be answered."""
    found = {name: raw.decode(errors="replace") for name, raw in headers if isinstance(raw, bytes)}
    if found.get("content-type", "").startswith(STRUCTURED) and value is not None and len(value) <= MAX_DATA_BYTES:
        try:
            document = json.loads(value)
        except (ValueError, RecursionError):
            return None
        found = {f"ce_{name}": text for name, text in document.items() if isinstance(text, str)} if isinstance(document, dict) else {}
    interaction = found.get("ce_interaction") or found.get("ce_id")
    if interaction is None or not is_identifier(interaction):
        return None
    conversation = found.get("ce_conversation")
    return interaction, conversation if conversation and is_identifier(conversation) else None


def _decode_structured(value: bytes, origin: Origin) -> AnyEvent:
    try:
        document = json.loads(value)
    except (ValueError, RecursionError) as exc:
        raise Poison("the structured event is not JSON", code="invalid_request") from exc
    if not isinstance(document, dict):
        raise Poison("the structured event is not a JSON object", code="invalid_request")
    plain = {name: text for name, text in document.items() if isinstance(text, str)}
    payload = _payload_type(plain)
    try:
        # Through JSON again: "frozen and tolerant" has one meaning, that of the binary mode.
        data = payload.model_validate_json(json.dumps(document.get("data")))
    except ValidationError as exc:
        raise Poison(_explain(exc), code="invalid_request") from exc
    return _build(plain, data, origin)


def _payload_type(attributes: dict[str, str]) -> type[Payload]:
    if attributes.get("specversion") != "1.0":
        raise Poison("not a CloudEvents 1.0 event (ce_specversion)", code="invalid_request")
    payload = PAYLOADS.get(attributes.get("type", ""))
    if payload is None:
        raise Poison("unknown type or version of event (ce_type)", code="invalid_request")
    return payload


def _build(attributes: dict[str, str], data: Payload, origin: Origin) -> AnyEvent:
    get = attributes.get
    event_id, tenant = get("id"), get("tenant") or origin.topic_tenant
    interaction, conversation, matter, causation = get("interaction"), get("conversation"), get("matter"), get("causation")
    for value in (event_id, interaction, conversation, matter, causation):
        if value is not None and not is_identifier(value):
            raise Poison(_malformed(attributes), code="invalid_request")
    if event_id is None:
        raise Poison("attribute id is missing", code="invalid_request")
    if tenant is None or not is_tenant(tenant):
        raise Poison("attribute tenant is missing or malformed", code="invalid_request")
    if origin.topic_tenant is not None and tenant != origin.topic_tenant:
        raise Poison("the event claims another tenant than its topic", code="invalid_request")
    if interaction is None and data.TYPE in _IN_STREAM:
        interaction = event_id
    namespace = get("namespace", "live")
    if namespace != "live" and not is_identifier(namespace):
        raise Poison("attribute namespace is not an identifier", code="invalid_request")
    return Event(
        id=event_id,
        source=get("source") or origin.default_source,
        time=_time(get("time"), origin),
        tenant=tenant,
        data=data,
        interaction=interaction,
        conversation=conversation,
        matter=matter,
        causation=causation,
        namespace=namespace,
        traceparent=get("traceparent"),
    )


def _malformed(attributes: dict[str, str]) -> str:
    names = [name for name in ("id", *_EXTENSIONS) if name in attributes and not is_identifier(attributes[name])]
    return f"attribute {names[0]} is not an identifier"


def _time(text: str | None, origin: Origin) -> datetime:
    if text is None:
        return origin.time
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError as exc:
        raise Poison("attribute time is not RFC 3339", code="invalid_request") from exc
    return parsed if parsed.tzinfo is not None else parsed.replace(tzinfo=UTC)


def _explain(error: ValidationError) -> str:
    """Where and what, never the value: it may be personal. Field names of ours only; a publisher's keys are not quoted."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    place = ".".join(str(step) for step in first["loc"][:4] if isinstance(step, int) or str(step).isidentifier())[:80]
    return f"data does not fit its schema: {place or 'data'}: {first['type']}"
