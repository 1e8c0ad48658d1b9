"""Orders of officers: published as events, within what whoever gives them may see; and what has become of them."""

from datetime import datetime
from typing import Any, Literal
from uuid import uuid4

from chancery_contracts.event import AnyEvent, Clock, Event
from chancery_contracts.privacy import ErasureSubject, PrivacyPayload
from chancery_runtime.problems import Problem
from chancery_storage import Queries
from pydantic import BaseModel

from chancery_audit.adapters.checkpoints import Publish
from chancery_audit.adapters.viewing import Views
from chancery_audit.domain.views import View

LIMIT = 1_000


class HoldView(BaseModel):
    """A hold. `interactions`: how many on record it covers that are not erased."""

    id: str
    matter: str | None
    reason: str
    placed_by: str
    placed_at: datetime
    state: Literal["in force", "released"]
    released_by: str | None
    released_at: datetime | None
    release_reason: str | None
    interactions: int


class ErasureRequestView(BaseModel):
    """A request. `partly`: holds keep the rest."""

    id: str
    subject: ErasureSubject
    reason: str
    legal_ground: str
    requested_by: str
    requested_at: datetime
    state: Literal["pending", "erased", "partly", "refused"]
    refusal: str | None
    interactions_erased: int


class PrivacyOrders:
    """Publishes orders, within what whoever gives them may see."""

    def __init__(self, views: Views, queries: Queries, publish: Publish, clock: Clock) -> None:
        self._views = views
        self._queries = queries
        self._publish = publish
        self._clock = clock

    async def give(self, view: View, data: PrivacyPayload, matter: str | None = None) -> str:
        """The event's id. Raises Problem where the tenant has no trail: a mistyped one must not look held."""
        async with self._views.reading(view) as connection:
            if not await connection.fetchval(self._queries.has_trail, view.tenant):
                raise Problem(404, "No such trail", "Nothing is on record of this tenant.")
        event: AnyEvent = Event(id=str(uuid4()), source="chancery/audit", time=self._clock(), tenant=view.tenant, data=data, matter=matter)
        await self._publish(event)
        return event.id

    async def holds(self, view: View, hold: str | None = None) -> list[HoldView]:
        """All, or one. Those of the whole tenant are everybody's."""
        async with self._views.reading(view) as connection:
            rows = await connection.fetch(self._queries.list_holds, view.tenant, hold, LIMIT)
        return [_hold(row) for row in rows if row["matter"] is None or view.admits([row["matter"]])]

    async def requests(self, view: View, request: str | None = None) -> list[ErasureRequestView]:
        """All, or one. Behind walls those of matters and interactions: a conversation may have any matter."""
        async with self._views.reading(view) as connection:
            rows = await connection.fetch(self._queries.list_requests, view.tenant, request, LIMIT)
            seen = await self._views.admitted(connection, view, {_scope(row) for row in rows})
        return [_request(row) for row in rows if (view.admits([row["name"]]) if row["kind"] == "matter" else _scope(row) in seen)]

    async def may_erase(self, view: View, subject: ErasureSubject) -> None:
        """Behind walls only what lies behind them in full. Raises Problem."""
        if view.walls.open:
            return
        if subject.kind == "conversation":
            raise Problem(403, "Not behind walls", "A conversation may have any matter: name the matter or the interaction.")
        if subject.kind == "matter":
            await self._may_erase_matter(view, subject.name)
            return
        scope = f"interaction/{subject.name}"
        async with self._views.reading(view) as connection:
            if scope not in await self._views.admitted(connection, view, {scope}):
                raise Problem(404, "Not on record", "No entry of this tenant has this interaction.")

    async def _may_erase_matter(self, view: View, matter: str) -> None:
        within(view, matter)
        async with self._views.reading(view.whole()) as connection:
            named = await connection.fetch(self._queries.matters_beside, view.tenant, matter)
        if not all(view.admits(row["matters"]) for row in named):
            raise Problem(409, "Not this matter alone", "Some of it belongs to other matters too: ask somebody who may see those.")


def within(view: View, matter: str | None) -> None:
    """An order behind walls names a matter that lies behind them. Raises Problem."""
    if not view.walls.open and (matter is None or not view.admits([matter])):
        raise Problem(403, "Outside your matters", "Name a matter that this key or token is for.")


def _hold(row: Any) -> HoldView:
    return HoldView.model_validate({**row, "id": row["hold"], "state": "in force" if row["released_at"] is None else "released"})


def _request(row: Any) -> ErasureRequestView:
    return ErasureRequestView.model_validate({**row, "id": row["request"], "subject": {"kind": row["kind"], "name": row["name"]}})


def _scope(row: Any) -> str:
    return f"{row['kind']}/{row['name']}"
