"""An event: CloudEvents 1.0 attributes, our extension attributes, and typed data.

The envelope is a msgspec struct and neither a pydantic model nor a frozen dataclass (three times as slow to make), because every
record of every stage passes here; its attributes are checked by `envelope.decode`, its data by pydantic.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Generic, TypeVar

import msgspec

from chancery_contracts.base import Payload
from chancery_contracts.identifiers import derived_id

P_co = TypeVar("P_co", bound=Payload, covariant=True)
Q = TypeVar("Q", bound=Payload)

Clock = Callable[[], datetime]
"""Gives the time, with its zone. Handlers get one; they never read the system's."""


def system_clock() -> datetime:
    """The time now, UTC."""
    return datetime.now(UTC)


class Event(msgspec.Struct, Generic[P_co], frozen=True, kw_only=True, gc=False):
    """An immutable fact. `tenant` is `shared` for what belongs to the operator."""

    id: str
    source: str
    time: datetime
    tenant: str
    data: P_co
    interaction: str | None = None
    conversation: str | None = None
    matter: str | None = None
    causation: str | None = None
    namespace: str = "live"
    traceparent: str | None = None

    @property
    def type(self) -> str:
        """The CloudEvents type of the data, version included."""
        return self.data.TYPE

    @property
    def key(self) -> str:
        """Orders the stream: the data's own key, else the conversation, else the interaction, else the event itself."""
        own = self.data.record_key()
        if own is not None:
            return f"{self.tenant}/{own}"
        if self.conversation is not None:
            return f"{self.tenant}/{self.conversation}"
        return f"{self.tenant}/{self.interaction or self.id}"

    def derived(self, stage: str, ordinal: int = 0) -> str:
        """The id of what `stage` makes of this event. The tenant is in it: publishers choose their ids, and two may choose the same."""
        return derived_id(f"{self.tenant}/{self.id}", stage, ordinal)

    def follow(self, data: Q, *, stage: str, time: datetime, ordinal: int = 0, event_id: str | None = None) -> "Event[Q]":
        """The event that `stage` makes of this one; its id is derived unless `event_id` is given."""
        return Event(
            id=event_id or self.derived(stage, ordinal),
            source=f"chancery/{stage}",
            time=time,
            tenant=self.tenant,
            data=data,
            interaction=self.interaction,
            conversation=self.conversation,
            matter=self.matter,
            causation=self.id,
            namespace=self.namespace,
            traceparent=self.traceparent,
        )


AnyEvent = Event[Payload]
