"""Attributes and costs in PostgreSQL: noted with what a batch appends, and caught up on for trails from before they were."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from typing import Any

import structlog
from chancery_contracts.event import AnyEvent, Event
from chancery_contracts.failures import Retry
from chancery_contracts.topics import PAYLOADS
from chancery_ledger import read_leaf
from chancery_runtime.keys import KeyService, unseal
from chancery_storage import Connection, Database, Queries

from chancery_audit.adapters.sealing import KeyCache
from chancery_audit.adapters.trail import PostgresTrail
from chancery_audit.domain.attributes import TELLING, attribute_notes
from chancery_audit.domain.entries import seal_context

log = structlog.get_logger()
PERSON_PURPOSE = "audit-person"
STRETCH = 200
"""Entries of one batch of catching up: as long as it is written, that tenant's appends wait."""
PAUSE_S = 0.02
"""Between two batches: what is appended now goes first."""
RETRY_S = 5.0


class PostgresAttributes:
    """For one transaction that holds the heads of its tenants, after its scopes are noted. A statement a table, however large the batch."""

    def __init__(self, connection: Connection, queries: Queries, key_service: KeyService) -> None:
        self._connection = connection
        self._queries = queries
        self._keys = key_service

    async def note(self, events: Iterable[AnyEvent]) -> None:
        """Sorted, as all that lock these rows do. Raises KeyServiceDown (a Retry)."""
        events = list(events)
        keys = {tenant: await self._keys.derive(tenant, PERSON_PURPOSE) for tenant in {event.tenant for event in events}}
        notes = attribute_notes(events, keys)
        if notes.attributes:
            columns = (list(column) for column in zip(*sorted(notes.attributes), strict=True))
            await self._connection.execute(self._queries.note_attributes, *columns)
        if notes.costs:
            rows = [(*place, micros) for place, micros in sorted(notes.costs.items())]
            await self._connection.execute(self._queries.note_costs, *(list(column) for column in zip(*rows, strict=True)))


class Backfill:
    """Notes what older entries tell. Each batch moves its tenant's mark in its own transaction: a restart goes on from there."""

    def __init__(self, database: Database, queries: Queries, cache: KeyCache) -> None:
        self._database = database
        self._queries = queries
        self._cache = cache

    async def run(self) -> None:
        """Until nothing is left; then it waits with the service. A passing fault is tried again."""
        pause, left = PAUSE_S, True
        while left:
            await asyncio.sleep(pause)
            pause = RETRY_S
            with suppress(Retry):  # nothing is half done: a batch is one transaction
                left = await self.step()
                pause = PAUSE_S
        await asyncio.Event().wait()

    async def step(self) -> bool:
        """The next batch of the first trail that has one; False where none has. Raises Retry, CorruptSeal."""
        async with self._database.reading() as connection:
            rows = await connection.fetch(self._queries.backfills)
            if not rows:
                return False
            tenant, first, until = rows[0]
            last = min(first + STRETCH, until)
            found = await connection.fetch(self._queries.backfill_stretch, tenant, first, last, TELLING)
        events = [event for row in found if (event := await self._open(tenant, row)) is not None]
        async with self._database.transaction() as connection:
            # What was erased meanwhile has its scope marked under this same lock: no person of it is noted.
            await PostgresTrail(connection, self._queries).lock_heads([tenant])
            if await connection.fetchval(self._queries.move_backfill, tenant, first, last):
                await PostgresAttributes(connection, self._queries, self._cache.key_service).note(events)
        if last == until:
            log.info("attributes_caught_up", tenant=tenant, entries=until)
        return True

    async def _open(self, tenant: str, row: Any) -> AnyEvent | None:
        key = await self._cache.opened((tenant, row["scope"]), row["wrapped"])
        if key is None:
            return None
        body = unseal(key, row["sealed"], seal_context(tenant, row["event_id"]))
        leaf: Any = read_leaf(row["leaf"])
        attributes = {name: leaf.get(name) for name in ("interaction", "conversation", "matter", "causation")}
        return Event(
            id=row["event_id"], source=leaf["source"], time=datetime.fromisoformat(leaf["time"]), tenant=tenant,
            data=PAYLOADS[row["type"]].model_validate_json(body), namespace=leaf["namespace"], **attributes,
        )  # fmt: skip
