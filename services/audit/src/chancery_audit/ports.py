"""What the handler needs of the world."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from chancery_bus import Received
from chancery_contracts.access import AccessRevoked
from chancery_contracts.event import Event
from chancery_contracts.privacy import ErasureRequested, HoldPlaced, HoldReleased, PayloadsErased
from chancery_contracts.subjects import SubjectErasedInStore

from chancery_audit.domain.entries import DataKey, Entry, Head, Identity, KeyScope
from chancery_audit.domain.ranges import Ranges
from chancery_audit.domain.verifying import StoredEntry, Verification
from chancery_audit.domain.views import View

Partition = tuple[str, int]
"""Topic and partition."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """A second content under a known id: sealed like a payload, beside the chain."""

    received: Received
    recorded_seq: int
    digest: bytes
    sealed: bytes


AnchorKind = Literal["file", "s3", "tsa"]


@dataclass(frozen=True, slots=True)
class Anchored:
    """When a checkpoint was anchored, by the anchor's clock where it has one, and the evidence."""

    at: datetime
    evidence: bytes


@dataclass(frozen=True, slots=True)
class StoredAnchor:
    """An anchor on record, with the signed note that it is over."""

    kind: AnchorKind
    size: int
    at: datetime
    stored_at: datetime
    evidence: bytes
    note: str


class Anchor(Protocol):
    """Where checkpoints are put that the operator cannot take back. The same one twice is no error."""

    kind: AnchorKind

    async def publish(self, tenant: str, size: int, note: str) -> Anchored:
        """Raises AnchorFailed, and AnchorDown where nothing answers."""
        ...


class Trail(Protocol):
    """The trail, inside one transaction that holds the heads of its tenants."""

    async def lock_heads(self, tenants: Sequence[str]) -> Mapping[str, Head]:
        """Heads of these tenants, sorted by tenant, locked until the transaction ends; made where missing."""
        ...

    async def recorded(self, identities: Sequence[Identity]) -> Mapping[Identity, tuple[int, bytes]]:
        """Number and content digest of those that stand in the trail."""
        ...

    async def append(self, entries: Sequence[Entry], heads: Mapping[str, Head]) -> None:
        """Adds entries and moves heads."""
        ...

    async def raise_alarms(self, alarms: Sequence[Alarm]) -> int:
        """Keeps alarms, each record's once; how many were new."""
        ...

    async def lock_ranges(self, partitions: Sequence[Partition]) -> Mapping[Partition, Ranges]:
        """Offset ranges, locked until the transaction ends; made where missing."""
        ...

    async def save_ranges(self, ranges: Mapping[Partition, Ranges]) -> None:
        """Replaces offset ranges that are locked."""
        ...


class KeyOffers(Protocol):
    """Data keys before the transaction: the one that is likely in force, or a fresh one. Raises KeyServiceDown (a Retry)."""

    async def offers(self, scopes: Sequence[KeyScope]) -> Mapping[KeyScope, DataKey]:
        """From memory, else as the database says, else fresh."""
        ...

    async def digest_key(self, tenant: str) -> bytes:
        """For content digests."""
        ...


class DataKeys(Protocol):
    """Data keys, inside the transaction. Raises KeyServiceDown (a Retry)."""

    async def keys(self, offered: Mapping[KeyScope, DataKey]) -> Mapping[KeyScope, DataKey]:
        """The key in force of each scope: the offered one where the database says so, or where it has none and this one is fresh."""
        ...


Seal = Callable[[bytes, bytes, bytes], bytes]
"""Authenticated encryption: key, plaintext, context."""


@dataclass(frozen=True, slots=True)
class Ports:
    """One transaction's."""

    trail: Trail
    keys: DataKeys
    seal: Seal


@dataclass(frozen=True, slots=True)
class Erasure:
    """When a payload was erased, why (`retention`, `request`), by which event, and for which request."""

    at: datetime
    why: str
    event: str
    request: str | None


@dataclass(frozen=True, slots=True)
class ReadEntry:
    """An entry as readers see it. `payload` is the opened data, None where it is not there; `erased` where an erasure is why."""

    stored: StoredEntry
    payload: bytes | None = None
    erased: Erasure | None = None


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Which entries; None means any."""

    view: View
    type: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    interaction: str | None = None
    after_seq: int = -1
    limit: int = 100


@dataclass(frozen=True, slots=True)
class Unfinished:
    """An accepted interaction without an end."""

    interaction: str
    accepted_at: datetime
    last_type: str
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Completeness:
    """What a tenant's trail has, and what it lacks."""

    accounts: Mapping[Partition, Ranges]
    accepted: int
    completed: int
    unfinished_count: int
    unfinished: Sequence[Unfinished]
    alarms: int


class TrailReader(Protocol):
    """The trail, through a view. Raises Retry while the database or the key service is away."""

    async def interaction(self, view: View, interaction: str, hidden: frozenset[str]) -> Sequence[ReadEntry]:
        """All entries of one interaction in order, opened but for the `hidden` types."""
        ...

    async def entries(self, wanted: EntryFilter) -> Sequence[ReadEntry]:
        """A page of entries, without payloads."""
        ...

    async def reads(self, view: View, interaction: str | None, before_seq: int, limit: int) -> Sequence[ReadEntry]:
        """Who looked, newest first, opened."""
        ...

    async def verify(self, view: View) -> Verification:
        """Recomputes the whole chain."""
        ...

    async def completeness(self, view: View) -> Completeness:
        """Offsets and interactions."""
        ...


class PrivacyRecords(Protocol):
    """Holds, erasures, revoked keys, inside one transaction that holds the tenant's head. Each takes effect once."""

    async def place(self, event: Event[HoldPlaced]) -> None:
        """In force as soon as the transaction has committed."""
        ...

    async def release(self, event: Event[HoldReleased]) -> None:
        """Ends a hold; one that is not known or ended already stays as it is."""
        ...

    async def request(self, event: Event[ErasureRequested], covers_until: datetime) -> None:
        """To be carried out, for what was on record until then."""
        ...

    async def erased(self, event: Event[PayloadsErased]) -> None:
        """Takes in what the event says; what is there all the same will be erased again."""
        ...

    async def subject_erased(self, event: Event[SubjectErasedInStore]) -> None:
        """Payloads that were erased alone: known from now on, whatever brings them back."""
        ...

    async def revoked(self, event: Event[AccessRevoked]) -> None:
        """A key that a restored backup has forgotten to be revoked opens nothing either."""
        ...

    async def end(self, tenant: str, request: str, state: str, refusal: str) -> None:
        """A request was refused, in full or in part."""
        ...
