"""Forgets journalled answers that no redelivery can ask for any more: Kafka keeps the events that caused them for 7 days."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

from chancery_contracts.event import Clock
from chancery_contracts.failures import Retry
from chancery_storage import Journal

EVERY_S = 600.0


class Housekeeping:
    """A background loop, bounded in each of its steps."""

    def __init__(self, journals: Sequence[Journal], clock: Clock, keep: timedelta) -> None:
        self._journals = journals
        self._clock = clock
        self._keep = keep

    async def run(self) -> None:
        """Until cancelled; a passing fault waits for the next round."""
        while True:
            with suppress(Retry):
                await self.tidy()
            await asyncio.sleep(EVERY_S)

    async def tidy(self) -> None:
        """Deletes all that is old enough, a piece at a time."""
        before = self._clock() - self._keep
        for journal in self._journals:
            while await journal.purge(before):
                pass
