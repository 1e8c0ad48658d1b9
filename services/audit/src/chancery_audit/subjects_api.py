"""Orders about a data subject, for officers: found, exported, erased over every store. Names come in a body, and go out in an export."""

import json
from datetime import datetime
from typing import Annotated, Any, Literal

from chancery_contracts.identifiers import IDENTIFIER_PATTERN, TENANT_PATTERN
from chancery_contracts.subjects import Purpose, StoreResult
from chancery_runtime.problems import Problem
from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from chancery_audit.adapters.subject_orders import NewOrder, SubjectOrders
from chancery_audit.api import Identifier, Tell, Tenant
from chancery_audit.domain.roles import Visitor
from chancery_audit.domain.views import Visit
from chancery_audit.gate import Gate

Value = Annotated[str, Field(min_length=3, max_length=500, pattern=r"^[^\x00-\x1f]*$")]


class SubjectOrder(BaseModel):
    """`values`: what the person is known by: every spelling of the name, addresses, numbers. All of one person."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)
    tenant: str = Field(pattern=TENANT_PATTERN)
    purpose: Purpose
    values: Annotated[list[Value], Field(min_length=1, max_length=50)]
    reason: str = Field(min_length=1, max_length=500)
    legal_ground: str | None = Field(None, min_length=1, max_length=200)
    on_behalf_of: str | None = Field(None, pattern=IDENTIFIER_PATTERN)


class SubjectOrderAccepted(BaseModel):
    """`href` tells how far it is."""

    id: str
    href: str


class SubjectOrderView(BaseModel):
    """An order. `report` and `note` are there when it has ended; `waits_for`: which services have not answered."""

    id: str
    purpose: Purpose
    state: Literal["open", "done", "partly"]
    phase: str
    waits_for: list[str]
    reason: str
    legal_ground: str | None
    requested_by: str
    placed_at: datetime
    ended_at: datetime | None
    report: dict[str, Any] | None
    note: str | None


class SubjectOrderList(BaseModel):
    """Newest first, a thousand at most."""

    orders: list[SubjectOrderView]


class SubjectExport(BaseModel):
    """What is stored about a person, by store."""

    order: str
    stores: list[StoreResult]


def subjects_router(gate: Gate, orders: SubjectOrders, tell: Tell) -> APIRouter:
    """The routes. A person may be in any matter: nobody behind walls comes in."""
    routes = APIRouter(prefix="/v1/subjects")
    content, may_order = Depends(gate.may("content")), Depends(gate.may("order"))

    @routes.post("/orders", status_code=202)
    async def place(order: SubjectOrder, response: Response, who: Visitor = may_order) -> SubjectOrderAccepted:
        """Carried out by every owner of stores; `href` tells when it has ended."""
        visit = _whole(who, order.tenant)
        if order.purpose == "erase" and order.legal_ground is None:
            raise Problem(422, "On what ground?", "An erasure needs a `legal_ground`, like `GDPR 17(1)(b)`.")
        values = tuple(order.values)
        asked = NewOrder(order.tenant, order.purpose, values, order.reason, order.legal_ground, visit.reader, order.on_behalf_of)
        name = await orders.place(asked)
        href = f"/v1/subjects/orders/{name}?tenant={order.tenant}"
        response.headers["location"] = href
        return SubjectOrderAccepted(id=name, href=href)

    @routes.get("/orders")
    async def listed(tenant: Tenant, who: Visitor = content) -> SubjectOrderList:
        """What was asked for, and what became of it."""
        visit = _whole(who, tenant)
        found = await orders.orders(tenant)
        await tell(visit, len(found), query="subject-orders")
        return SubjectOrderList(orders=[_view(row) for row in found])

    @routes.get("/orders/{order}")
    async def one(order: Identifier, tenant: Tenant, who: Visitor = content) -> SubjectOrderView:
        """One, with its report."""
        visit = _whole(who, tenant)
        found = await orders.orders(tenant, order)
        if not found:
            raise Problem(404, "No such order", "No order of this tenant has this id.")
        if found[0]["phase"] == "ended":  # whoever waits for an end asks often, and sees nothing until then
            await tell(visit, 1, query="subject-order", order=order)
        return _view(found[0])

    @routes.get("/orders/{order}/export")
    async def export(order: Identifier, tenant: Tenant, who: Visitor = may_order) -> SubjectExport:
        """The texts and values; for a day."""
        visit = _whole(who, tenant)
        found = await orders.contents(tenant, order)
        if found is None:
            raise Problem(404, "No such export", "No order of this tenant with this id is an export that has ended within a day.")
        await tell(visit, sum(one.found for one in found), query="subject-export", order=order)
        return SubjectExport(order=order, stores=found)

    return routes


def _whole(who: Visitor, tenant: str) -> Visit:
    visit = who.to(tenant)
    if not visit.view.walls.open:
        raise Problem(403, "Not behind walls", "A person may be in any matter: ask somebody who may see them all.")
    return visit


def _view(row: Any) -> SubjectOrderView:
    report = None if row["report"] is None else json.loads(row["report"])
    return SubjectOrderView.model_validate({**row, "id": row["order_id"], "state": row["state"] or "open", "report": report})
