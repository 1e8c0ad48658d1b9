"""For officers and auditors: look, verify, ask what is missing. Every look is itself recorded."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any

from chancery_contracts.event import Clock
from chancery_runtime.access import require_operator
from chancery_runtime.problems import Problem
from chancery_runtime.settings import ServiceSettings
from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from chancery_audit.adapters.reading import Filter, TrailReader

RecordRead = Callable[[str, dict[str, str], int], Awaitable[None]]


class InteractionTrail(BaseModel):
    """One interaction's entries in order."""

    interaction: str
    tenant: str
    entries: list[dict[str, Any]]


class Page(BaseModel):
    """Entries, and the sequence number to go on from (`after_seq`); none at the end."""

    entries: list[dict[str, Any]]
    next_after_seq: int | None


def router(settings: ServiceSettings, reader: TrailReader, record_read: RecordRead, clock: Clock) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/v1", dependencies=[Depends(require_operator(settings))])

    @routes.get("/interactions/{interaction}")
    async def interaction_trail(interaction: str, tenant: str, reveal: bool = False) -> InteractionTrail:
        """One interaction; raw text with `reveal`."""
        entries = await reader.interaction(tenant, interaction, reveal=reveal)
        if not entries:
            raise Problem(404, "No such interaction", "The tenant's trail holds no event of this interaction.")
        await record_read(tenant, {"interaction": interaction, "reveal": str(reveal).lower()}, len(entries))
        return InteractionTrail(interaction=interaction, tenant=tenant, entries=entries)

    @routes.get("/entries")
    async def entries(
        tenant: str,
        type: str | None = None,
        interaction: str | None = None,
        since: Annotated[datetime | None, Query(alias="from")] = None,
        until: Annotated[datetime | None, Query(alias="to")] = None,
        after_seq: Annotated[int, Query(ge=0)] = 0,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> Page:
        """A page of the trail, without payloads."""
        times = [None if one is None else round(one.timestamp() * 1000) for one in (since, until)]
        found = await reader.entries(Filter(tenant, after_seq, type, interaction, times[0], times[1], limit))
        await record_read(tenant, {"after_seq": str(after_seq), "limit": str(limit)}, len(found))
        return Page(entries=found, next_after_seq=found[-1]["seq"] if len(found) == limit else None)

    @routes.get("/verify")
    async def verify(tenant: str) -> dict[str, Any]:
        """The whole chain and every commitment, recomputed."""
        return await reader.verify(tenant)

    @routes.get("/completeness")
    async def completeness(tenant: str) -> dict[str, Any]:
        """Offsets, gaps, interactions that have not ended."""
        return await reader.completeness(tenant, round(clock().timestamp() * 1000))

    return routes
