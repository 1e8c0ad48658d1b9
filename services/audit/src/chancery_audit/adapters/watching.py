"""Looks at the trail every second or two for what must raise an alert within ten seconds."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, get_args

import structlog
from chancery_bus import Received
from chancery_contracts.event import Clock
from chancery_contracts.failures import Retry
from chancery_runtime.metrics import gauge
from chancery_storage import Connection, Database, Queries

from chancery_audit.adapters.signing import LogSigner
from chancery_audit.domain.alerts import Alert, Alerts, Finding, Kind
from chancery_audit.domain.progress import Offsets, Place, Progress, backwards, behind_findings
from chancery_audit.domain.ranges import gaps, unflatten

log = structlog.get_logger()
Look = Callable[[Connection], Awaitable[list[Finding]]]
OUR_SOURCES = "chancery/"
"""Publishers may date their events as they please; our services may not."""
SKEW_REMEMBERED = timedelta(seconds=60)


@dataclass(frozen=True)
class Bounds:
    """Beyond these something is wrong."""

    unsigned_s: float = 5.0
    behind_s: float = 5.0
    unfinished_s: float = 300.0
    clock_s: float = 5.0
    two_contents_shown_h: int = 24


class Reach(Protocol):
    """What Kafka holds (`chancery_bus.Extents`). Raises Retry while it is away."""

    async def ends(self) -> Offsets: ...

    async def firsts(self, places: Iterable[Place]) -> Offsets: ...


@dataclass
class ClockWatch:
    """How far the clocks of our services are from the broker's, by what is recorded."""

    clock: Clock
    _last: dict[str, tuple[float, datetime]] = field(default_factory=dict)

    def look(self, batch: Sequence[Received]) -> None:
        """A batch that is being recorded."""
        for received in batch:
            event = received.event
            if event.source.startswith(OUR_SOURCES):
                self._last[event.source] = (event.time.timestamp() - received.timestamp_ms / 1000, self.clock())

    def findings(self, bound_s: float) -> list[Finding]:
        """Sources that were off a short while ago."""
        recent = self.clock() - SKEW_REMEMBERED
        off = {source: seconds for source, (seconds, at) in self._last.items() if at >= recent and abs(seconds) > bound_s}
        return [Finding("clock_off", None, source, f"{seconds:+.1f} s from the broker's clock") for source, seconds in off.items()]


class Watch:
    """Findings, alerts, their metric and log lines."""

    def __init__(
        self, database: Database, queries: Queries, signer: LogSigner, clocks: ClockWatch, bounds: Bounds, reach: Reach | None = None
    ) -> None:
        self.alerts = Alerts()
        self._database = database
        self._queries = queries
        self._signer = signer
        self._clocks = clocks
        self._bounds = bounds
        self._reach = reach
        self._progress = Progress(timedelta(seconds=bounds.behind_s))
        self._gauge = gauge("chancery_audit_alerts", "Alerts that stand, by kind", ("kind",))
        self._more: list[Look] = []

    def also(self, look: Look) -> None:
        """Looks there too, each time."""
        self._more.append(look)

    async def run(self, every_s: float) -> None:
        """Without end."""
        while True:
            await self.look()
            await asyncio.sleep(every_s)

    async def look(self) -> list[Alert]:
        """One look; the alerts that stand after it."""
        try:
            found = await self._findings()
        except Retry as fault:
            found = [Finding("trail_unreachable", None, "database", fault.reason)]
        raised, over = self.alerts.take(found, self._clocks.clock())
        for one in raised:
            log.error("alert_raised", kind=one.finding.kind, tenant=one.finding.tenant, place=one.finding.place, words=one.finding.words)
        for one in over:
            log.info("alert_over", kind=one.finding.kind, tenant=one.finding.tenant, place=one.finding.place)
        counts = Counter(one.finding.kind for one in self.alerts.standing)
        for kind in get_args(Kind):
            self._gauge.labels(kind).set(counts[kind])
        return self.alerts.standing

    async def health(self) -> dict[str, object]:
        """For `/health`: an alert does not make the service unready, or it would be started again for ever."""
        standing = self.alerts.standing
        return {"alerts": len(standing), "kinds": sorted({one.finding.kind for one in standing})}

    async def _findings(self) -> list[Finding]:
        found = [Finding("checkpoint_refused", tenant, tenant, reason) for tenant, reason in self._signer.refused.items()]
        async with self._database.reading() as connection:
            found += await self._in_database(connection)
            rows = await connection.fetch(self._queries.recorded_ends)
            for look in self._more:
                found += await look(connection)
            seconds = (self._clocks.clock() - await connection.fetchval(self._queries.clock)).total_seconds()
        if abs(seconds) > self._bounds.clock_s:
            found.append(Finding("clock_off", None, "database", f"this process is {seconds:+.1f} s from the database's clock"))
        found += await self._in_kafka({(row["topic"], row["partition"]): row["recorded"] for row in rows})
        return found + self._clocks.findings(self._bounds.clock_s)

    async def _in_kafka(self, recorded: Offsets) -> list[Finding]:
        """Of both sides, the database was asked first: Kafka may have more by now, never less."""
        if self._reach is None:
            return []
        try:
            ends = await self._reach.ends()
            behind = self._progress.behind(self._clocks.clock(), ends, recorded)
            # A trail that begins on an old Kafka cannot have what Kafka itself has no more.
            firsts = await self._reach.firsts(place for place in behind if place not in recorded)
        except Retry as fault:
            return [Finding("kafka_unreachable", None, "kafka", fault.reason)]
        waiting = {place: count for place, count in behind.items() if firsts.get(place, -1) < ends[place]}
        return behind_findings(waiting, self._progress.patience) + backwards(ends, recorded)

    async def _in_database(self, connection: Connection) -> list[Finding]:
        bounds, queries = self._bounds, self._queries
        holes = await connection.fetch(queries.partitions_with_gaps)
        unsigned = await connection.fetch(queries.unsigned_too_long, timedelta(seconds=bounds.unsigned_s))
        doubled = await connection.fetch(queries.recent_alarms, timedelta(hours=bounds.two_contents_shown_h))
        open_ = await connection.fetch(queries.unfinished_too_long, timedelta(seconds=bounds.unfinished_s))
        return [
            *(Finding("offset_gap", None, f"{row['topic']}/{row['partition']}", _holes(row["bounds"])) for row in holes),
            *(
                Finding("unsigned", r["tenant"], r["tenant"], f"{r['entries']} entries without checkpoint, since {r['since']}")
                for r in unsigned
            ),
            *(Finding("two_contents", r["tenant"], r["tenant"], f"{r['alarms']} event ids came with a second content") for r in doubled),
            *(Finding("unfinished", r["tenant"], r["tenant"], f"{r['open']} interactions have no end, since {r['since']}") for r in open_),
        ]


def _holes(bounds: list[int]) -> str:
    missing = gaps(unflatten(bounds))
    shown = ", ".join(f"{low} to {high - 1}" for low, high in missing[:5])
    return f"offsets {shown}{' …' if len(missing) > 5 else ''} are not on record"
