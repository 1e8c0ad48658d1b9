"""Finding interactions, and what was live, over HTTP."""

from datetime import datetime
from typing import Annotated

from chancery_contracts.identifiers import IDENTIFIER_PATTERN
from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel

from chancery_audit.adapters.finding import PostgresFinder, State, Wanted
from chancery_audit.api import Tell, Tenant
from chancery_audit.domain.roles import Visitor
from chancery_audit.gate import Gate

Name = Annotated[str | None, Query(pattern=IDENTIFIER_PATTERN)]


class FoundView(BaseModel):
    """An interaction, without its contents."""

    interaction: str
    use_case: str
    matters: list[str]
    conversations: list[str]
    begun_at: datetime
    ended_at: datetime | None
    erased_at: datetime | None


class FoundPage(BaseModel):
    """`next` is the `after` of the next page; none: this is the last."""

    interactions: list[FoundView]
    next: str | None


class LiveView(BaseModel):
    """A version that was in force. `known_then` false: it was published later, and dated back."""

    kind: str
    name: str
    version: int
    owner: str
    author: str
    effective_from: datetime
    published_at: datetime
    known_then: bool
    body_sha256: str
    tenant_seq: int


class LiveAt(BaseModel):
    """The registry at a moment."""

    tenant: str
    at: datetime
    live: list[LiveView]


def finding_router(gate: Gate, finder: PostgresFinder, tell: Tell) -> APIRouter:
    """The routes. What is found by what payloads say is content."""
    routes = APIRouter(prefix="/v1")
    content = Depends(gate.may("content"))

    @routes.get("/interactions")
    async def interactions(
        tenant: Tenant,
        use_case: Name = None,
        matter: Name = None,
        conversation: Name = None,
        since: Annotated[AwareDatetime | None, Query(alias="from")] = None,
        until: Annotated[AwareDatetime | None, Query(alias="to")] = None,
        state: State | None = None,
        after: Name = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        who: Visitor = content,
    ) -> FoundPage:
        """By use case, matter, conversation, time of acceptance and state, in any combination, a page at a time."""
        visit = who.to(tenant)
        found = await finder.interactions(Wanted(visit.view, use_case, matter, conversation, since, until, state, after, limit + 1))
        page = [FoundView(**{name: getattr(one, name) for name in FoundView.model_fields}) for one in found[:limit]]
        await tell(
            visit, len(page), None, query="find", use_case=use_case, matter=matter, conversation=conversation, state=state, since=since,
            until=until, after=after,
        )  # fmt: skip
        return FoundPage(interactions=page, next=page[-1].interaction if len(found) > limit else None)

    @routes.get("/live")
    async def live(tenant: Tenant, at: AwareDatetime, who: Visitor = content) -> LiveAt:
        """Prompts, models, use cases, policies and budgets that were in force at a moment."""
        visit = who.to(tenant)
        found = await finder.live(visit.view, at)
        await tell(visit, len(found), query="live", at=at)
        views = [
            LiveView(
                kind=one.published.entry.kind, name=one.published.entry.name, version=one.published.entry.version,
                owner=one.published.tenant, author=one.published.entry.author, effective_from=one.published.entry.effective_from,
                published_at=one.published.published_at, known_then=one.known_then, body_sha256=one.published.entry.body_sha256,
                tenant_seq=one.published.seq,
            )
            for one in found
        ]  # fmt: skip
        return LiveAt(tenant=tenant, at=at, live=views)

    return routes
