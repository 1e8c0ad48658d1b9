"""Evidence packs over HTTP."""

from collections.abc import AsyncIterator
from typing import Annotated

from chancery_contracts.catalogue import Catalogue
from chancery_contracts.event import Clock
from chancery_contracts.identifiers import IDENTIFIER_PATTERN
from chancery_runtime.problems import Problem
from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime

from chancery_audit.adapters.exporting import PostgresExport, Selection
from chancery_audit.api import Tell, Tenant
from chancery_audit.domain.roles import Visitor
from chancery_audit.gate import Gate

Name = Annotated[str | None, Query(pattern=IDENTIFIER_PATTERN)]


def export_router(gate: Gate, export: PostgresExport, tell: Tell, clock: Clock, catalogue: Catalogue) -> APIRouter:
    """The route."""
    routes = APIRouter(prefix="/v1")
    content = Depends(gate.may("content"))

    @routes.get("/export")
    async def evidence_pack(
        tenant: Tenant,
        interaction: Name = None,
        matter: Name = None,
        since: Annotated[AwareDatetime | None, Query(alias="from")] = None,
        until: Annotated[AwareDatetime | None, Query(alias="to")] = None,
        reveal: bool = False,
        who: Visitor = content,
    ) -> StreamingResponse:
        """A pack of one interaction, one matter or a period, streamed; that it was asked for is on record before its first byte."""
        ways = [interaction is not None, matter is not None, since is not None or until is not None]
        if sum(ways) != 1:
            raise Problem(400, "Name one thing", "Give exactly one of interaction, matter, and a period (from, to, or both).")
        visit = who.to(tenant)
        wanted = Selection(visit.view, interaction, matter, since, until, reveal)
        rows = await export.count(wanted)
        if rows == 0:
            raise Problem(404, "Not on record", "No entry under a checkpoint is in what was asked for.")
        await tell(visit, rows, interaction, query="export", matter=matter, since=since, until=until, reveal=str(reveal).lower())
        pack = export.pack(wanted, visit.reader, clock, catalogue)
        name = f"{tenant}-{interaction or matter or 'period'}.evidence.zip"
        return StreamingResponse(
            _joined(pack), media_type="application/zip", headers={"content-disposition": f'attachment; filename="{name}"'}
        )

    return routes


async def _joined(parts: AsyncIterator[bytes], at_least: int = 65_536) -> AsyncIterator[bytes]:
    """Fewer, larger pieces."""
    waiting = bytearray()
    async for part in parts:
        waiting += part
        if len(waiting) >= at_least:
            yield bytes(waiting)
            waiting.clear()
    yield bytes(waiting)
