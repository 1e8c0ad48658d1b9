"""HTTP in, for operators: what is indexed, and what a question would find."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from chancery_contracts.identifiers import IDENTIFIER_PATTERN, TENANT_PATTERN
from fastapi import APIRouter, Depends, Query, Request
from pydantic import StringConstraints

from chancery_retrieval.domain.passages import Scope
from chancery_retrieval.domain.querying import query_from
from chancery_retrieval.handlers import find
from chancery_retrieval.ports import GroundingPorts

Tenant = Annotated[str, Query(pattern=TENANT_PATTERN)]
Collection = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:,-]{1,500}$")]


def operator_routes(ports: GroundingPorts, operator: Callable[[Request], Awaitable[None]]) -> APIRouter:
    """`/v1/documents` and `/v1/search`; both need the operator token."""
    router = APIRouter(prefix="/v1", dependencies=[Depends(operator)])

    @router.get("/documents")
    async def documents(tenant: Tenant | None = None, limit: Annotated[int, Query(ge=1, le=10_000)] = 1_000) -> dict[str, object]:
        return {"documents": await ports.search.list_documents(tenant, limit)}

    @router.get("/search")
    async def search(
        tenant: Tenant,
        q: Annotated[str, Query(min_length=1, max_length=4_000)],
        collections: Annotated[list[Collection], Query(min_length=1, max_length=50)],
        matter: Annotated[str | None, Query(pattern=IDENTIFIER_PATTERN)] = None,
        limit: Annotated[int, Query(ge=1, le=50)] = 10,
    ) -> dict[str, object]:
        found = await find(Scope(tenant, tuple(_split(collections)), matter), query_from(q), limit, ports)
        results = [{"passage": candidate, "score": fused.score, "vector_rank": fused.vector_rank, "text_rank": fused.text_rank}
                   for fused, candidate in found.passages]  # fmt: skip
        return {"corpus_snapshot": found.snapshot, "results": results}

    return router


def _split(collections: list[str]) -> list[str]:
    return [name for given in collections for name in given.split(",") if name]
