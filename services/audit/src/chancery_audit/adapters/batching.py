"""Gathers events that arrive one at a time into batches: while one batch is written, the next one gathers."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

from chancery_bus import Received
from chancery_contracts.event import AnyEvent
from chancery_contracts.failures import Poison

_GATHER_S = 0.005
"""What was read together is handed over in these milliseconds."""

WriteBatch = Callable[[Sequence[Received]], Awaitable[Sequence[Poison | None]]]


class BatchWriter:
    """`submit` returns once its event's transaction has committed. One batch at a time; the bus bounds how many wait."""

    def __init__(self, write: WriteBatch, largest: int) -> None:
        self._write = write
        self._largest = largest
        self._waiting: deque[tuple[Received, asyncio.Future[None]]] = deque()
        self._writing: asyncio.Task[None] | None = None

    async def submit(self, received: Received) -> Sequence[AnyEvent]:
        """The bus's handler. Raises what the batch met: Retry for all of it, Poison for this event alone."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((received, done))
        if self._writing is None or self._writing.done():
            # No loop of its own to start and stop: the writer lives as long as there is something to write.
            self._writing = asyncio.create_task(self._write_all())
        await done
        return ()

    async def _write_all(self) -> None:
        await asyncio.sleep(_GATHER_S)
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(self._largest, len(self._waiting)))]
            # By the broker's clock: topics come side by side, and an interaction's entries read best in the order of its events.
            batch = sorted((one for one in batch if not one[1].done()), key=lambda one: one[0].timestamp_ms)
            if batch:
                await self._write_one(batch)

    async def _write_one(self, batch: "list[tuple[Received, asyncio.Future[None]]]") -> None:
        try:
            outcomes = await self._write([received for received, _ in batch])
        except Exception as exc:  # noqa: BLE001  # every waiting handler gets it and raises it to the bus, which knows what each means
            for _, done in (*batch, *self._waiting):  # what waits behind it too: it would pass what is tried again
                if not done.done():
                    done.set_exception(exc)
            return
        for (_, done), fault in zip(batch, outcomes, strict=True):
            if done.done():
                continue
            if fault is None:
                done.set_result(None)
            else:
                done.set_exception(fault)
