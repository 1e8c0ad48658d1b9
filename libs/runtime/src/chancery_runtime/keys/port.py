"""The port of the key service."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from chancery_runtime.keys.envelope import LOCAL


@dataclass(frozen=True, slots=True)
class Versions:
    """Of a tenant's key in one lineage. Version 0: blobs of before versions. Those below `oldest` are destroyed."""

    current: int
    oldest: int
    made_at: datetime | None
    """Of the current version; none where nothing was wrapped yet."""
    mark: bytes
    """What a blob under the current version begins with."""
    floor: bytes
    """What one under the oldest version begins with: one of the same format that sorts before it is dead."""

    @property
    def before_is_dead(self) -> bool:
        """Whether what was wrapped before there were versions opens no more."""
        return self.floor[0] == LOCAL and self.oldest > 0


class KeyService(Protocol):
    """Wraps and unwraps data keys, for one lineage: what one service keeps. `context` is bound to the wrapped key: another opens nothing.

    Every call raises KeyServiceDown (a Retry) where the service does not answer.
    """

    async def wrap(self, tenant: str, key: bytes, context: str) -> bytes:
        """Under the current version, which is made if there is none."""
        ...

    async def unwrap(self, tenant: str, wrapped: bytes, context: str) -> bytes:
        """Raises KeyDestroyed (its version was destroyed: erased), CorruptSeal (alarm)."""
        ...

    async def rewrap(self, tenant: str, wrapped: bytes, context: str) -> bytes:
        """The same key under the current version. Raises as `unwrap`."""
        ...

    async def derive(self, tenant: str, purpose: str) -> bytes:
        """A 32-byte key for keyed hashes, the same at every call, whatever is rotated."""
        ...

    async def versions(self, tenant: str) -> Versions:
        """As of now."""
        ...

    async def rotate(self, tenant: str) -> Versions:
        """Makes a new version; it is the current one from now on, in other processes soon after. Two at once make one or two."""
        ...

    async def destroy_before(self, tenant: str, version: int) -> None:
        """Destroys every version below this one, for ever; again, it does nothing. Only where nothing is wrapped by them any more."""
        ...
