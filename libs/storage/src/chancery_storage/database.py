"""The pool of one service over one schema: a transaction for a message, committed at the edge."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import asyncpg

from chancery_storage.faults import passing_faults
from chancery_storage.migrating import migrate

Connection: TypeAlias = "asyncpg.Connection[Any] | asyncpg.pool.PoolConnectionProxy[Any]"
Setup = Callable[..., Awaitable[None]]


class Database:
    """Connections of one service. Every query sees the service's own schema first, then `public` (for extensions)."""

    def __init__(self, pool: "asyncpg.Pool[Any]", schema: str, acquire_timeout_s: float = 10.0) -> None:
        self._pool = pool
        self.schema = schema
        self._acquire_timeout_s = acquire_timeout_s

    @classmethod
    async def open(cls, url: str, *, schema: str, max_size: int = 10, setup: Setup | None = None) -> "Database":
        """Connects, and makes the schema if it is missing. `setup` runs once for each connection, after the schema exists.

        Settings of a session belong into `setup`, those of a transaction into `SET LOCAL`: nothing else is undone between two uses.

        Raises DatabaseUnavailable if the server does not answer within 10 s.
        """
        with passing_faults():
            await _ensure_schema(url, schema)
            pool = await asyncpg.create_pool(
                url,
                min_size=1,
                max_size=max_size,
                reset=_nothing,
                init=setup,  # type: ignore[arg-type]  # the stub asks for a Protocol of the same shape
                timeout=10,
                command_timeout=30,
                server_settings={"search_path": f"{schema},public", "application_name": f"chancery-{schema}", "jit": "off"},
            )
        return cls(pool, schema)

    async def migrate(self, package: str) -> None:
        """Applies `<package>/migrations/*.sql` and storage's own tables, forward only, each once."""
        with passing_faults():
            async with self._acquired() as connection:
                await migrate(connection, "chancery_storage")
                await migrate(connection, package)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A writing transaction: commits at exit, rolls back on any exception. Passing faults come out as Retry."""
        with passing_faults():
            async with self._acquired() as connection, connection.transaction():
                yield connection

    @asynccontextmanager
    async def statement(self) -> AsyncIterator[Connection]:
        """Each statement is a transaction of its own: one round trip instead of three. Passing faults come out as Retry."""
        with passing_faults():
            async with self._acquired() as connection:
                yield connection

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Connection]:
        """A read-only transaction that sees one moment."""
        with passing_faults():
            async with (
                self._acquired() as connection,
                connection.transaction(isolation="repeatable_read", readonly=True),
            ):
                yield connection

    @asynccontextmanager
    async def _acquired(self) -> AsyncIterator[Connection]:
        """asyncpg's own time-out starts a task for each connection taken; this one does not."""
        async with asyncio.timeout(self._acquire_timeout_s):
            connection = await self._pool.acquire()
        try:
            yield connection
        finally:
            await self._pool.release(connection)

    async def ping(self) -> None:
        """Raises DatabaseUnavailable if the server does not answer."""
        with passing_faults():
            async with self._pool.acquire(timeout=2) as connection:
                await connection.fetchval("SELECT 1", timeout=2)

    async def close(self) -> None:
        """Waits up to 5 s for connections in use, then closes them all."""
        try:
            await asyncio.wait_for(self._pool.close(), timeout=5)
        except _CLOSING:
            self._pool.terminate()


async def plan_afresh(connection: Connection) -> None:
    """A `setup` for tables whose sizes change by orders of magnitude: a plan that was made while they were empty would read them whole."""
    await connection.execute("SET plan_cache_mode = force_custom_plan")


_CLOSING: tuple[type[Exception], ...] = (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.PostgresError)


async def _nothing(_: object) -> None:
    """asyncpg would ask the server, at each release, to undo what no code here does (locks, listeners, settings of a session)."""


async def _ensure_schema(url: str, schema: str) -> None:
    connection = await asyncpg.connect(url, timeout=10)
    try:
        # Services start side by side, and CREATE ... IF NOT EXISTS is not safe against itself.
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock(hashtext('chancery schema'))")
            await connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
    finally:
        await connection.close()
