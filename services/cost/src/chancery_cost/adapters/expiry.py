"""Gives back reservations that nothing ended: a lost request must not hold a budget for ever.

Publish first, then release: the posting's id derives from the reservation, so after a crash between the two the same event is
published again, and consumers drop it by its id. The other order could lose the event.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from chancery_bus import Publisher
from chancery_contracts.event import AnyEvent, Clock
from chancery_contracts.failures import Retry
from chancery_storage import Database, Queries

from chancery_cost.adapters.ledger import PostgresLedger
from chancery_cost.ports import Held


class ReservationExpiry:
    """A loop over old open reservations. `posting` makes the event of one."""

    def __init__(
        self, database: Database, queries: Queries, publisher: Publisher, clock: Clock, posting: Callable[[Held, datetime], AnyEvent]
    ) -> None:
        self._database = database
        self._queries = queries
        self._publisher = publisher
        self._clock = clock
        self._posting = posting

    async def run(self, ttl_s: int, every_s: float) -> None:
        """Without end; a passing fault waits for the next round."""
        while True:
            try:
                while await self.expire(self._clock() - timedelta(seconds=ttl_s)):
                    pass
            except Retry:
                pass
            await asyncio.sleep(every_s)

    async def expire(self, before: datetime) -> int:
        """Up to 200 reservations; how many."""
        async with self._database.transaction() as connection:
            ledger = PostgresLedger(connection, self._queries)
            expired = await ledger.find_expired(before)
            for held in expired:
                event = self._posting(held, self._clock())
                await self._publisher.publish(event)
                await ledger.release(held, event.id)
        return len(expired)
