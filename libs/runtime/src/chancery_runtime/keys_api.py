"""Operators' orders on a tenant's keys. Every service that wraps keys has these routes, each for its own lineage."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from chancery_contracts.identifiers import TENANT_PATTERN
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from chancery_runtime.keys.orders import KeyOrders, NotYet
from chancery_runtime.problems import Problem

May = Callable[[Request], Awaitable[object]]
BY = "operator"


class KeyOrder(BaseModel):
    """Whose key."""

    model_config = ConfigDict(extra="forbid")
    tenant: str = Field(pattern=TENANT_PATTERN)


class RewrapOrder(KeyOrder):
    """`after`: of the pass before."""

    after: str = Field("", max_length=600, pattern=r"^(|[0-9]\|[^\x00]*)$")


class KeyStanding(BaseModel):
    """`oldest` 0: what was wrapped before there were versions still opens. `old_keys`: not yet under the current version."""

    lineage: str
    current: int
    oldest: int
    made_at: datetime | None
    old_keys: int


class Rewrapped(BaseModel):
    """`after`: ask again with it; none: that was the last pass. `unopened`: corrupt ones, which stay as they are."""

    rewrapped: int
    unopened: int
    after: str | None


def keys_router(may: May, orders: KeyOrders) -> APIRouter:
    """`may`: a dependency that lets operators in, and nobody else."""
    routes = APIRouter(prefix="/v1/keys", dependencies=[Depends(may)])

    @routes.post("/status")
    async def status(order: KeyOrder) -> KeyStanding:
        """Counts the keys under old versions, which may take a moment."""
        return await _standing(orders, order.tenant)

    @routes.post("/rotate")
    async def rotate(order: KeyOrder) -> KeyStanding:
        """A new version; then `rewrap`, until it is done."""
        await orders.rotate(order.tenant, BY)
        return await _standing(orders, order.tenant)

    @routes.post("/rewrap")
    async def rewrap(order: RewrapOrder) -> Rewrapped:
        """One bounded pass."""
        done = await orders.rewrap(order.tenant, order.after)
        return Rewrapped(rewrapped=done.rewrapped, unopened=done.unopened, after=done.after)

    @routes.post("/destroy-old")
    async def destroy_old(order: KeyOrder) -> KeyStanding:
        """For ever. 409 while anything may need an old version."""
        try:
            await orders.destroy_old(order.tenant, BY)
        except NotYet as exc:
            raise Problem(409, "Not yet", str(exc)) from exc
        return await _standing(orders, order.tenant)

    return routes


async def _standing(orders: KeyOrders, tenant: str) -> KeyStanding:
    found = await orders.standing(tenant)
    return KeyStanding(
        lineage=found.lineage, current=found.current, oldest=found.oldest, made_at=found.made_at, old_keys=found.old_keys
    )  # fmt: skip
