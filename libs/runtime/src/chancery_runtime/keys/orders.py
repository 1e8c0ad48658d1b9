"""What operators order: a new version of a tenant's key, everything wrapped anew under it, the old versions destroyed. Each is an event."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import uuid4

from chancery_contracts.event import AnyEvent, Clock, Event
from chancery_contracts.keys import KeyRotated, KeyVersionsDestroyed

from chancery_runtime.errors import CorruptSeal, KeyDestroyed, RuntimeFault
from chancery_runtime.keys.port import KeyService, Versions

PAGE = 500
AT_ONCE = 16
Publish = Callable[[AnyEvent], Awaitable[object]]


class NotYet(RuntimeFault):
    """Old versions are still needed, or may be; the message says by what. Nothing was destroyed."""


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """One stored wrapped key. `place` orders them: where a next page begins."""

    place: str
    wrapped: bytes
    context: str


class WrappedKeys(Protocol):
    """One table of wrapped keys. Old ones: not under the current version, and not dead under a destroyed one."""

    async def page(self, tenant: str, versions: Versions, after: str, limit: int) -> list[WrappedKey]:
        """Old ones behind a place, in order."""
        ...

    async def replace(self, tenant: str, changes: Sequence[tuple[WrappedKey, bytes]]) -> int:
        """Each where it is still what was read: one that was erased meanwhile stays erased."""
        ...

    async def settle(self) -> None:
        """Waits until every transaction that has written a wrapped key has ended. Raises Retry where that takes too long."""
        ...

    async def left(self, tenant: str, versions: Versions) -> int:
        """How many old ones there are."""
        ...


@dataclass(frozen=True, slots=True)
class Pass:
    """What one pass did. `unopened`: corrupt ones, which stay as they are. `after`: where the next begins; none: that was the last."""

    rewrapped: int
    unopened: int
    after: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """A tenant's key in this lineage."""

    lineage: str
    current: int
    oldest: int
    made_at: datetime | None
    old_keys: int


class KeyOrders:
    """For one lineage, over the tables that hold what it wrapped."""

    def __init__(
        self, keys: KeyService, lineage: str, tables: Sequence[WrappedKeys], publish: Publish, clock: Clock, grace_s: float
    ) -> None:
        self._keys = keys
        self._lineage = lineage
        self._tables = tables
        self._publish = publish
        self._clock = clock
        self._grace = timedelta(seconds=grace_s)

    async def standing(self, tenant: str) -> Standing:
        """As of now."""
        versions = await self._keys.versions(tenant)
        return Standing(self._lineage, versions.current, versions.oldest, versions.made_at, await self._left(tenant, versions))

    async def rotate(self, tenant: str, by: str) -> Versions:
        """A new version, at once the current one. Where it can't be put on record (Retry), it is made all the same: look at `standing`."""
        versions = await self._keys.rotate(tenant)
        await self._tell(tenant, KeyRotated(lineage=self._lineage, version=versions.current, by=by))
        return versions

    async def rewrap(self, tenant: str, after: str = "") -> Pass:
        """A page of one table; given up half-way it is begun again, and does what is left. Values are not touched, and traffic goes on."""
        number, _, place = after.partition("|")
        index = int(number) if number.isdecimal() else 0
        if index >= len(self._tables):
            return Pass(0, 0, None)
        table, versions = self._tables[index], await self._keys.versions(tenant)
        page = await table.page(tenant, versions, place, PAGE)
        at_once = asyncio.Semaphore(AT_ONCE)
        made = await asyncio.gather(*(self._rewrapped(tenant, one, at_once) for one in page))
        changes = [(one, wrapped) for one, wrapped in zip(page, made, strict=True) if wrapped is not None]
        changed = await table.replace(tenant, changes) if changes else 0
        return Pass(changed, len(page) - len(changes), self._next(index, page))

    def _next(self, index: int, page: Sequence[WrappedKey]) -> str | None:
        if len(page) == PAGE:
            return f"{index}|{page[-1].place}"
        return f"{index + 1}|" if index + 1 < len(self._tables) else None

    async def _rewrapped(self, tenant: str, one: WrappedKey, at_once: asyncio.Semaphore) -> bytes | None:
        async with at_once:
            try:
                return await self._keys.rewrap(tenant, one.wrapped, one.context)
            except (CorruptSeal, KeyDestroyed):
                return None

    async def destroy_old(self, tenant: str, by: str) -> Versions:
        """All versions but the current one. On record before it is done. Raises NotYet, KeyServiceDown, Retry."""
        versions = await self._keys.versions(tenant)
        if versions.made_at is None:
            raise NotYet("nothing is wrapped by a version yet: rotate first")
        waits = versions.made_at + self._grace - self._clock()
        if waits > timedelta(0):
            raise NotYet(f"the current version is too new: {int(waits.total_seconds()) + 1} s more, until every service has taken it up")
        for table in self._tables:
            await table.settle()
        left = await self._left(tenant, versions)
        if left:
            raise NotYet(f"{left} keys are still wrapped by old versions: rewrap them first")
        if versions.oldest < versions.current:
            await self._tell(tenant, KeyVersionsDestroyed(lineage=self._lineage, below=versions.current, by=by))
        await self._keys.destroy_before(tenant, versions.current)
        return await self._keys.versions(tenant)

    async def _left(self, tenant: str, versions: Versions) -> int:
        return sum([await table.left(tenant, versions) for table in self._tables])

    async def _tell(self, tenant: str, data: KeyRotated | KeyVersionsDestroyed) -> None:
        event: AnyEvent = Event(id=str(uuid4()), source=f"chancery/{self._lineage}", time=self._clock(), tenant=tenant, data=data)
        await self._publish(event)
