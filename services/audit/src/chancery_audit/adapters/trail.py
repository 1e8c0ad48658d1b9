"""The trail in PostgreSQL: what has accumulated is appended in one transaction, with its offsets and de-duplication."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from chancery_bus import Received, Unreadable
from chancery_contracts.failures import ChanceryError
from chancery_ledger import GENESIS, canonical, leaf_hash, link
from chancery_runtime.metrics import counter
from chancery_storage import Connection, Database, Queries

from chancery_audit.adapters.payloads import PayloadSealer
from chancery_audit.domain.envelopes import Payload, leaf_of
from chancery_audit.domain.ranges import merge, of_offsets

log = structlog.get_logger()


@dataclass(frozen=True)
class Sealed:
    """An event ready to be appended."""

    received: Received
    payload: Payload
    content_hash: bytes


class PostgresTrail:
    """`append` joins the next batch and returns when it is durable; `run` writes the batches, one at a time."""

    def __init__(self, database: Database, queries: Queries, sealer: PayloadSealer, batch: int) -> None:
        self._database = database
        self._queries = queries
        self._sealer = sealer
        self._batch = batch
        self._waiting: list[tuple[Sealed, asyncio.Future[None]]] = []
        self._wake = asyncio.Event()
        self._entries = counter("chancery_audit_entries_total", "Entries appended")
        self._alarms = counter("chancery_audit_alarms_total", "Ids with two contents")

    async def append(self, received: Received) -> None:
        """Returns once durable. Raises Retry while the database or the key service is away."""
        event = received.event
        sealed = Sealed(received, await self._sealer.seal(event), await self._sealer.content_hash(event))
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((sealed, future))
        self._wake.set()
        await future

    async def account(self, record: Unreadable) -> None:
        """One row and one offset; the stage that the record was meant for has its bytes as a dead letter."""
        async with self._database.transaction() as connection:
            place = (record.topic, record.partition, record.offset)
            await connection.execute(self._queries.add_unreadable, *place, record.timestamp_ms, record.reason)
            await connection.execute(self._queries.add_offsets, *place, record.offset + 1)

    async def run(self) -> None:
        """Without end."""
        while True:
            await self._wake.wait()
            batch, self._waiting = self._waiting[: self._batch], self._waiting[self._batch :]
            if not self._waiting:
                self._wake.clear()
            try:
                await self.write([sealed for sealed, _ in batch])
            except ChanceryError as exc:
                for _, future in batch:
                    if not future.done():
                        future.set_exception(type(exc)(str(exc)))
            else:
                for _, future in batch:
                    with contextlib.suppress(asyncio.InvalidStateError):
                        future.set_result(None)

    async def write(self, batch: Sequence[Sealed]) -> None:
        """One transaction: entries, payloads, heads, offsets, alarms."""
        by_tenant: dict[str, list[Sealed]] = defaultdict(list)
        for sealed in batch:
            by_tenant[sealed.received.event.tenant].append(sealed)
        async with self._database.transaction() as connection:
            # In the order of tenants: two writers wait for each other and never in a ring.
            for tenant in sorted(by_tenant):
                await self._append_tenant(connection, tenant, by_tenant[tenant])
            await self._account(connection, batch)

    async def _append_tenant(self, connection: Connection, tenant: str, batch: list[Sealed]) -> None:
        head = await connection.fetchrow(self._queries.lock_head, tenant, GENESIS)
        assert head is not None
        size, previous = int(head["size"]), bytes(head["link"])
        entries: list[tuple[Any, ...]] = []
        payloads: list[tuple[Any, ...]] = []
        for sealed in await self._fresh(connection, tenant, batch):
            event, payload = sealed.received.event, sealed.payload
            leaf = canonical(leaf_of(sealed.received, payload.commitment))
            size, previous = size + 1, link(previous, leaf_hash(leaf))
            entries.append(
                (
                    tenant, size, event.id, event.namespace, event.type, event.interaction, sealed.received.timestamp_ms,
                    sealed.content_hash, leaf, previous,
                )
            )  # fmt: skip
            payloads.append((tenant, size, payload.sealed, payload.wrapped_key, payload.context))
        if not entries:
            return
        names = ("tenant", "seq", "event_id", "namespace", "type", "interaction", "recorded_ms", "content_hash", "leaf", "link")
        await connection.copy_records_to_table("entries", records=entries, columns=names)
        await connection.copy_records_to_table("payloads", records=payloads, columns=("tenant", "seq", "sealed", "wrapped_key", "context"))
        await connection.execute(self._queries.move_head, tenant, size, previous)
        self._entries.inc(len(entries))

    async def _fresh(self, connection: Connection, tenant: str, batch: list[Sealed]) -> list[Sealed]:
        """Those that the trail does not have; one id with two contents is an alarm, and the first stays."""
        known: dict[tuple[str, str], bytes] = {}
        for namespace in {sealed.received.event.namespace for sealed in batch}:
            ids = [sealed.received.event.id for sealed in batch if sealed.received.event.namespace == namespace]
            rows = await connection.fetch(self._queries.known_events, tenant, namespace, ids)
            known |= {(namespace, row["event_id"]): bytes(row["content_hash"]) for row in rows}
        fresh: list[Sealed] = []
        for sealed in batch:
            event = sealed.received.event
            before = known.setdefault((event.namespace, event.id), sealed.content_hash)
            if before is sealed.content_hash:
                fresh.append(sealed)
            elif before != sealed.content_hash:
                await self._alarm(connection, sealed)
        return fresh

    async def _alarm(self, connection: Connection, sealed: Sealed) -> None:
        event, received, payload = sealed.received.event, sealed.received, sealed.payload
        self._alarms.inc()
        log.error("event_has_two_contents", event_id=event.id, type=event.type, topic=received.topic, offset=received.offset)
        await connection.execute(
            self._queries.add_alarm, event.tenant, event.namespace, event.id, received.topic, received.partition, received.offset,
            payload.sealed, payload.wrapped_key, payload.context,
        )  # fmt: skip

    async def _account(self, connection: Connection, batch: Sequence[Sealed]) -> None:
        by_partition: dict[tuple[str, int], list[int]] = defaultdict(list)
        for sealed in batch:
            by_partition[(sealed.received.topic, sealed.received.partition)].append(sealed.received.offset)
        for (topic, partition), offsets in sorted(by_partition.items()):
            rows = await connection.fetch(self._queries.lock_ranges, topic, partition)
            before = [(row["first_offset"], row["next_offset"]) for row in rows]
            after = merge([*before, *of_offsets(offsets)])
            if len(after) < len(before) or (before and after[0][0] != before[0][0]):
                await connection.execute(self._queries.drop_ranges, topic, partition)
            changed = [one for one in after if one not in before]
            await connection.executemany(self._queries.add_offsets, [(topic, partition, *one) for one in changed])
