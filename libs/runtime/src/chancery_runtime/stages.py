"""Joins the bus and the journal: what a stage answered once, it answers again (architecture, *Delivery* §2)."""

from collections.abc import Awaitable, Callable, Sequence

from chancery_bus import BusHandler, Received
from chancery_contracts.event import AnyEvent, Clock
from chancery_storage import Connection, Database, Journal

WithConnection = Callable[[Received, Connection], Awaitable[Sequence[AnyEvent]]]


def in_transaction(database: Database, journal: Journal, handle: WithConnection, clock: Clock) -> BusHandler:
    """Effect, de-duplication and outputs in one transaction. For handlers that are quick."""

    async def run(received: Received) -> Sequence[AnyEvent]:
        async with database.transaction() as connection:
            stored = await journal.find(connection, key(received.event))
            if stored is not None:
                return stored
            events = await handle(received, connection)
            return await journal.store(connection, key(received.event), events, clock())

    return run


def around(database: Database, journal: Journal, handle: BusHandler, clock: Clock) -> BusHandler:
    """Looks, works outside of any transaction, stores; the first to store wins. For handlers that are slow."""

    async def run(received: Received) -> Sequence[AnyEvent]:
        async with database.statement() as connection:
            stored = await journal.find(connection, key(received.event))
        if stored is not None:
            return stored
        events = await handle(received)
        async with database.statement() as connection:
            return await journal.store(connection, key(received.event), events, clock())

    return run


def key(event: AnyEvent) -> str:
    """The journal's key: publishers choose their ids, so the tenant is part of it."""
    return f"{event.tenant}/{event.namespace}/{event.id}"
