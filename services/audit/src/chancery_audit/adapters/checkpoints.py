"""Publishes what was signed."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from chancery_contracts.areas import CheckpointPublished
from chancery_contracts.event import AnyEvent, Clock, Event
from chancery_contracts.failures import Retry
from chancery_contracts.identifiers import derived_id
from chancery_storage import Database, Queries

from chancery_audit.adapters.signing import LogSigner

ENOUGH_LEAVES = 1_000
"""So many without a checkpoint are signed at once."""
PACE_S = 0.1
"""No sooner than this after the last round began."""
Publish = Callable[[AnyEvent], Awaitable[object]]


class CheckpointLoop:
    """Signed, then published, then marked: a death in between publishes the same checkpoint again, under the same id."""

    def __init__(self, database: Database, queries: Queries, signer: LogSigner, publish: Publish, clock: Clock) -> None:
        self._signer = signer
        self._database = database
        self._queries = queries
        self._publish = publish
        self._clock = clock
        self._unsigned = 0
        self._enough = asyncio.Event()

    def grown(self, entries: int) -> None:
        """So many entries more are on record."""
        self._unsigned += entries
        if self._unsigned >= ENOUGH_LEAVES:
            self._enough.set()

    async def run(self, every_s: float) -> None:
        """Without end; a passing fault waits for the next round."""
        loop = asyncio.get_running_loop()
        while True:
            begun = loop.time()
            self._unsigned = 0
            self._enough.clear()
            with suppress(Retry):  # nothing is marked, so the next round publishes it
                await self.publish_moved()
            await asyncio.sleep(begun + PACE_S - loop.time())
            with suppress(TimeoutError):
                await asyncio.wait_for(self._enough.wait(), max(0.0, begun + every_s - loop.time()))

    async def publish_moved(self) -> int:
        """One round; how many checkpoints were new."""
        await self._signer.sign_grown()
        async with self._database.reading() as connection:
            rows = await connection.fetch(self._queries.moved_heads)
        made = [self._checkpoint(row["tenant"], row["size"], row["link"].hex(), row["note"]) for row in rows]
        await asyncio.gather(*(self._publish(one) for one in made))
        if rows:
            async with self._database.transaction() as connection:
                await connection.executemany(self._queries.mark_published, [(row["tenant"], row["size"]) for row in rows])
        return len(rows)

    def _checkpoint(self, tenant: str, size: int, head: str, note: str) -> AnyEvent:
        data = CheckpointPublished(origin=note.partition("\n")[0], size=size, head=head, note=note)
        return Event(
            id=derived_id(f"{tenant}/{size}/{head}", "audit"), source="chancery/audit", time=self._clock(), tenant=tenant, data=data
        )
