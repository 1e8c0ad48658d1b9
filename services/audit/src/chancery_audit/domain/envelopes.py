"""What the trail says of an event: a leaf of strings and integers, and a commitment to its sealed payload."""

from dataclasses import dataclass
from hashlib import sha256

from chancery_bus import Received
from chancery_contracts.event import AnyEvent

LEAF_VERSION = 1


@dataclass(frozen=True)
class Payload:
    """An event's data, sealed, under a key that can be destroyed."""

    sealed: bytes
    wrapped_key: bytes
    context: str

    @property
    def commitment(self) -> str:
        """SHA-256 of the ciphertext: it tells nothing of the plaintext, and stays when the payload is deleted."""
        return sha256(self.sealed).hexdigest()


def leaf_of(received: Received, commitment: str) -> dict[str, str | int]:
    """The leaf. Members that an event does not have are left out."""
    event = received.event
    optional = {"matter": event.matter, "interaction": event.interaction, "conversation": event.conversation, "causation": event.causation}
    required: dict[str, str | int] = {
        "v": LEAF_VERSION,
        "id": event.id,
        "type": event.type,
        "source": event.source,
        "time": event.time.isoformat(),
        "tenant": event.tenant,
        "namespace": event.namespace,
        "topic": received.topic,
        "partition": received.partition,
        "offset": received.offset,
        "recorded_ms": received.timestamp_ms,
        "payload_sha256": commitment,
    }
    return required | {name: value for name, value in optional.items() if value is not None}


def seal_context(event: AnyEvent) -> str:
    """Binds a payload's key to its place: it opens nowhere else."""
    return f"audit/{event.tenant}/{event.namespace}/{event.id}"


def content(event: AnyEvent) -> bytes:
    """What two events of one id must agree on, byte for byte."""
    data = event.data
    head = "\n".join((event.type, event.interaction or "", event.conversation or "", event.matter or ""))
    return head.encode() + b"\n\n" + data.__pydantic_serializer__.to_json(data)
