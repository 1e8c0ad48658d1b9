"""Gives back reservations that nothing ended: a lost request must not hold a budget for ever.

An outbox. The release is booked first, in one transaction, its posting marked as not yet announced; then its event is published and
the mark taken off. A crash between the two leaves the mark, and the event is made again from the same stored values, with the same id,
so consumers drop it. Publishing first could tell of a release that a settlement then prevents; booking without the mark could lose it.
"""

import asyncio
from datetime import datetime, timedelta
from typing import Any, Protocol

from chancery_contracts.base import VersionRef
from chancery_contracts.event import AnyEvent, Clock
from chancery_contracts.failures import Retry
from chancery_contracts.identifiers import derived_id
from chancery_storage import Database, Queries

from chancery_cost.adapters.ledger import PostgresLedger, held_from
from chancery_cost.domain.reservations import Posting, expiry_event, whole

RELEASES_PER_ROUND = 200


class Publishes(Protocol):
    """What is needed of the bus."""

    async def publish(self, event: AnyEvent) -> object:
        """Raises Retry while Kafka is away."""
        ...


class ReservationExpiry:
    """A background loop over old open reservations."""

    def __init__(self, database: Database, queries: Queries, publisher: Publishes, clock: Clock) -> None:
        self._database = database
        self._queries = queries
        self._publisher = publisher
        self._clock = clock

    async def run(self, ttl_s: float, every_s: float) -> None:
        """Until cancelled; a passing fault waits for the next round (`/health` tells of it)."""
        while True:
            try:
                await self.announce()
                while await self.release(self._clock() - timedelta(seconds=ttl_s)):
                    await self.announce()
            except Retry:
                pass
            await asyncio.sleep(every_s)

    async def release(self, before: datetime) -> int:
        """Books the release of a bounded number of old reservations, each in a transaction of its own; how many."""
        for count in range(RELEASES_PER_ROUND):
            async with self._database.transaction() as connection:
                ledger = PostgresLedger(connection, self._queries)
                held = await ledger.find_expired(before)
                if held is None:
                    return count
                posting = whole(held, derived_id(held.reservation_id, "expire"), "release", self._clock())
                await ledger.release(held, posting, announced=False)
        return RELEASES_PER_ROUND

    async def announce(self) -> int:
        """Publishes what was booked and not told; how many. Raises Retry."""
        told = 0
        while rows := await self._unannounced():
            for row in rows:
                model = VersionRef(name=row["model"], version=row["model_version"])
                posting = Posting(row["posting_id"], "release", row["posted_micros"], model, row["price_source"], row["posted_at"])
                await self._publisher.publish(expiry_event(held_from(row), posting))
                async with self._database.transaction() as connection:
                    await connection.execute(self._queries.mark_announced, posting.posting_id)
            told += len(rows)
        return told

    async def _unannounced(self) -> list[dict[str, Any]]:
        async with self._database.reading() as connection:
            return [dict(row) for row in await connection.fetch(self._queries.find_unannounced)]
