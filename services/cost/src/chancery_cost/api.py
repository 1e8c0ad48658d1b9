"""For operators: budgets, costs, and what one interaction cost. Integer micro-units everywhere."""

from datetime import datetime
from typing import Annotated, Any

from chancery_contracts.identifiers import IDENTIFIER_PATTERN, TENANT_PATTERN
from chancery_runtime.access import require_operator
from chancery_runtime.settings import ServiceSettings
from chancery_storage import Database, Queries
from fastapi import APIRouter, Depends, Path, Query
from pydantic import AwareDatetime, BaseModel, computed_field

Tenant = Annotated[str, Query(pattern=TENANT_PATTERN)]
Name = Annotated[str | None, Query(pattern=IDENTIFIER_PATTERN)]


class BudgetView(BaseModel):
    """A budget in one period."""

    tenant: str
    name: str
    period: str
    currency: str
    limit_micros: int
    spent_micros: int
    reserved_micros: int

    @computed_field  # type: ignore[prop-decorator]  # pydantic's own form; mypy knows no decorated property
    @property
    def remaining_micros(self) -> int:
        """What can still be reserved; below 0 after late usage, or where the limit was lowered."""
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
    use_case: str
    interaction: str
    model: str
    model_version: int
    price_source: str


class CostsView(BaseModel):
    """Sums over the whole time, and one page of movements; `next` is the `after` of the next page, none at the end."""

    sums: list[CostView]
    postings: list[PostingView]
    next: str | None


def router(settings: ServiceSettings, database: Database, queries: Queries) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/v1", dependencies=[Depends(require_operator(settings))])

    async def rows(query: str, *arguments: Any) -> list[dict[str, Any]]:
        async with database.reading() as connection:
            return [dict(row) for row in await connection.fetch(query, *arguments)]

    @routes.get("/budgets")
    async def budgets(tenant: Annotated[str | None, Query(pattern=TENANT_PATTERN)] = None) -> list[BudgetView]:
        """Limit, spent, reserved, remaining of every budget that was used."""
        return [BudgetView(**row) for row in await rows(queries.list_budgets, tenant)]

    @routes.get("/costs")
    async def costs(
        tenant: Tenant,
        use_case: Name = None,
        since: Annotated[AwareDatetime | None, Query(alias="from")] = None,
        until: Annotated[AwareDatetime | None, Query(alias="to")] = None,
        after: Name = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> CostsView:
        """Spend by use case in a time (from, to: the end excluded), and the movements, paged."""
        span = (tenant, use_case, since, until)
        async with database.reading() as connection:
            sums = await connection.fetch(queries.list_costs, *span)
            page = await connection.fetch(queries.page_postings, *span, after, limit + 1)
        postings = [PostingView(**row) for row in page[:limit]]
        return CostsView(sums=[CostView(**row) for row in sums], postings=postings, next=_next(postings, more=len(page) > limit))

    @routes.get("/interactions/{interaction}/cost")
    async def interaction_cost(interaction: Annotated[str, Path(pattern=IDENTIFIER_PATTERN)], tenant: Tenant) -> list[PostingView]:
        """Every movement of one interaction."""
        return [PostingView(**row) for row in await rows(queries.interaction_postings, tenant, interaction)]

    return routes


def _next(postings: list[PostingView], *, more: bool) -> str | None:
    return postings[-1].posting_id if more else None
