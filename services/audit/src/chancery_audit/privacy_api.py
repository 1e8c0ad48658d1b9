"""Legal holds and erasures, for operators: each order is published as an event, and takes effect where that event is handled."""

from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar
from uuid import uuid4

from chancery_contracts.event import AnyEvent, Clock, Event
from chancery_contracts.identifiers import IDENTIFIER_PATTERN, TENANT_PATTERN
from chancery_contracts.privacy import ErasureRequested, ErasureSubject, HoldPlaced, HoldReleased, PrivacyPayload
from chancery_runtime.access import require_operator
from chancery_runtime.problems import Problem
from chancery_runtime.settings import ServiceSettings
from chancery_storage import Database, Queries
from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, Field

from chancery_audit.api import READER, Identifier, Publish, Tell, Tenant

LIMIT = 1_000
Reason = Annotated[str, Field(min_length=1, max_length=500)]
View = TypeVar("View", bound=BaseModel)
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
    """Publishes orders. `by` is the one place that says who gave them."""

    def __init__(self, database: Database, queries: Queries, publish: Publish, clock: Clock) -> None:
        self._database = database
        self._queries = queries
        self._publish = publish
        self._clock = clock
        self.by = READER

    async def give(self, tenant: str, data: PrivacyPayload, matter: str | None = None) -> str:
        """The event's id. Raises Problem where the tenant has no trail: a mistyped one must not look held."""
        async with self._database.reading() as connection:
            if not await connection.fetchval(self._queries.has_trail, tenant):
                raise Problem(404, "No such trail", "Nothing is on record of this tenant.")
        event: AnyEvent = Event(id=str(uuid4()), source="chancery/audit", time=self._clock(), tenant=tenant, data=data, matter=matter)
        await self._publish(event)
        return event.id

    async def holds(self, tenant: str, hold: str | None = None) -> list[HoldView]:
        """All, or one."""
        async with self._database.reading() as connection:
            return [_hold(row) for row in await connection.fetch(self._queries.list_holds, tenant, hold, LIMIT)]

    async def requests(self, tenant: str, request: str | None = None) -> list[ErasureRequestView]:
        """All, or one."""
        async with self._database.reading() as connection:
            return [_request(row) for row in await connection.fetch(self._queries.list_requests, tenant, request, LIMIT)]


def privacy_router(settings: ServiceSettings, orders: PrivacyOrders, tell: Tell) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/v1", dependencies=[Depends(require_operator(settings))])

    @routes.post("/holds", status_code=202)
    async def place(order: HoldOrder, response: Response) -> Accepted:
        """In force once `href` answers."""
        if (order.matter is None) is not order.whole_tenant:
            raise Problem(422, "What is to be held?", "Name either a matter or `whole_tenant`.")
        data = HoldPlaced(matter=order.matter, reason=order.reason, by=orders.by, on_behalf_of=order.on_behalf_of)
        return _accepted("holds", order.tenant, await orders.give(order.tenant, data, order.matter), response)

    @routes.post("/holds/{hold}/release", status_code=202)
    async def release(hold: Identifier, order: ReleaseOrder, response: Response) -> Accepted:
        """409 where it is released already."""
        found = _one(await orders.holds(order.tenant, hold), "hold")
        if found.state == "released":
            raise Problem(409, "Released before", "This hold is not in force any more.")
        data = HoldReleased(hold=hold, reason=order.reason, by=orders.by, on_behalf_of=order.on_behalf_of)
        await orders.give(order.tenant, data, found.matter)
        return _accepted("holds", order.tenant, hold, response)

    @routes.get("/holds")
    async def holds(tenant: Tenant) -> HoldList:
        """Up to a thousand."""
        found = await orders.holds(tenant)
        await tell(tenant, len(found), query="holds")
        return HoldList(holds=found)

    @routes.get("/holds/{hold}")
    async def one_hold(hold: Identifier, tenant: Tenant) -> HoldView:
        """One."""
        found = _one(await orders.holds(tenant, hold), "hold")
        await tell(tenant, 1, query="holds", hold=hold)
        return found

    @routes.post("/erasures", status_code=202)
    async def erase(order: ErasureOrder, response: Response) -> Accepted:
        """Carried out, or refused, soon after; `href` tells which."""
        data = ErasureRequested(
            subject=order.subject, reason=order.reason, legal_ground=order.legal_ground, by=orders.by, on_behalf_of=order.on_behalf_of
        )
        matter = order.subject.name if order.subject.kind == "matter" else None
        return _accepted("erasures", order.tenant, await orders.give(order.tenant, data, matter), response)

    @routes.get("/erasures")
    async def erasures(tenant: Tenant) -> ErasureList:
        """Up to a thousand."""
        found = await orders.requests(tenant)
        await tell(tenant, len(found), query="erasures")
        return ErasureList(erasures=found)

    @routes.get("/erasures/{request}")
    async def one_erasure(request: Identifier, tenant: Tenant) -> ErasureRequestView:
        """One."""
        found = _one(await orders.requests(tenant, request), "request")
        await tell(tenant, 1, query="erasures", request=request)
        return found

    return routes


def _accepted(kind: str, tenant: str, name: str, response: Response) -> Accepted:
    href = f"/v1/{kind}/{name}?tenant={tenant}"
    response.headers["location"] = href
    return Accepted(id=name, href=href)


def _one(found: list[View], what: str) -> View:
    if not found:
        raise Problem(404, f"No such {what}", f"No {what} of this tenant has this id, or its event has not been handled yet.")
    return found[0]


def _hold(row: Any) -> HoldView:
    return HoldView.model_validate({**row, "id": row["hold"], "state": "in force" if row["released_at"] is None else "released"})


def _request(row: Any) -> ErasureRequestView:
    return ErasureRequestView.model_validate({**row, "id": row["request"], "subject": {"kind": row["kind"], "name": row["name"]}})
