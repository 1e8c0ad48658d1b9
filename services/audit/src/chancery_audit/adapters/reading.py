"""The trail as operators read it."""

from collections.abc import Sequence
from typing import Any

from chancery_contracts.areas import AuditRead
from chancery_contracts.interactions import InteractionCompleted, InteractionRequested
from chancery_runtime.keys import unseal
from chancery_storage import Connection, Queries

from chancery_audit.adapters.sealing import KeyCache
from chancery_audit.adapters.viewing import Views
from chancery_audit.domain.entries import Head, seal_context
from chancery_audit.domain.ranges import unflatten
from chancery_audit.domain.verifying import StoredEntry, Verification
from chancery_audit.domain.views import View, wall_scope
from chancery_audit.ports import Completeness, EntryFilter, Erasure, ReadEntry, Unfinished

INTERACTION_LIMIT = 1_000
STRETCH = 500
UNFINISHED_LIMIT = 100


class PostgresTrailReader:
    """Port `TrailReader`."""

    def __init__(self, views: Views, queries: Queries, cache: KeyCache, namespace: str) -> None:
        self._views = views
        self._queries = queries
        self._cache = cache
        self._namespace = namespace

    async def interaction(self, view: View, interaction: str, hidden: frozenset[str]) -> Sequence[ReadEntry]:
        """Raises CorruptSeal where a payload or a key was changed."""
        async with self._views.reading(view) as connection:
            rows = await connection.fetch(self._queries.interaction_entries, view.tenant, interaction, INTERACTION_LIMIT)
            shown = await self._admitted(connection, view, rows)
        return [ReadEntry(_stored(row), None if row["type"] in hidden else await self._open(row), _erasure(row)) for row in shown]

    async def _open(self, row: Any) -> bytes | None:
        if row["sealed"] is None or row["wrapped"] is None or row["erased_at"] is not None:
            return None
        key = await self._cache.opened((row["tenant"], row["scope"]), row["wrapped"])
        return None if key is None else unseal(key, row["sealed"], seal_context(row["tenant"], row["event_id"]))

    async def entries(self, wanted: EntryFilter) -> Sequence[ReadEntry]:
        """Keyset paging by number."""
        view = wanted.view
        async with self._views.reading(view) as connection:
            rows = await connection.fetch(
                self._queries.list_entries, view.tenant, wanted.after_seq, wanted.type, wanted.since, wanted.until, wanted.interaction,
                wanted.limit,
            )  # fmt: skip
            shown = await self._admitted(connection, view, rows)
        return [ReadEntry(_stored(row, sealed=None)) for row in shown]

    async def reads(self, view: View, interaction: str | None, before_seq: int, limit: int) -> Sequence[ReadEntry]:
        """Keyset paging backwards by number."""
        async with self._views.reading(view) as connection:
            rows = await connection.fetch(self._queries.list_reads, view.tenant, AuditRead.TYPE, interaction, before_seq, limit)
            shown = await self._admitted(connection, view, rows)
        return [ReadEntry(_stored(row), await self._open(row), _erasure(row)) for row in shown]

    async def _admitted(self, connection: Connection, view: View, rows: Sequence[Any]) -> Sequence[Any]:
        if view.walls.open:
            return rows
        seen = await self._views.admitted(connection, view, {_scope(row) for row in rows})
        return [row for row in rows if _scope(row) in seen]

    async def verify(self, view: View) -> Verification:
        """One moment of the database, in stretches, so that its size does not matter. Without walls: it tells numbers alone."""
        tenant, run = view.tenant, Verification(view.tenant)
        async with self._views.reading(view.whole()) as connection:
            head = await connection.fetchrow(self._queries.head, tenant)
            after = 0
            while run.broken is None:
                rows = await connection.fetch(self._queries.stretch, tenant, after, STRETCH)
                run.take([_stored(row) for row in rows])
                if len(rows) < STRETCH:
                    break
                after = rows[-1]["seq"] + 1
        run.finish(Head(head["size"], head["link"]) if head else Head(0, bytes(32)))
        return run

    async def completeness(self, view: View) -> Completeness:
        """Counts of one moment, without walls: they tell nothing of contents. The list names interactions, so that it is behind them."""
        accepted, ended = InteractionRequested.TYPE, InteractionCompleted.TYPE
        scope = (view.tenant, self._namespace)
        async with self._views.reading(view.whole()) as connection:
            accounts = await connection.fetch(self._queries.accounts, view.tenant)
            counts = await connection.fetch(self._queries.count_types, *scope, [accepted, ended])
            unfinished_count = await connection.fetchval(self._queries.count_unfinished, *scope, accepted, ended)
            alarms = await connection.fetchval(self._queries.count_alarms, view.tenant)
            unfinished = await connection.fetch(self._queries.unfinished, *scope, accepted, ended, UNFINISHED_LIMIT)
        named = [row["interaction"] for row in unfinished]
        seen = set(named) if view.walls.open else await self._seen(view, named)
        by_type = {row["type"]: row["interactions"] for row in counts}
        return Completeness(
            accounts={(row["topic"], row["partition"]): unflatten(row["bounds"]) for row in accounts},
            accepted=by_type.get(accepted, 0),
            completed=by_type.get(ended, 0),
            unfinished_count=unfinished_count,
            unfinished=[Unfinished(**row) for row in unfinished if row["interaction"] in seen],
            alarms=alarms,
        )

    async def _seen(self, view: View, interactions: Sequence[str]) -> set[str]:
        """Which of these the database shows behind the walls, and the code admits."""
        async with self._views.reading(view) as connection:
            rows = await connection.fetch(self._queries.matters_of, view.tenant, [f"interaction/{one}" for one in interactions])
        return {row["scope"].removeprefix("interaction/") for row in rows if view.admits(row["matters"])}


def _scope(row: Any) -> str:
    return wall_scope(row["type"], row["interaction"], row["event_id"])


def _erasure(row: Any) -> Erasure | None:
    if row["erased_at"] is None:
        return None
    return Erasure(row["erased_at"], row["erased_why"], row["erased_by"], row["erased_for"])


def _stored(row: Any, **given: Any) -> StoredEntry:
    return StoredEntry(
        seq=row["seq"], namespace=row["namespace"], event_id=row["event_id"], type=row["type"], event_time=row["event_time"],
        interaction=row["interaction"], topic=row["topic"], partition=row["partition"], offset=row["offset"], leaf=row["leaf"],
        leaf_hash=row["leaf_hash"], link=row["link"], sealed=given["sealed"] if "sealed" in given else row["sealed"],
    )  # fmt: skip
