"""Destroys payloads and their keys: what was asked for, what has outlived its retention, what came back. Nothing that is held."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from chancery_contracts.bodies import DEFAULT_RETENTION_DAYS, UseCaseBody
from chancery_contracts.catalogue import Catalogue
from chancery_contracts.event import AnyEvent, Clock
from chancery_contracts.failures import Retry
from chancery_contracts.privacy import ErasureRefused
from chancery_runtime.metrics import counter
from chancery_storage import Connection, Database, Queries
from chancery_storage.journal import dump_events, load_events

from chancery_audit.adapters.sealing import KeyCache
from chancery_audit.adapters.trail import PostgresTrail
from chancery_audit.domain.erasures import Because, Destroyed, erasure_refused, payloads_erased

Publish = Callable[[AnyEvent], Awaitable[object]]
Choose = tuple[str, tuple[Any, ...]]
"""A query of the scopes of the next batch, and what it asks for."""
STRETCH = 5_000


async def every(seconds: float, work: Callable[[], Awaitable[object]]) -> None:
    """Without end; a passing fault waits for the next round."""
    while True:
        with suppress(Retry):  # nothing is half done: each batch is one transaction
            await work()
        await asyncio.sleep(seconds)


@dataclass(frozen=True)
class ErasingSettings:
    """Bounds."""

    batch: int = 200
    """Interactions of one transaction, and of one event: as long, appends and holds of that tenant wait."""


class Eraser:
    """One batch is one transaction: lock the tenant's head, choose what no hold covers, destroy, write down the event that tells of it.

    Holds are placed under the same lock: a hold that is in force before a batch keeps what it covers, one that comes later finds it gone.
    """

    def __init__(self, database: Database, queries: Queries, cache: KeyCache, catalogue: Catalogue, clock: Clock) -> None:
        self._database = database
        self._queries = queries
        self._cache = cache
        self._catalogue = catalogue
        self._clock = clock
        self.settings = ErasingSettings()
        self._erased = counter("chancery_audit_payloads_erased_total", "Payloads of the trail erased, by cause", ("cause",))
        self._refused = counter("chancery_audit_erasures_refused_total", "Requests for erasure refused, or in part, by code", ("code",))

    async def carry_out_requests(self) -> int:
        """Every pending request to its end; how many."""
        async with self._database.reading() as connection:
            rows = await connection.fetch(self._queries.pending_requests)
        for row in rows:
            because = Because("request", request=row["request"], matter=row["name"] if row["kind"] == "matter" else None)
            subject = (row["kind"], row["name"], row["covers_until"])
            await self._erase_all(row["tenant"], (self._queries.requested_scopes, subject), because, end=subject)
        return len(rows)

    async def erase_outlived(self) -> int:
        """What is older than the retention of its use case; how many interactions."""
        async with self._database.reading() as connection:
            pairs = await connection.fetch(self._queries.retained_use_cases)
        erased = 0
        for row in pairs:
            days = self._retention_days(row["tenant"], row["use_case"])
            before = self._clock() - timedelta(days=days)
            because = Because("retention", use_case=row["use_case"] or None, retention_days=days)
            erased += await self._erase_all(row["tenant"], (self._queries.outlived_scopes, (row["use_case"], before)), because)
        return erased

    async def erase_again(self) -> int:
        """What was erased and is there again; how many scopes."""
        async with self._database.reading() as connection:
            tenants = await connection.fetch(self._queries.tenants_again)
        return sum([await self._erase_all(row["tenant"], (self._queries.scopes_again, ()), Because("again")) for row in tenants])

    async def find_again(self) -> int:
        """Looks through everything erased for keys and payloads that are there all the same (a backup's rows); how many scopes."""
        after, found = ("", ""), 0
        while True:
            async with self._database.reading() as connection:
                rows = await connection.fetch(self._queries.erased_stretch, *after, STRETCH)
            for tenant in sorted({row["tenant"] for row in rows if row["there"]}):
                there = [row["scope"] for row in rows if row["there"] and row["tenant"] == tenant]
                async with self._database.transaction() as connection:
                    await PostgresTrail(connection, self._queries).lock_heads([tenant])
                    await connection.execute(self._queries.mark_again, tenant, there)
                found += len(there)
            if len(rows) < STRETCH:
                return found
            after = (rows[-1]["tenant"], rows[-1]["scope"])

    async def publish_outbox(self, publish: Publish) -> int:
        """What was done is told, at least once, with the content it was stored with; how many events."""
        async with self._database.reading() as connection:
            rows = await connection.fetch(self._queries.outbox)
        for row in rows:
            for event in load_events(row["body"]):
                await publish(event)
            async with self._database.statement() as connection:
                await connection.execute(self._queries.published, row["id"])
        return len(rows)

    def _retention_days(self, tenant: str, use_case: str) -> int:
        """As in force now: a use case that is not known is kept for the default."""
        found = self._catalogue.in_force(tenant, "use_case", use_case, self._clock(), UseCaseBody) if use_case else None
        return found[1].retention_days if found else DEFAULT_RETENTION_DAYS

    async def _erase_all(self, tenant: str, choose: Choose, because: Because, end: tuple[Any, ...] | None = None) -> int:
        erased = 0
        while count := await self._erase_batch(tenant, choose, because, end):
            erased += count
        return erased

    async def _erase_batch(self, tenant: str, choose: Choose, because: Because, end: tuple[Any, ...] | None) -> int:
        query, arguments = choose
        async with self._database.transaction() as connection:
            await PostgresTrail(connection, self._queries).lock_heads([tenant])
            # A statement of its own after the lock: it sees every hold that was placed before.
            rows = await connection.fetch(query, tenant, *arguments, self.settings.batch)
            scopes = [row["scope"] for row in rows]
            if not scopes:
                if end is not None:
                    await self._end_request(connection, tenant, because, end)
                return 0
            destroyed = await self._destroy(connection, tenant, scopes)
            now = self._clock()
            event = payloads_erased(tenant, scopes, because, destroyed, now)
            await connection.execute(self._queries.mark_erased, tenant, scopes, now, event.id, because.cause, because.request)
            await connection.execute(self._queries.add_to_outbox, dump_events([event]))
        self._cache.forget(destroyed.wrapped_keys)
        self._erased.labels(because.cause).inc(destroyed.payloads)
        return len(scopes)

    async def _destroy(self, connection: Connection, tenant: str, scopes: Sequence[str]) -> Destroyed:
        interactions = [scope.removeprefix("interaction/") for scope in scopes if scope.startswith("interaction/")]
        deleted = _count(await connection.execute(self._queries.delete_interaction_payloads, tenant, interactions))
        deleted += _count(await connection.execute(self._queries.delete_event_payloads, tenant, scopes))
        keys = await connection.fetch(self._queries.delete_keys, tenant, scopes)
        await connection.execute(self._queries.empty_alarms, tenant, scopes)
        await connection.execute(self._queries.delete_persons, tenant, scopes)
        return Destroyed(deleted, [row["wrapped"] for row in keys])

    async def _end_request(self, connection: Connection, tenant: str, because: Because, subject: tuple[Any, ...]) -> None:
        assert because.request is not None
        row = await connection.fetchrow(self._queries.left_of_request, tenant, *subject, because.request)
        assert row is not None
        if row["erased"] and not row["held"]:
            await connection.execute(self._queries.end_request, tenant, because.request, "erased", None)
            return
        data = ErasureRefused(
            request=because.request, code="held" if row["held"] else "nothing_left", holds=tuple(row["holds"]), left=row["held"],
            erased=row["erased"],
        )  # fmt: skip
        state = "partly" if row["erased"] else "refused"
        await connection.execute(self._queries.end_request, tenant, because.request, state, data.code)
        await connection.execute(self._queries.add_to_outbox, dump_events([erasure_refused(tenant, data, because, self._clock())]))
        self._refused.labels(data.code).inc()


def _count(status: str) -> int:
    return int(status.rsplit(" ", 1)[1])
