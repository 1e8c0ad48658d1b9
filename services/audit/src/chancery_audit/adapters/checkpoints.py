"""Publishes the head of each trail that grew, at most every second."""

import asyncio
import contextlib

from chancery_bus import Publisher
from chancery_contracts.areas import CheckpointPublished
from chancery_contracts.event import Clock, Event
from chancery_contracts.failures import Retry
from chancery_contracts.identifiers import derived_id
from chancery_storage import Database, Queries


class Checkpoints:
    """The id of a checkpoint derives from tenant and size, so a repeated one is the same event."""

    def __init__(self, database: Database, queries: Queries, publisher: Publisher, clock: Clock) -> None:
        self._database = database
        self._queries = queries
        self._publisher = publisher
        self._clock = clock

    async def run(self, every_s: float) -> None:
        """Without end; a passing fault waits for the next round."""
        while True:
            with contextlib.suppress(Retry):
                await self.publish()
            await asyncio.sleep(every_s)

    async def publish(self) -> int:
        """How many trails had grown."""
        async with self._database.reading() as connection:
            heads = await connection.fetch(self._queries.moved_heads)
        for head in heads:
            tenant, size = head["tenant"], head["size"]
            data = CheckpointPublished(origin=f"chancery/{tenant}", size=size, head=bytes(head["link"]).hex())
            event_id = derived_id(f"{tenant}/{size}", "checkpoint")
            event = Event(id=event_id, source="chancery/audit", time=self._clock(), tenant=tenant, data=data)
            await self._publisher.publish(event)
            async with self._database.transaction() as connection:
                await connection.execute(self._queries.mark_published, tenant, size)
        return len(heads)
