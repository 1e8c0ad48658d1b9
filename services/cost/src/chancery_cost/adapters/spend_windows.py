"""Windowed tables over the stream, by Faust: requests, refusals and spend a minute, for each tenant.

At least once, so each update is made idempotent, in two ways. A table's key holds the partition that its events come from, and its value
the highest offset that was counted there: a redelivered record is passed over, after a restart too, since both stand in the changelog,
which is written before the offset is committed. (A list of event ids in each value would do the same at a hundred times the bytes.)
An event that its stage published twice has two offsets and one id: the last ids are kept, in memory only, so that such a pair counts
once unless this process dies between the two. Exact sums are the ledger's. (Faust's exactly-once is not used: see the evidence.)

Faust's own expiry is not used either: it grows by an entry for each update, and forgets what was recovered. `prune` takes its place;
the changelog topics forget by their retention.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import faust
from chancery_bus import NewTopicSpec
from chancery_contracts import decode
from chancery_contracts.areas import CostPosted
from chancery_contracts.envelope import Origin
from chancery_contracts.event import AnyEvent, Clock
from chancery_contracts.failures import Poison
from chancery_contracts.topics import COSTS, REDACTED, REFUSED, Topic

from chancery_cost.adapters.gathering import GatheringTransport

WINDOW_S = 60
KEPT = timedelta(hours=24)
PRUNE_EVERY_S = 60.0
RECENT_IDS = 10_000
SOURCES: dict[str, Topic] = {"requests": REDACTED, "refusals": REFUSED, "spend_micros": COSTS}


@dataclass(frozen=True)
class Cell:
    """One measure of one tenant in one minute."""

    tenant: str
    minute: datetime
    measure: str
    value: int


class RecentIds:
    """The last ids seen, bounded."""

    def __init__(self, bound: int = RECENT_IDS) -> None:
        self._bound = bound
        self._ids: OrderedDict[str, None] = OrderedDict()

    def first_time(self, event_id: str) -> bool:
        """True, and remembered, where the id is not among the last ones."""
        if event_id in self._ids:
            return False
        self._ids[event_id] = None
        if len(self._ids) > self._bound:
            self._ids.popitem(last=False)
        return True

    def forget(self) -> None:
        """All of them."""
        self._ids.clear()


def amount(measure: str, event: AnyEvent) -> int:
    """What an event adds: one, or micro-units when money was spent."""
    if measure != "spend_micros":
        return 1
    data = event.data
    return data.amount_micros if isinstance(data, CostPosted) and data.kind == "settle" else 0


def counted(value: dict[str, int], offset: int, more: int) -> dict[str, int]:
    """The cell after an event; unchanged for one that was counted before."""
    if offset <= value.get("offset", -1):
        return value
    return {"value": value.get("value", 0) + more, "offset": offset}


def group(namespace: str) -> str:
    """The consumer group, which is also how Faust begins the names of its topics."""
    return f"chancery.{namespace}.cost-windows"


def changelogs(namespace: str) -> list[NewTopicSpec]:
    """The topics that hold the tables: as many partitions as their sources, compacted, and without what is too old to be asked for."""
    retention = str(int(2 * KEPT.total_seconds() * 1000))
    config = {"cleanup.policy": "compact,delete", "retention.ms": retention, "segment.ms": "3600000"}
    return [NewTopicSpec(f"{group(namespace)}-{table_name(one)}-changelog", topic.partitions, config) for one, topic in SOURCES.items()]


def table_name(measure: str) -> str:
    """Of the table that holds a measure."""
    return f"{measure}-by-minute"


class SpendWindows:
    """The Faust application and its tables. Build it inside the running loop."""

    def __init__(self, bootstrap: str, namespace: str, folder: Path, clock: Clock) -> None:
        self._clock = clock
        self._app = faust.App(
            group(namespace),
            broker=f"kafka://{bootstrap}",
            store="memory://",
            datadir=str(folder),
            web_enabled=False,
            topic_disable_leader=True,
            # After a member dies its partitions wait for this, not for the library's minutes.
            broker_session_timeout=10,
            broker_heartbeat_interval=2,
            consumer_auto_offset_reset="earliest",
            loop=asyncio.get_running_loop(),
        )
        self._app.transport = GatheringTransport.of(self._app)
        self._tables: dict[str, Any] = {}
        self._recent = {measure: RecentIds() for measure in SOURCES}
        for measure, topic in SOURCES.items():
            self._follow(measure, topic, namespace)
        # What was seen but not counted in a table that another worker now continues must be counted when it comes again.
        self._app.on_partitions_revoked.connect(self._forget, weak=False)

    def _follow(self, measure: str, topic: Topic, namespace: str) -> None:
        """One table for each topic: a table's changelog has the partitions of its source."""
        table = self._app.Table(table_name(measure), default=dict, partitions=topic.partitions).tumbling(WINDOW_S)
        self._tables[measure] = table
        source = self._app.topic(
            topic.full_name(None, namespace), key_type=bytes, value_type=bytes, value_serializer="raw", key_serializer="raw",
            allow_empty=True,
        )  # fmt: skip

        async def count(stream: Any) -> None:
            # Faust would log an agent's error and go on with the next event: a hole in the counts. It stops the process instead.
            try:
                async for event in stream.events():
                    self._count(measure, table, event.message)
            except Exception as error:
                await self._app.crash(error)
                raise

        self._app.agent(source, name=f"chancery_cost.windows.{measure}")(count)

    def _count(self, measure: str, table: Any, message: Any) -> None:
        headers = message.headers.items() if isinstance(message.headers, dict) else message.headers or ()
        try:
            event = decode(message.value, headers, Origin(None, int(message.timestamp * 1000)))
        except Poison:
            return  # the stages dead-letter it
        more = amount(measure, event)
        if not more:
            return
        key = f"{event.tenant}|{message.partition}"
        before = table[key].value()
        after = counted(before, message.offset, more)
        if after is not before and self._recent[measure].first_time(event.id):
            table[key] = after

    async def _forget(self, *_: Any, **__: Any) -> None:
        for recent in self._recent.values():
            recent.forget()

    async def run(self) -> None:
        """Until stopped. Raises what Faust crashed of."""
        await self._app.start()
        pruning = asyncio.create_task(self._prune_regularly())
        try:
            await self._app.wait_until_stopped()
        finally:
            pruning.cancel()
        if self._app.crash_reason is not None:
            raise self._app.crash_reason

    async def stop(self) -> None:
        """Leaves the group."""
        await self._app.stop()

    async def ping(self) -> None:
        """Raises ConnectionError until the tables are back from their changelogs and partitions are assigned."""
        if not self._app.started or self._app.rebalancing or not self._app.tables.recovery.completed.is_set():
            raise ConnectionError("tables are being recovered")

    async def _prune_regularly(self) -> None:
        while True:
            await asyncio.sleep(PRUNE_EVERY_S)
            self.prune(self._clock() - KEPT)

    def prune(self, before: datetime) -> int:
        """Drops minutes that began earlier, from memory; how many cells."""
        dropped = 0
        for table in self._tables.values():
            store = table.table.data
            for cell in [cell for cell, _ in _entries(table) if _minute(cell) < before]:
                del store[cell]
                dropped += 1
        return dropped

    def cells(self, tenant: str, since: datetime) -> list[Cell]:
        """Every measure of a tenant since a moment, a cell for each minute."""
        sums: dict[tuple[datetime, str], int] = {}
        for measure, table in self._tables.items():
            for cell, value in _entries(table):
                minute = _minute(cell)
                if cell[0].rpartition("|")[0] == tenant and minute >= since:
                    sums[(minute, measure)] = sums.get((minute, measure), 0) + value["value"]
        return [Cell(tenant, minute, measure, value) for (minute, measure), value in sorted(sums.items())]


def _entries(table: Any) -> Iterator[tuple[Any, dict[str, int]]]:
    """Keys are (tenant|partition, (start, end))."""
    return iter(list(table.table.items()))


def _minute(cell: Any) -> datetime:
    return datetime.fromtimestamp(cell[1][0], UTC)
