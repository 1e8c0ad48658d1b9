"""For operators: budgets, costs, and what one interaction cost. Integer micro-units everywhere."""

from datetime import datetime
from typing import Annotated, Any

from chancery_runtime.access import require_operator
from chancery_runtime.settings import ServiceSettings
from chancery_storage import Database, Queries
from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel


class BudgetView(BaseModel):
    """A budget in one period."""

    tenant: str
    name: str
    period: str
    currency: str
    limit_micros: int
    spent_micros: int
    reserved_micros: int

    @property
    def remaining_micros(self) -> int:
        """What can still be reserved."""
        return self.limit_micros - self.spent_micros - self.reserved_micros


class CostView(BaseModel):
    """Spend of a use case."""

    tenant: str
    use_case: str
    currency: str
    settled: int
    spent_micros: int


class PostingView(BaseModel):
    """One movement."""

    posting_id: str
    kind: str
    amount_micros: int
    currency: str
    budget: str
    period: str
    posted_at: datetime


def router(settings: ServiceSettings, database: Database, queries: Queries) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/v1", dependencies=[Depends(require_operator(settings))])

    async def rows(query: str, *arguments: Any) -> list[dict[str, Any]]:
        async with database.reading() as connection:
            return [dict(row) for row in await connection.fetch(query, *arguments)]

    @routes.get("/budgets")
    async def budgets(tenant: str | None = None) -> list[dict[str, Any]]:
        """Limit, spent, reserved, remaining."""
        found = [BudgetView(**row) for row in await rows(queries.list_budgets, tenant)]
        return [view.model_dump() | {"remaining_micros": view.remaining_micros} for view in found]

    @routes.get("/costs")
    async def costs(
        tenant: str,
        use_case: str | None = None,
        since: Annotated[datetime | None, Query(alias="from")] = None,
        until: Annotated[datetime | None, Query(alias="to")] = None,
    ) -> list[CostView]:
        """Spend by use case in a time."""
        return [CostView(**row) for row in await rows(queries.list_costs, tenant, use_case, since, until)]

    @routes.get("/interactions/{interaction}/cost")
    async def interaction_cost(interaction: str, tenant: str) -> list[PostingView]:
        """Every movement of one interaction."""
        return [PostingView(**row) for row in await rows(queries.interaction_postings, tenant, interaction)]

    return routes
