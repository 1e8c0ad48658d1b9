"""A tenant's log for other people's tools: C2SP tlog-tiles, and receipts (C2SP tlog-proof)."""

from typing import Annotated

from chancery_contracts.identifiers import TENANT_PATTERN
from chancery_ledger import Malformed, parse_path
from chancery_runtime.access import require_operator
from chancery_runtime.problems import Problem
from chancery_runtime.settings import ServiceSettings
from fastapi import APIRouter, Depends, Path
from fastapi.responses import PlainTextResponse, Response

from chancery_audit.adapters.proving import PostgresLog
from chancery_audit.adapters.signing import LogSigner
from chancery_audit.api import Tell

Tenant = Annotated[str, Path(pattern=TENANT_PATTERN)]


def log_router(settings: ServiceSettings, log: PostgresLog, signer: LogSigner, tell: Tell) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/v1/log/{tenant}", dependencies=[Depends(require_operator(settings))])

    @routes.get("/key")
    async def key(tenant: Tenant) -> PlainTextResponse:
        """The log's verifier key. Who checks receipts has it from a meeting, and not from here."""
        return PlainTextResponse(f"{(await signer.signer(tenant)).verifier}\n")

    @routes.get("/checkpoint")
    async def checkpoint(tenant: Tenant) -> PlainTextResponse:
        """The newest, a signed note."""
        return PlainTextResponse(await log.checkpoint(tenant))

    @routes.get("/tile/{path:path}")
    async def tile(tenant: Tenant, path: str) -> Response:
        """`<level>/<number>[.p/<width>]`, or `entries/…`: leaves are metadata of interactions, so that reading them is on record."""
        try:
            wanted = parse_path(f"tile/{path}")
        except Malformed as exc:
            raise Problem(400, "Not a tile", str(exc)) from exc
        data = await log.tile(tenant, wanted)
        if wanted.level < 0:
            await tell(tenant, wanted.width, query="entries")
        return Response(data, media_type="application/octet-stream", headers={"cache-control": "private, max-age=31536000, immutable"})

    @routes.get("/receipts/{seq}")
    async def receipt(tenant: Tenant, seq: Annotated[int, Path(ge=0, le=2**53)]) -> PlainTextResponse:
        """Proves one entry offline; the entry's leaf is in it, as `extra`."""
        found = await log.receipt(tenant, seq)
        await tell(tenant, 1, query="receipt")
        return PlainTextResponse(found.text())

    return routes
