"""Legal holds and erasures, for officers: each order is published as an event, and takes effect where that event is handled."""

from typing import Annotated, TypeVar

from chancery_contracts.identifiers import IDENTIFIER_PATTERN, TENANT_PATTERN
from chancery_contracts.privacy import ErasureRequested, ErasureSubject, HoldPlaced, HoldReleased
from chancery_runtime.problems import Problem
from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, Field

from chancery_audit.adapters.orders import ErasureRequestView, HoldView, PrivacyOrders, within
from chancery_audit.api import Identifier, Tell, Tenant
from chancery_audit.domain.roles import Visitor
from chancery_audit.gate import Gate

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


class HoldList(BaseModel):
    """In force first."""

    holds: list[HoldView]


class ErasureList(BaseModel):
    """Newest first."""

    erasures: list[ErasureRequestView]


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
