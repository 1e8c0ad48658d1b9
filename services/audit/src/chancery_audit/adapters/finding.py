"""Finds interactions by what the trail notes of them, and what was live at a moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from chancery_contracts.areas import RegistryEntryPublished
from chancery_contracts.catalogue import SHARED
from chancery_runtime.keys import unseal
from chancery_storage import Queries

from chancery_audit.adapters.sealing import KeyCache
from chancery_audit.adapters.viewing import Views
from chancery_audit.domain.entries import seal_context
from chancery_audit.domain.live import Live, Published, live_at
from chancery_audit.domain.views import View

State = Literal["open", "ended", "erased"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which interactions; None means any. `after` is the last one of the page before. Times are the broker's, of acceptance."""

    view: View
    use_case: str | None = None
    matter: str | None = None
    conversation: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    state: State | None = None
    after: str | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class FoundInteraction:
    """One interaction, without its contents."""

    interaction: str
    use_case: str
    matters: Sequence[str]
    conversations: Sequence[str]
    begun_at: datetime
    ended_at: datetime | None
    erased_at: datetime | None


class PostgresFinder:
    """Reads what `Notes` wrote beside the trail."""

    def __init__(self, views: Views, queries: Queries, cache: KeyCache) -> None:
        self._views = views
        self._queries = queries
        self._cache = cache

    async def interactions(self, wanted: Wanted) -> list[FoundInteraction]:
        """In the order of acceptance."""
        view = wanted.view
        kept_to = None if view.walls.matters is None else sorted(view.walls.matters)
        async with self._views.reading(view) as connection:
            rows = await connection.fetch(
                self._queries.find_interactions, view.tenant, wanted.use_case, wanted.matter, wanted.conversation, wanted.since,
                wanted.until, wanted.state, wanted.after, wanted.limit, kept_to,
            )  # fmt: skip
        return [FoundInteraction(**row) for row in rows if view.admits(row["matters"])]

    async def live(self, view: View, at: datetime) -> list[Live]:
        """From the registry's events in the trail: the tenant's and the shared ones, which belong to no matter."""
        rows = []
        for owner in (view.whole(), View(SHARED)):
            async with self._views.reading(owner) as connection:
                rows += await connection.fetch(self._queries.registry_entries, [owner.tenant], RegistryEntryPublished.TYPE)
        versions = []
        for row in rows:
            key = await self._cache.unwrap((row["tenant"], row["scope"]), row["wrapped"])
            payload = unseal(key, row["sealed"], seal_context(row["tenant"], row["event_id"]))
            entry = RegistryEntryPublished.model_validate_json(payload)
            versions.append(Published(row["tenant"], row["seq"], row["event_time"], entry))
        return live_at(versions, view.tenant, at)
