"""Windowed tables over the stream, by Faust: requests, refusals and spend a minute, for each tenant.

At least once, so each update is made idempotent: a table's key holds the partition that its events come from, and its value the
highest offset that was counted there. A redelivered event has an offset that was counted, and is passed over. (Faust's
exactly-once is not used: see the evidence.) The tables live in memory and in their changelog topics, from which a restarted
worker, or another one, gets them back.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import faust
from chancery_contracts import decode
from chancery_contracts.areas import CostPosted
from chancery_contracts.envelope import Origin
from chancery_contracts.event import AnyEvent
from chancery_contracts.failures import Poison
from chancery_contracts.topics import COSTS, REDACTED, REFUSED, Topic

WINDOW_S = 60
KEPT_S = 86_400
SOURCES: dict[str, Topic] = {"requests": REDACTED, "refusals": REFUSED, "spend_micros": COSTS}


@dataclass(frozen=True)
class Cell:
    """One measure of one tenant in one minute."""

    tenant: str
    minute: datetime
    measure: str
    value: int


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


class SpendWindows:
    """The Faust application and its tables. Build it inside the running loop."""

    def __init__(self, bootstrap: str, namespace: str, folder: Path) -> None:
        self._app = faust.App(
            f"chancery.{namespace}.cost-windows",
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
        self._tables: dict[str, Any] = {}
        for measure, topic in SOURCES.items():
            self._follow(measure, topic, namespace)

    def _follow(self, measure: str, topic: Topic, namespace: str) -> None:
        """One table for each topic: a table's changelog has the partitions of its source."""
        table = self._app.Table(f"{measure}-by-minute", default=dict, partitions=topic.partitions).tumbling(WINDOW_S, expires=KEPT_S)
        self._tables[measure] = table
        source = self._app.topic(
            topic.full_name(None, namespace), key_type=bytes, value_type=bytes, value_serializer="raw", key_serializer="raw"
        )

        async def count(stream: Any) -> AsyncIterator[None]:
            async for event in stream.events():
                self._count(measure, table, event.message)
                yield

        self._app.agent(source, name=f"chancery_cost.windows.{measure}")(count)

    def _count(self, measure: str, table: Any, message: Any) -> None:
        headers = message.headers.items() if isinstance(message.headers, dict) else message.headers or ()
        try:
            event = decode(message.value, headers, Origin(None, datetime.fromtimestamp(message.timestamp, UTC)))
        except Poison:
            return  # the stages dead-letter it
        more = amount(measure, event)
        if more:
            key = f"{event.tenant}|{message.partition}"
            table[key] = counted(table[key].value(), message.offset, more)

    async def run(self) -> None:
        """Until stopped. Raises what Faust crashed of."""
        await self._app.start()
        await self._app.wait_until_stopped()
        if self._app.crash_reason is not None:
            raise self._app.crash_reason

    async def stop(self) -> None:
        """Leaves the group."""
        await self._app.stop()

    async def ping(self) -> None:
        """Raises ConnectionError until the tables are back from their changelogs and partitions are assigned."""
        if not self._app.started or self._app.rebalancing or not self._app.tables.recovery.completed.is_set():
            raise ConnectionError("tables are being recovered")

    def cells(self, tenant: str, since: datetime) -> list[Cell]:
        """Every measure of a tenant since a moment, a cell for each minute."""
        sums: dict[tuple[datetime, str], int] = {}
        for measure, table in self._tables.items():
            for (key, (start, _)), value in list(table.table.items()):
                minute = datetime.fromtimestamp(start, UTC)
                if key.rpartition("|")[0] == tenant and minute >= since:
                    sums[(minute, measure)] = sums.get((minute, measure), 0) + value["value"]
        return [Cell(tenant, minute, measure, value) for (minute, measure), value in sorted(sums.items())]
