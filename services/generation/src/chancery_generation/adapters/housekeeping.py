"""Forgets calls and stored outputs that no redelivery can ask for any more."""

import asyncio
from datetime import timedelta

from chancery_contracts.event import Clock
from chancery_contracts.failures import Retry
from chancery_storage import Journal

from chancery_generation.adapters.calls import PostgresCalls

EVERY_S = 600.0


class Housekeeping:
    """A background loop, bounded in each of its steps."""

    def __init__(self, calls: PostgresCalls, journal: Journal, clock: Clock, keep: timedelta) -> None:
        self._calls = calls
        self._journal = journal
        self._clock = clock
        self._keep = keep

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.tidy()
            except Retry:
                await asyncio.sleep(EVERY_S / 10)
            await asyncio.sleep(EVERY_S)

    async def tidy(self) -> None:
        """Deletes all that is old enough, a piece at a time."""
        before = self._clock() - self._keep
        while await self._calls.purge(before) + await self._journal.purge(before):
            pass
