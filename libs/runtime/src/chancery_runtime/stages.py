"""Joins the bus and the journal: what a stage answered once, it answers again (architecture, *Delivery* §2)."""

from collections.abc import Awaitable, Callable, Sequence

from chancery_bus import BusHandler, Received
from chancery_contracts.event import AnyEvent, Clock
from chancery_contracts.failures import ChanceryError
from chancery_storage import Connection, Database, Journal

WithConnection = Callable[[Received, Connection], Awaitable[Sequence[AnyEvent]]]


class _Overtaken(ChanceryError):
    """Another delivery of this event has stored its outputs."""


def in_transaction(database: Database, journal: Journal, handle: WithConnection, clock: Clock) -> BusHandler:
    """Effect, de-duplication and outputs in one transaction, undone where the event was answered before. For quick handlers."""

    async def run(received: Received) -> Sequence[AnyEvent]:
        async with database.transaction() as connection:
            events = await handle(received, connection)
            if not await journal.add(connection, key(received.event), events, clock()):
                raise _Overtaken
            return events

    return _or_stored(database, journal, run)


def before_storing(database: Database, journal: Journal, handle: BusHandler, clock: Clock) -> BusHandler:
    """Works outside of any transaction, then stores; the first to store wins. For handlers that may run twice."""

    async def run(received: Received) -> Sequence[AnyEvent]:
        events = await handle(received)
        async with database.statement() as connection:
            if not await journal.add(connection, key(received.event), events, clock()):
                raise _Overtaken
        return events

    return _or_stored(database, journal, run)


def around(database: Database, journal: Journal, handle: BusHandler, clock: Clock) -> BusHandler:
    """Looks, works outside of any transaction, stores; the first to store wins. For handlers that are dear to run again."""

    async def run(received: Received) -> Sequence[AnyEvent]:
        async with database.statement() as connection:
            stored = await journal.find(connection, key(received.event))
        if stored is not None:
            return stored
        events = await handle(received)
        async with database.statement() as connection:
            return await journal.store(connection, key(received.event), events, clock())

    return run


def _or_stored(database: Database, journal: Journal, run: BusHandler) -> BusHandler:
    """Looks into the journal where a delivery fails, and not before each: hardly any is the second."""

    async def run_or_find(received: Received) -> Sequence[AnyEvent]:
        try:
            return await run(received)
        except ChanceryError:
            async with database.statement() as connection:
                stored = await journal.find(connection, key(received.event))
            if stored is None:
                raise
            return stored

    return run_or_find


def key(event: AnyEvent) -> str:
    """The journal's key: publishers choose their ids, so the tenant is part of it."""
    return f"{event.tenant}/{event.namespace}/{event.id}"
