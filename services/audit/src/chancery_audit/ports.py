"""What the handler needs of the world."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from chancery_bus import Received

from chancery_audit.domain.entries import Entry, Head, Identity, KeyScope
from chancery_audit.domain.ranges import Ranges

Partition = tuple[str, int]
"""Topic and partition."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """A second content under a known id: sealed like a payload, beside the chain."""

    received: Received
    recorded_seq: int
    digest: bytes
    sealed: bytes


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
        """Offset ranges, locked."""
        ...

    async def save_ranges(self, ranges: Mapping[Partition, Ranges]) -> None:
        """Replaces offset ranges."""
        ...


class DataKeys(Protocol):
    """Data keys, inside the same transaction. Raises KeyServiceDown (a Retry)."""

    async def keys(self, scopes: Sequence[KeyScope]) -> Mapping[KeyScope, bytes]:
        """The key of each scope, made where missing."""
        ...

    async def digest_key(self, tenant: str) -> bytes:
        """For content digests."""
        ...

    def seal(self, key: bytes, plaintext: bytes, context: bytes) -> bytes:
        """Authenticated encryption."""
        ...


@dataclass(frozen=True, slots=True)
class Ports:
    """One transaction's."""

    trail: Trail
    keys: DataKeys
