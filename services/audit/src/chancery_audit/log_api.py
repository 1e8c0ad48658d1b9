"""A tenant's log for other people's tools: C2SP tlog-tiles, and receipts (C2SP tlog-proof)."""

from typing import Annotated

from chancery_contracts.identifiers import TENANT_PATTERN
from chancery_ledger import Malformed, parse_path
from chancery_runtime.problems import Problem
from fastapi import APIRouter, Depends, Path
from fastapi.responses import PlainTextResponse, Response

from chancery_audit.adapters.proving import PostgresLog
from chancery_audit.adapters.signing import LogSigner
from chancery_audit.api import Tell
from chancery_audit.domain.roles import Visitor
from chancery_audit.gate import Gate

Tenant = Annotated[str, Path(pattern=TENANT_PATTERN)]


def log_router(gate: Gate, log: PostgresLog, signer: LogSigner, tell: Tell) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/v1/log/{tenant}")
    watch, envelopes = Depends(gate.may("watch")), Depends(gate.may("envelopes"))

    @routes.get("/key")
    async def key(tenant: Tenant, who: Visitor = watch) -> PlainTextResponse:
        """The log's verifier key. Who checks receipts has it from a meeting, and not from here."""
        return PlainTextResponse(f"{(await signer.signer(who.to(tenant).tenant)).verifier}\n")

    @routes.get("/checkpoint")
    async def checkpoint(tenant: Tenant, who: Visitor = watch) -> PlainTextResponse:
        """The newest, a signed note."""
        return PlainTextResponse(await log.checkpoint(who.to(tenant).view))

    @routes.get("/tile/{path:path}")
    async def tile(tenant: Tenant, path: str, who: Visitor = envelopes) -> Response:
        """`<level>/<number>[.p/<width>]`, or `entries/…`: leaves are metadata of interactions, so that reading them is on record."""
        try:
            wanted = parse_path(f"tile/{path}")
        except Malformed as exc:
            raise Problem(400, "Not a tile", str(exc)) from exc
        visit = who.to(tenant)
        data = await log.tile(visit.view, wanted)
        if wanted.level < 0:
            await tell(visit, wanted.width, query="entries")
        return Response(data, media_type="application/octet-stream", headers={"cache-control": "private, max-age=31536000, immutable"})

    @routes.get("/receipts/{seq}")
    async def receipt(tenant: Tenant, seq: Annotated[int, Path(ge=0, le=2**53)], who: Visitor = envelopes) -> PlainTextResponse:
        """Proves one entry offline; the entry's leaf is in it, as `extra`."""
        visit = who.to(tenant)
        found = await log.receipt(visit.view, seq)
        await tell(visit, 1, query="receipt")
        return PlainTextResponse(found.text())

    return routes
