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

Publish = Callable[[AnyEvent], Awaitable[object]]


class CheckpointLoop:
    """Signed, then published, then marked: a death in between publishes the same checkpoint again, under the same id."""

    def __init__(self, database: Database, queries: Queries, signer: LogSigner, publish: Publish, clock: Clock) -> None:
        self._signer = signer
        self._database = database
        self._queries = queries
        self._publish = publish
        self._clock = clock

    async def run(self, every_s: float) -> None:
        """Without end; a passing fault waits for the next round."""
        while True:
            with suppress(Retry):  # nothing is marked, so the next round publishes it
                await self.publish_moved()
            await asyncio.sleep(every_s)

    async def publish_moved(self) -> int:
        """One round; how many checkpoints were new."""
        await self._signer.sign_grown()
        async with self._database.reading() as connection:
            rows = await connection.fetch(self._queries.moved_heads)
        for row in rows:
            await self._publish(self._checkpoint(row["tenant"], row["size"], row["link"].hex(), row["note"]))
        if rows:
            async with self._database.transaction() as connection:
                await connection.executemany(self._queries.mark_published, [(row["tenant"], row["size"]) for row in rows])
        return len(rows)

    def _checkpoint(self, tenant: str, size: int, head: str, note: str) -> AnyEvent:
        data = CheckpointPublished(origin=note.partition("\n")[0], size=size, head=head, note=note)
        return Event(
            id=derived_id(f"{tenant}/{size}/{head}", "audit"), source="chancery/audit", time=self._clock(), tenant=tenant, data=data
        )
