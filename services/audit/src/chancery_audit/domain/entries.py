"""An entry of the trail: what is hashed, what is sealed, and what tells two contents of one id apart."""

import hmac
from dataclasses import dataclass
from hashlib import sha256

from chancery_bus import Received
from chancery_contracts.event import AnyEvent
from chancery_contracts.topics import ACCESS, PAYLOADS, PRIVACY, READS, TOPIC_OF_TYPE
from chancery_ledger import LeafFields, LeafRefused, leaf_bytes, leaf_hash, link

from chancery_audit.domain.versions import leaf_versions
from chancery_audit.errors import Unrecordable

Identity = tuple[str, str, str]
"""Tenant, namespace, event id: one entry has it."""
KeyScope = tuple[str, str]
"""Tenant, and what one data key covers there."""
RAW_TYPES = frozenset(name for name in PAYLOADS if TOPIC_OF_TYPE[name].pii == "raw")
"""Types whose payloads hold personal data as they were written."""
KEPT_TOPICS = (PRIVACY, READS, ACCESS)
"""What tells of an erasure, who had read what was erased, and who might, must not go with it."""
_KEPT_TYPES = frozenset(name for name in PAYLOADS if TOPIC_OF_TYPE[name] in KEPT_TOPICS)


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a tenant's chain."""

    size: int
    link: bytes


@dataclass(frozen=True, slots=True)
class DataKey:
    """A data key, and how the key service wrapped it. `fresh`: made just now, and in no database yet."""

    key: bytes
    wrapped: bytes
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """An event as far as it can be made before its place in the chain is known, and whether its key is the one in force."""

    received: Received
    scope: KeyScope
    digest: bytes
    key: DataKey
    sealed: bytes
    leaf: bytes | Unrecordable
    leaf_hash: bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the trail. `seq` counts from 0, without gaps, per tenant."""

    seq: int
    received: Received
    leaf: bytes
    leaf_hash: bytes
    link: bytes
    digest: bytes
    sealed: bytes
    scope: KeyScope
    wrapped_key: bytes
    """The scope's data key, which the payload is sealed under, as the key service wrapped it."""


def identity(event: AnyEvent) -> Identity:
    """What an event is known by."""
    return event.tenant, event.namespace, event.id


def key_scope(event: AnyEvent) -> KeyScope:
    """One data key an interaction, else one an event: destroying it erases what it covers."""
    own = event.interaction is None or event.type in _KEPT_TYPES
    return event.tenant, f"event/{event.id}" if own else f"interaction/{event.interaction}"


def payload_bytes(event: AnyEvent) -> bytes:
    """What is sealed: the data as JSON."""
    return event.data.__pydantic_serializer__.to_json(event.data)


def content_digest(key: bytes, event: AnyEvent) -> bytes:
    """Keyed, so that nobody who has the database can try out texts. Defaults are left out: a field added later changes no digest."""
    data = event.data.__pydantic_serializer__.to_json(event.data, exclude_defaults=True)
    return hmac.digest(key, event.type.encode() + b"\x00" + data, "sha256")


def seal_context(tenant: str, event_id: str) -> bytes:
    """Binds a sealed payload to its event."""
    return f"audit/{tenant}/{event_id}".encode()


def commitment(sealed: bytes) -> str:
    """SHA-256 of the sealed payload: the leaf's proof of the payload, which tells nothing of it."""
    return sha256(sealed).hexdigest()


def leaf_fields(received: Received, payload_commitment: str) -> LeafFields:
    """The canonical envelope; attributes that an event has not are left out. Version 1 had neither actor nor pinned versions."""
    event = received.event
    fields: dict[str, str | int | None] = {
        "v": 2,
        "id": event.id,
        "type": event.type,
        "time": event.time.isoformat(),
        "tenant": event.tenant,
        "namespace": event.namespace,
        "matter": event.matter,
        "interaction": event.interaction,
        "conversation": event.conversation,
        "causation": event.causation,
        "source": event.source,
        "topic": received.topic,
        "partition": received.partition,
        "offset": received.offset,
        "timestamp_ms": received.timestamp_ms,
        "payload_sha256": payload_commitment,
        **leaf_versions(event.data),
    }
    return {name: value for name, value in fields.items() if value is not None}


def make_draft(received: Received, scope: KeyScope, digest: bytes, key: DataKey, sealed: bytes) -> Draft:
    """The leaf says nothing of its place: only the link does."""
    try:
        leaf = leaf_bytes(leaf_fields(received, commitment(sealed)))
    except LeafRefused:
        return Draft(received, scope, digest, key, sealed, Unrecordable("the event's attributes do not fit a leaf", answer=False), b"")
    return Draft(received, scope, digest, key, sealed, leaf, leaf_hash(leaf))


def make_entry(head: Head, draft: Draft) -> Entry:
    """The entry after `head`. Raises Unrecordable."""
    if isinstance(draft.leaf, Unrecordable):
        raise draft.leaf
    linked = link(head.link, draft.leaf_hash)
    return Entry(head.size, draft.received, draft.leaf, draft.leaf_hash, linked, draft.digest, draft.sealed, draft.scope, draft.key.wrapped)
