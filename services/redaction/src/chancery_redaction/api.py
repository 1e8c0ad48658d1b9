"""For operators: what the vault holds, in numbers."""

from chancery_runtime.access import require_operator
from chancery_runtime.settings import ServiceSettings
from chancery_storage import Database, Queries
from fastapi import APIRouter, Depends, Request


def router(settings: ServiceSettings, database: Database, queries: Queries) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/v1", dependencies=[Depends(require_operator(settings))])

    @routes.get("/vault/statistics")
    async def statistics(request: Request, tenant: str) -> dict[str, list[dict[str, object]]]:
        """Counts by type; no values."""
        async with database.reading() as connection:
            rows = await connection.fetch(queries.statistics, tenant)
        return {"types": [dict(row) for row in rows]}

    return routes
