"""Unwrapped keys in memory, for a bounded time: a hot matter does not ask a key service elsewhere for each value.

What leaves the cache is forgotten, not overwritten: Python can't overwrite memory that it has given out.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from chancery_runtime.keys.port import KeyService, Versions

Place = tuple[str, str, bytes]


@dataclass(frozen=True, slots=True)
class Bounds:
    """Of a cache."""

    life_s: float = 300.0
    count: int = 10_000


class CachedKeys:
    """A key service before which its own answers stand. One call at a time for one key; who waits for it gets its answer or its error."""

    def __init__(self, keys: KeyService, bounds: Bounds, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._keys = keys
        self._bounds = bounds
        self._now = monotonic
        self._held: OrderedDict[Place, tuple[float, bytes]] = OrderedDict()
        self._coming: dict[Place, asyncio.Future[bytes]] = {}
        self._forgotten = 0
        self._sweeping: asyncio.TimerHandle | None = None

    async def unwrap(self, tenant: str, wrapped: bytes, context: str) -> bytes:
        """From memory, else from the key service."""
        return await self._get((tenant, context, wrapped), lambda: self._keys.unwrap(tenant, wrapped, context))

    async def derive(self, tenant: str, purpose: str) -> bytes:
        """From memory, else from the key service."""
        return await self._get((tenant, f"derive {purpose}", b""), lambda: self._keys.derive(tenant, purpose))

    async def wrap(self, tenant: str, key: bytes, context: str) -> bytes:
        """It is likely to be wanted soon: kept."""
        wrapped = await self._keys.wrap(tenant, key, context)
        self._put((tenant, context, wrapped), key)
        return wrapped

    async def rewrap(self, tenant: str, wrapped: bytes, context: str) -> bytes:
        """Nothing is kept."""
        return await self._keys.rewrap(tenant, wrapped, context)

    async def versions(self, tenant: str) -> Versions:
        """As the key service says."""
        return await self._keys.versions(tenant)

    async def rotate(self, tenant: str) -> Versions:
        """By the key service."""
        return await self._keys.rotate(tenant)

    async def destroy_before(self, tenant: str, version: int) -> None:
        """What the tenant's versions had wrapped leaves the memory too."""
        await self._keys.destroy_before(tenant, version)
        self._drop(lambda place: place[0] == tenant and bool(place[2]))

    def forget(self, tenant: str, contexts: frozenset[str]) -> None:
        """Keys that were erased leave the memory of this process; that of others at the latest after the life of their entries."""
        self._drop(lambda place: place[0] == tenant and place[1] in contexts)

    async def _get(self, place: Place, ask: Callable[[], Awaitable[bytes]]) -> bytes:
        held = self._held.get(place)
        if held is not None and held[0] > self._now():
            return held[1]
        while (coming := self._coming.get(place)) is not None:
            try:
                return await asyncio.shield(coming)
            except asyncio.CancelledError:
                if not coming.cancelled():
                    raise  # this waiter was cancelled; where the one that asked was, another asks
        return await self._ask(place, ask)

    async def _ask(self, place: Place, ask: Callable[[], Awaitable[bytes]]) -> bytes:
        coming = self._coming[place] = asyncio.get_running_loop().create_future()
        forgotten = self._forgotten
        try:
            key = await ask()
        except asyncio.CancelledError:
            coming.cancel()
            raise
        except BaseException as exc:
            coming.set_exception(exc)
            coming.exception()  # heard, also where nobody waits
            raise
        else:
            coming.set_result(key)
            if forgotten == self._forgotten:  # else it may be a key that was erased while it came
                self._put(place, key)
            return key
        finally:
            del self._coming[place]

    def _put(self, place: Place, key: bytes) -> None:
        """In the order in which they come, which is that of the ends of their lives."""
        self._held.pop(place, None)
        self._held[place] = (self._now() + self._bounds.life_s, key)
        while len(self._held) > self._bounds.count:
            self._held.popitem(last=False)
        if self._sweeping is None:
            self._sweeping = asyncio.get_running_loop().call_later(self._bounds.life_s, self.sweep)

    def sweep(self) -> None:
        """Forgets what has outlived its time, and comes again for the rest: nothing stays because nobody asks for it."""
        self._sweeping = None
        while self._held and next(iter(self._held.values()))[0] <= self._now():
            self._held.popitem(last=False)
        if self._held:
            later = max(next(iter(self._held.values()))[0] - self._now(), 0.1)
            self._sweeping = asyncio.get_running_loop().call_later(later, self.sweep)

    async def forget_all(self) -> None:
        """When the service stops."""
        self._held.clear()
        if self._sweeping is not None:
            self._sweeping.cancel()

    def _drop(self, gone: Callable[[Place], bool]) -> None:
        self._forgotten += 1
        for place in [place for place in self._held if gone(place)]:
            del self._held[place]
