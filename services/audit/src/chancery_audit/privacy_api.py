"""Legal holds and erasures, for officers: each order is published as an event, and takes effect where that event is handled."""

from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar
from uuid import uuid4

from chancery_contracts.event import AnyEvent, Clock, Event
from chancery_contracts.identifiers import IDENTIFIER_PATTERN, TENANT_PATTERN
from chancery_contracts.privacy import ErasureRequested, ErasureSubject, HoldPlaced, HoldReleased, PrivacyPayload
from chancery_runtime.problems import Problem
from chancery_storage import Queries
from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, Field

from chancery_audit.adapters.viewing import Views
from chancery_audit.api import Identifier, Publish, Tell, Tenant
from chancery_audit.domain.roles import Visitor
from chancery_audit.domain.views import View
from chancery_audit.gate import Gate

LIMIT = 1_000
Reason = Annotated[str, Field(min_length=1, max_length=500)]
Found = TypeVar("Found", bound=BaseModel)
Opaque = Annotated[str | None, Field(pattern=IDENTIFIER_PATTERN)]


class HoldOrder(BaseModel):
    """Exactly one of `matter` and `whole_tenant`: a forgotten matter must not hold, or release, everything."""

    tenant: str = Field(pattern=TENANT_PATTERN)
    matter: Opaque = None
    whole_tenant: bool = False
    reason: Reason
    on_behalf_of: Opaque = None


class ReleaseOrder(BaseModel):
    """Ends a hold."""

    tenant: str = Field(pattern=TENANT_PATTERN)
    reason: Reason
    on_behalf_of: Opaque = None


class ErasureOrder(BaseModel):
    """Everything of `subject` that is on record now."""

    tenant: str = Field(pattern=TENANT_PATTERN)
    subject: ErasureSubject
    reason: Reason
    legal_ground: str = Field(min_length=1, max_length=200)
    on_behalf_of: Opaque = None


class Accepted(BaseModel):
    """The event's id names the hold, or the request; `href` tells when it has taken effect."""

    id: str
    href: str


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


class HoldList(BaseModel):
    """In force first."""

    holds: list[HoldView]


class ErasureList(BaseModel):
    """Newest first."""

    erasures: list[ErasureRequestView]


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


def privacy_router(gate: Gate, orders: PrivacyOrders, tell: Tell) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/v1")
    content, may_order = Depends(gate.may("content")), Depends(gate.may("order"))

    @routes.post("/holds", status_code=202)
    async def place(order: HoldOrder, response: Response, who: Visitor = may_order) -> Accepted:
        """In force once `href` answers."""
        view = who.to(order.tenant).view
        if (order.matter is None) is not order.whole_tenant:
            raise Problem(422, "What is to be held?", "Name either a matter or `whole_tenant`.")
        within(view, order.matter)
        data = HoldPlaced(matter=order.matter, reason=order.reason, by=who.reader, on_behalf_of=order.on_behalf_of)
        return _accepted("holds", order.tenant, await orders.give(view, data, order.matter), response)

    @routes.post("/holds/{hold}/release", status_code=202)
    async def release(hold: Identifier, order: ReleaseOrder, response: Response, who: Visitor = may_order) -> Accepted:
        """409 where it is released already."""
        view = who.to(order.tenant).view
        found = _one(await orders.holds(view, hold), "hold")
        within(view, found.matter)
        if found.state == "released":
            raise Problem(409, "Released before", "This hold is not in force any more.")
        data = HoldReleased(hold=hold, reason=order.reason, by=who.reader, on_behalf_of=order.on_behalf_of)
        await orders.give(view, data, found.matter)
        return _accepted("holds", order.tenant, hold, response)

    @routes.get("/holds")
    async def holds(tenant: Tenant, who: Visitor = content) -> HoldList:
        """Up to a thousand."""
        visit = who.to(tenant)
        found = await orders.holds(visit.view)
        await tell(visit, len(found), query="holds")
        return HoldList(holds=found)

    @routes.get("/holds/{hold}")
    async def one_hold(hold: Identifier, tenant: Tenant, who: Visitor = content) -> HoldView:
        """One."""
        visit = who.to(tenant)
        found = _one(await orders.holds(visit.view, hold), "hold")
        await tell(visit, 1, query="holds", hold=hold)
        return found

    @routes.post("/erasures", status_code=202)
    async def erase(order: ErasureOrder, response: Response, who: Visitor = may_order) -> Accepted:
        """Carried out, or refused, soon after; `href` tells which."""
        view = who.to(order.tenant).view
        await orders.may_erase(view, order.subject)
        data = ErasureRequested(
            subject=order.subject, reason=order.reason, legal_ground=order.legal_ground, by=who.reader, on_behalf_of=order.on_behalf_of
        )
        matter = order.subject.name if order.subject.kind == "matter" else None
        return _accepted("erasures", order.tenant, await orders.give(view, data, matter), response)

    @routes.get("/erasures")
    async def erasures(tenant: Tenant, who: Visitor = content) -> ErasureList:
        """Up to a thousand."""
        visit = who.to(tenant)
        found = await orders.requests(visit.view)
        await tell(visit, len(found), query="erasures")
        return ErasureList(erasures=found)

    @routes.get("/erasures/{request}")
    async def one_erasure(request: Identifier, tenant: Tenant, who: Visitor = content) -> ErasureRequestView:
        """One."""
        visit = who.to(tenant)
        found = _one(await orders.requests(visit.view, request), "request")
        await tell(visit, 1, query="erasures", request=request)
        return found

    return routes


def _accepted(kind: str, tenant: str, name: str, response: Response) -> Accepted:
    href = f"/v1/{kind}/{name}?tenant={tenant}"
    response.headers["location"] = href
    return Accepted(id=name, href=href)


def _one(found: list[Found], what: str) -> Found:
    if not found:
        raise Problem(404, f"No such {what}", f"No {what} of this tenant has this id, or its event has not been handled yet.")
    return found[0]


def _hold(row: Any) -> HoldView:
    return HoldView.model_validate({**row, "id": row["hold"], "state": "in force" if row["released_at"] is None else "released"})


def _request(row: Any) -> ErasureRequestView:
    return ErasureRequestView.model_validate({**row, "id": row["request"], "subject": {"kind": row["kind"], "name": row["name"]}})


def _scope(row: Any) -> str:
    return f"{row['kind']}/{row['name']}"
