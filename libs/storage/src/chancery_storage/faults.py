"""Which of the driver's exceptions are passing faults."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from chancery_storage.errors import DatabaseUnavailable

PASSING: tuple[type[BaseException], ...] = (
    OSError,
    asyncio.TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.exceptions.CannotConnectNowError,
    asyncpg.exceptions.OperatorInterventionError,
    asyncpg.exceptions.TransactionRollbackError,
    asyncpg.exceptions.InsufficientResourcesError,
    asyncpg.exceptions.LockNotAvailableError,
    asyncpg.exceptions.InternalClientError,
)
"""Connection lost or refused, server starting or stopping, deadlock, serialisation failure, no room: all mean "later"."""


@contextmanager
def passing_faults() -> Iterator[None]:
    """Turns the driver's passing faults into DatabaseUnavailable (a Retry); programming errors go through."""
    try:
        yield
    except PASSING as exc:
        if isinstance(exc, asyncpg.InterfaceError) and "the server expects" in str(exc):
            raise  # too few arguments, or too many: tried again, it would fail for ever
        raise DatabaseUnavailable(f"the database does not answer: {type(exc).__name__}") from exc
