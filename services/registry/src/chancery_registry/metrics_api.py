"""How versions do, and who used which model: read from how interactions went."""

from typing import Annotated, Literal

from chancery_contracts.identifiers import IDENTIFIER_PATTERN
from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel

from chancery_registry.adapters.outcome_figures import OutcomeFigures, Span
from chancery_registry.api import Name
from chancery_registry.gate import Gate, Visitor

MeasuredKind = Literal["prompt", "model", "use_case", "experiment"]
Moment = AwareDatetime | None


class Tokens(BaseModel):
    """Disjoint buckets."""

    input_uncached: int
    input_cache_read: int
    input_cache_write: int
    output: int
    output_reasoning: int


class VersionMetrics(Tokens):
    """Of interactions that ended. `version` none: refused before it was known. `human_score`: mean of 1 for released, 0 for withheld."""

    version: int | None
    interactions: int
    units: int
    released: int
    withheld: int
    escalated: int
    refused: int
    unanswerable: int
    cache_hits: int
    latency_ms_p50: int | None
    latency_ms_p95: int | None
    human_scores: int
    human_score: float | None
    cost_micros: dict[str, int]
    checks: dict[str, float]


class MetricsView(BaseModel):
    """By version. Of a tenant's own interactions alone, whoever owns the thing."""

    tenant: str
    kind: MeasuredKind
    name: str
    versions: list[VersionMetrics]


class ModelUsage(Tokens):
    """What one use case took of one version of a model. `currency` none: nothing was settled."""

    model: str
    model_version: int
    use_case: str | None
    currency: str | None
    cost_micros: int | None
    interactions: int
    attempts: int


class UsageView(BaseModel):
    """By model, version, use case and currency."""

    tenant: str
    usage: list[ModelUsage]


def metrics_router(gate: Gate, figures: OutcomeFigures) -> APIRouter:
    """The routes. Before those of `api`, which take any word for a kind."""
    routes = APIRouter(prefix="/v1/registry")
    read = Depends(gate.may("read"))

    @routes.get("/usage")
    async def usage(
        kind: Literal["model"] = "model",
        name: Annotated[str | None, Query(pattern=IDENTIFIER_PATTERN)] = None,
        since: Annotated[Moment, Query(alias="from")] = None,
        until: Annotated[Moment, Query(alias="to")] = None,
        who: Visitor = read,
    ) -> UsageView:
        """Calls, tokens and money of models, by use case (to: the end excluded)."""
        rows = await figures.usage(who.tenant, name, Span(since, until))
        return UsageView(tenant=who.tenant, usage=[ModelUsage(**row) for row in rows])

    @routes.get("/{kind}/{name}/metrics")
    async def metrics(
        kind: MeasuredKind,
        name: Name,
        by: Literal["version"] = "version",
        since: Annotated[Moment, Query(alias="from")] = None,
        until: Annotated[Moment, Query(alias="to")] = None,
        who: Visitor = read,
    ) -> MetricsView:
        """Count, tokens, latency, money, verdicts, scores of checks and of people (to: the end excluded)."""
        rows = await figures.by_version(who.tenant, kind, name, Span(since, until))
        return MetricsView(tenant=who.tenant, kind=kind, name=name, versions=[VersionMetrics(**row) for row in rows])

    return routes
