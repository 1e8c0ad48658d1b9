"""Finds interactions by what the trail notes of them, and what was live at a moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chancery_contracts.areas import RegistryEntryPublished
from chancery_contracts.catalogue import SHARED
from chancery_runtime.keys import unseal
from chancery_storage import Connection, Queries

from chancery_audit.adapters.attributes import PERSON_PURPOSE
from chancery_audit.adapters.sealing import KeyCache
from chancery_audit.adapters.viewing import Views
from chancery_audit.domain.attributes import VERSIONED, person_name
from chancery_audit.domain.entries import seal_context
from chancery_audit.domain.live import Live, Published, live_at
from chancery_audit.domain.views import View
from chancery_audit.domain.wanted import Wanted
from chancery_audit.errors import NoSuchPlace

NARROW = 2_000
"""Rows of a source are counted up to here, to choose the one with the fewest; beyond it they are estimated."""
MAX_VERSIONS = 500
"""Of one name that is asked for without a version: beyond it, name the version."""
_EVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class FoundInteraction:
    """One interaction, without its contents. `told`: names of attributes by kind. `costs`: what was settled, by currency."""

    interaction: str
    use_case: str
    matters: Sequence[str]
    conversations: Sequence[str]
    begun_at: datetime
    ended_at: datetime | None
    erased_at: datetime | None
    told: Mapping[str, Sequence[str]]
    costs: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Search:
    """What is asked for, by kind: names of places, names of attributes (hashed, where they are persons), and where the page begins."""

    wanted: Wanted
    places: Mapping[str, Sequence[str]]
    attributes: Mapping[str, Sequence[str]]
    after: tuple[datetime, str] | None

    def possible(self) -> list[str]:
        """Kinds that a page may be taken out of."""
        whole = [("use_case", self.wanted.use_case), ("cost", self.wanted.cost)]
        return [*self.attributes, *self.places, *(kind for kind, value in whole if value is not None)]

    def begins(self) -> tuple[datetime | None, tuple[datetime, str] | None]:
        """From when on, or after which place: the later one, which holds for both. An index begins at one of them only."""
        since = self.wanted.since
        if since is None or self.after is None:
            return since, self.after
        return (since, None) if since > self.after[0] else (None, self.after)


class PostgresFinder:
    """Reads what stands beside the trail."""

    def __init__(self, views: Views, queries: Queries, cache: KeyCache) -> None:
        self._views = views
        self._queries = queries
        self._cache = cache

    async def interactions(self, wanted: Wanted) -> list[FoundInteraction]:
        """In the order of acceptance. Raises NoSuchPlace."""
        view = wanted.view
        attributes = await self._attributes(wanted)
        async with self._views.reading(view) as connection:
            search = _Search(wanted, wanted.places(), attributes, await self._after(connection, wanted))
            if not all(attributes.values()) or not all(search.places.values()):
                return []
            page = await self._page(connection, search)
            rows = await connection.fetch(self._queries.found_interactions, view.tenant, [row["scope"] for row in page])
        return [_found(row) for row in rows if view.admits(row["matters"])]

    async def _attributes(self, wanted: Wanted) -> dict[str, Sequence[str]]:
        """Names as they are noted, any of which is meant: all versions where none is named, persons by their hashes."""
        found: dict[str, Sequence[str]] = {}
        for kind, name in wanted.named.items():
            found[kind] = [name]
            if kind in VERSIONED and "@" not in name:
                found[kind] = await self._versions(wanted.view, kind, name)
        if wanted.persons:
            key = await self._cache.key_service.derive(wanted.view.tenant, PERSON_PURPOSE)
            found["person"] = sorted({person_name(key, one.place, one.token) for one in wanted.persons})
        return found

    async def _versions(self, view: View, kind: str, name: str) -> list[str]:
        """Of the whole tenant: they are told to nobody, and to look for them behind walls would read what is hidden."""
        async with self._views.reading(view.whole()) as connection:
            rows = await connection.fetch(self._queries.versions_of, view.tenant, kind, name, MAX_VERSIONS)
        return [row["name"] for row in rows]

    async def _after(self, connection: Connection, wanted: Wanted) -> tuple[datetime, str] | None:
        if wanted.after is None:
            return None
        row = await connection.fetchrow(self._queries.place_of, wanted.view.tenant, wanted.after)
        if row is None:
            raise NoSuchPlace("`after` is no interaction of this tenant")
        return row["begun_at"], row["scope"]

    async def _page(self, connection: Connection, search: _Search) -> list[Any]:
        wanted, cost = search.wanted, search.wanted.cost
        await connection.execute(self._queries.sort_rows, "off")
        kind, size = await self._narrowest(connection, search)
        others = [(other, name) for other, names in search.attributes.items() if other != kind for name in names]
        names = search.attributes.get(kind) or search.places.get(kind, [""])
        source = self._queries[_source(kind, search)]
        since, after = search.begins()
        if kind in search.places or (kind == "cost" and size < NARROW):
            await connection.execute(self._queries.sort_rows, "on")
        return await connection.fetch(
            self._queries.find_page.format(source=source), wanted.view.tenant, kind, wanted.use_case, wanted.matter, wanted.conversation,
            since, wanted.until, wanted.state, [other for other, _ in others], [name for _, name in others],
            len({other for other, _ in others}), *((cost.currency, cost.least, cost.most) if cost else (None, None, None)),
            *(after or (None, None)), names, wanted.limit,
        )  # fmt: skip

    async def _narrowest(self, connection: Connection, search: _Search) -> tuple[str, float]:
        """The kind with the fewest rows, and about how many it has, where that matters."""
        if search.wanted.view.walls.matters is not None:
            return "matter", 0  # whoever is kept to matters reads nothing else: to count what is hidden would read it all
        possible = search.possible()
        if len(possible) < 2 and possible != ["cost"]:
            return (*possible, "")[0], 0
        wanted, cost = search.wanted, search.wanted.cost
        named = [(kind, name) for kind, names in search.attributes.items() for name in names]
        placed = [(kind, name) for kind, names in search.places.items() for name in names]
        since = max(wanted.since or _EVER, search.after[0] if search.after else _EVER)
        rows = await connection.fetch(
            self._queries.size_sources, wanted.view.tenant, wanted.use_case, [kind for kind, _ in placed],
            [name for _, name in placed],
            [kind for kind, _ in named], [name for _, name in named],
            *((cost.currency, cost.least, cost.most) if cost else (None, None, None)), since, NARROW,
        )  # fmt: skip
        return min(((row["source"], row["size"]) for row in rows), key=lambda one: one[1])

    async def live(self, view: View, at: datetime) -> list[Live]:
        """From the registry's events in the trail: the tenant's and the shared ones, which belong to no matter."""
        rows = []
        for owner in (view.whole(), View(SHARED)):
            async with self._views.reading(owner) as connection:
                rows += await connection.fetch(self._queries.registry_entries, [owner.tenant], RegistryEntryPublished.TYPE)
        versions = []
        for row in rows:
            key = await self._cache.opened((row["tenant"], row["scope"]), row["wrapped"])
            if key is None:
                continue
            payload = unseal(key, row["sealed"], seal_context(row["tenant"], row["event_id"]))
            entry = RegistryEntryPublished.model_validate_json(payload)
            versions.append(Published(row["tenant"], row["seq"], row["event_time"], entry))
        return live_at(versions, view.tenant, at)


def _source(kind: str, search: _Search) -> str:
    if kind in search.attributes:
        return "find_in_attributes"
    return "find_in_places" if kind in search.places else "find_in_costs" if kind == "cost" else "find_in_scopes"


def _found(row: Any) -> FoundInteraction:
    given = dict(row)
    told: dict[str, list[str]] = {}
    for kind, name in given.pop("told"):
        told.setdefault(kind, []).append(name)
    costs = {currency: int(micros) for currency, micros in given.pop("settled")}
    return FoundInteraction(**given, told=told, costs=costs)
