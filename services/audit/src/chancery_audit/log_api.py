"""A tenant's log for other people's tools: C2SP tlog-tiles, and receipts (C2SP tlog-proof)."""

from datetime import datetime
from typing import Annotated

from chancery_contracts.identifiers import TENANT_PATTERN
from chancery_ledger import Malformed, parse_path
from chancery_ledger.base64s import encode64
from chancery_runtime.problems import Problem
from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import PlainTextResponse, Response
from pydantic import BaseModel

from chancery_audit.adapters.anchored import PostgresAnchors
from chancery_audit.adapters.proving import PostgresLog
from chancery_audit.adapters.signing import LogSigner
from chancery_audit.api import Tell
from chancery_audit.domain.roles import Visitor
from chancery_audit.gate import Gate
from chancery_audit.ports import AnchorKind, StoredAnchor

Tenant = Annotated[str, Path(pattern=TENANT_PATTERN)]


class AnchorView(BaseModel):
    """An anchor. `at` is the anchor's time, of a time stamp its authority's; `evidence` is base64: a TimeStampResp in DER, or JSON."""

    kind: AnchorKind
    size: int
    at: datetime
    stored_at: datetime
    note: str
    evidence: str


class AnchorPage(BaseModel):
    """Newest first; `next` is the next page's `before_size`."""

    anchors: list[AnchorView]
    next: int | None


def log_router(gate: Gate, log: PostgresLog, signer: LogSigner, anchors: PostgresAnchors, tell: Tell) -> APIRouter:
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

    @routes.get("/anchors")
    async def anchored(
        tenant: Tenant,
        size: Annotated[int | None, Query(ge=1, le=2**53)] = None,
        before_size: Annotated[int, Query(ge=0, le=2**53)] = 2**53,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        who: Visitor = watch,
    ) -> AnchorPage:
        """Where checkpoints were put: all, or those over `size` entries. Nothing of anybody's: reading them is on no record."""
        page = await anchors.page(who.to(tenant).view, size, before_size, limit)
        return AnchorPage(anchors=[_anchor_view(one) for one in page], next=page[-1].size if len(page) >= limit else None)

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


def _anchor_view(one: StoredAnchor) -> AnchorView:
    return AnchorView(kind=one.kind, size=one.size, at=one.at, stored_at=one.stored_at, note=one.note, evidence=encode64(one.evidence))
