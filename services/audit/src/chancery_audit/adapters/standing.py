"""One process an instance: the lock of a session in PostgreSQL, which ends with the process, however that dies."""

import asyncio
from contextlib import suppress

import structlog
from chancery_contracts.failures import Retry
from chancery_storage import Connection, Database, Queries

from chancery_audit.errors import AlreadyRunning

log = structlog.get_logger()
STAND_BY_S = 5.0
"""So long a process waits for its predecessor's session to end; then it refuses."""
LOOK_S = 0.05
HOLD_S = 1.0


class Instance:
    """The place of this process among those that share the work. Kafka's group knows it by the same name: two must not have one."""

    def __init__(self, database: Database, queries: Queries, name: str) -> None:
        self.name = name
        self._database = database
        self._queries = queries
        self._taken = asyncio.Event()
        self._holding: asyncio.Task[None] | None = None

    async def take(self) -> None:
        """Raises AlreadyRunning."""
        self._holding = asyncio.create_task(self._hold())
        taken = asyncio.create_task(self._taken.wait())
        await asyncio.wait([self._holding, taken], return_when=asyncio.FIRST_COMPLETED)
        taken.cancel()
        if self._holding.done():
            self._holding.result()

    async def run(self) -> None:
        """Without end. Raises AlreadyRunning where PostgreSQL was away and another process was first when it came back."""
        if self._holding is not None:
            await self._holding

    async def release(self) -> None:
        """Another may take it."""
        if self._holding is not None:
            self._holding.cancel()
            await asyncio.gather(self._holding, return_exceptions=True)

    async def _hold(self) -> None:
        while True:
            with suppress(Retry):  # the database is away, and with it everybody's lock
                async with self._database.statement() as connection:
                    await self._wait(connection)
                    self._taken.set()
                    await self._keep(connection)
            await asyncio.sleep(LOOK_S)

    async def _keep(self, connection: Connection) -> None:
        try:
            while True:
                await asyncio.sleep(HOLD_S)
                await connection.execute(self._queries.hold_instance)
        except asyncio.CancelledError:  # the session goes back to the pool, and with it the lock would
            await connection.execute(self._queries.leave_instance)
            raise

    async def _wait(self, connection: Connection) -> None:
        until = asyncio.get_running_loop().time() + STAND_BY_S
        told = False
        while not await connection.fetchval(self._queries.take_instance, self.name):
            if asyncio.get_running_loop().time() > until:
                raise AlreadyRunning(f"another audit process runs as instance {self.name}: stop it, or give this one another name")
            if not told:
                log.warning("instance_standing_by", instance=self.name)
                told = True
            await asyncio.sleep(LOOK_S)
