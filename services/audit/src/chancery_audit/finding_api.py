"""Finding interactions, and what was live, over HTTP."""

from datetime import datetime
from typing import Annotated

from chancery_contracts.failures import RefusalCode
from chancery_contracts.identifiers import IDENTIFIER_PATTERN, TENANT_PATTERN
from chancery_contracts.interactions import Outcome, Verdict
from chancery_runtime.problems import Problem
from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from chancery_audit.adapters.finding import FoundInteraction, PostgresFinder
from chancery_audit.api import Tell, Tenant
from chancery_audit.domain.attributes import Kind
from chancery_audit.domain.live import Live
from chancery_audit.domain.roles import Visitor
from chancery_audit.domain.versions import NAME_PATTERN, VERSIONED_PATTERN
from chancery_audit.domain.views import View
from chancery_audit.domain.wanted import CostRange, Pseudonym, State, Wanted
from chancery_audit.errors import NoSuchPlace
from chancery_audit.gate import Gate

MAX_MICROS = 2**53
MAX_TOKENS = 200
PSEUDONYM_PATTERN = r"^(matter|conversation|interaction):[A-Za-z0-9][A-Za-z0-9._:-]{0,127}/<[A-Z][A-Z_]{1,40}_[2-9A-HJKMNP-TV-Z]{4,12}>$"
LIVE_PATTERN = r"^[a-z_]{1,32}/[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$"
Name = Annotated[str | None, Field(pattern=IDENTIFIER_PATTERN)]
Opaque = Annotated[str | None, Field(pattern=f"^{NAME_PATTERN}$")]
Versioned = Annotated[str | None, Field(pattern=f"^{VERSIONED_PATTERN}$")]
Micros = Annotated[int | None, Field(ge=0, le=MAX_MICROS)]
Limit = Annotated[int, Query(ge=1, le=1000)]


class FindQuery(BaseModel):
    """Every filter is optional, and all that are given must hold. A filter that does not exist is refused, not passed over."""

    model_config = ConfigDict(extra="forbid")
    tenant: str = Field(pattern=TENANT_PATTERN)
    use_case: Name = None
    matter: Name = None
    conversation: Name = None
    since: AwareDatetime | None = Field(None, alias="from")
    until: AwareDatetime | None = Field(None, alias="to")
    state: State | None = None
    actor: Opaque = None
    reviewer: Opaque = None
    prompt: Versioned = None
    model: Versioned = None
    document: Versioned = None
    verdict: Verdict | None = None
    outcome: Outcome | None = None
    refusal: RefusalCode | None = None
    token: list[Annotated[str, StringConstraints(pattern=PSEUDONYM_PATTERN)]] = Field([], max_length=MAX_TOKENS)
    """Pseudonyms of one person, each with where it is stable, as redaction's `POST /v1/vault/tokens` tells them: any of them."""
    currency: str | None = Field(None, pattern="^[A-Z]{3,8}$")
    cost_from: Micros = None
    cost_to: Micros = None
    after: Name = None
    limit: int = Field(100, ge=1, le=1000)

    def wanted(self, view: View) -> Wanted:
        """One more than the page, to know whether there is another. Raises Problem."""
        kinds: tuple[Kind, ...] = ("actor", "reviewer", "prompt", "model", "document", "verdict", "outcome", "refusal")
        return Wanted(
            view, self.use_case, self.matter, self.conversation, self.since, self.until, self.state,
            {kind: getattr(self, kind) for kind in kinds if getattr(self, kind) is not None},
            [Pseudonym(*one.split("/", 1)) for one in self.token], self._cost(), self.after, self.limit + 1,
        )  # fmt: skip

    def _cost(self) -> CostRange | None:
        least, most = self.cost_from or 0, MAX_MICROS if self.cost_to is None else self.cost_to
        if self.currency is None and (self.cost_from is not None or self.cost_to is not None):
            raise Problem(422, "Which currency?", "A cost is looked for in one currency: name it as `currency`.")
        if least > most:
            raise Problem(422, "An empty range", "`cost_from` is more than `cost_to`: no cost is both.")
        return None if self.currency is None else CostRange(self.currency, least, most)

    def told(self) -> dict[str, object]:
        """As it is put on record: what was given, but for the size of the page."""
        given = self.model_dump(exclude_none=True, exclude={"tenant", "limit", "token"})
        return given | ({"token": " ".join(self.token)} if self.token else {})


class Cost(BaseModel):
    """What was settled, in micro-units."""

    currency: str
    micros: int


class FoundView(BaseModel):
    """An interaction, without its contents. Versions are written `name@version`."""

    interaction: str
    use_case: str
    matters: list[str]
    conversations: list[str]
    begun_at: datetime
    ended_at: datetime | None
    erased_at: datetime | None
    actor: str | None
    verdict: Verdict | None
    outcome: Outcome | None
    refusal: RefusalCode | None
    prompts: list[str]
    models: list[str]
    reviewers: list[str]
    costs: list[Cost]


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
    """The registry at a moment, by kind and name. `next` is the `after` of the next page; none: this is the last."""

    tenant: str
    at: datetime
    live: list[LiveView]
    next: str | None


def finding_router(gate: Gate, finder: PostgresFinder, tell: Tell) -> APIRouter:
    """The routes. What is found by what payloads say is content."""
    routes = APIRouter(prefix="/v1")
    content = Depends(gate.may("content"))

    @routes.get("/interactions")
    async def interactions(query: Annotated[FindQuery, Query()], who: Visitor = content) -> FoundPage:
        """By any combination of filters, a page at a time, in the order of acceptance."""
        visit = who.to(query.tenant)
        try:
            found = await finder.interactions(query.wanted(visit.view))
        except NoSuchPlace as exc:
            raise Problem(422, "No such page", f"{exc}.") from exc
        page = [_found_view(one) for one in found[: query.limit]]
        await tell(visit, len(page), None, query="find", **query.told())
        return FoundPage(interactions=page, next=page[-1].interaction if len(found) > query.limit else None)

    @routes.get("/live")
    async def live(
        tenant: Tenant,
        at: AwareDatetime,
        after: Annotated[str | None, Query(pattern=LIVE_PATTERN)] = None,
        limit: Limit = 1000,
        who: Visitor = content,
    ) -> LiveAt:
        """Prompts, models, use cases, policies and budgets that were in force at a moment."""
        visit = who.to(tenant)
        found = [_live_view(one) for one in await finder.live(visit.view, at)]
        left = [one for one in found if after is None or (one.kind, one.name) > tuple(after.split("/", 1))]
        page = left[:limit]
        await tell(visit, len(page), query="live", at=at, after=after)
        last = f"{page[-1].kind}/{page[-1].name}" if len(left) > limit else None
        return LiveAt(tenant=tenant, at=at, live=page, next=last)

    return routes


def _found_view(found: FoundInteraction) -> FoundView:
    def one(kind: str) -> str | None:
        return next(iter(found.told.get(kind, ())), None)

    return FoundView.model_validate(
        {
            "interaction": found.interaction, "use_case": found.use_case, "matters": found.matters,
            "conversations": found.conversations, "begun_at": found.begun_at, "ended_at": found.ended_at, "erased_at": found.erased_at,
            "prompts": found.told.get("prompt", ()), "models": found.told.get("model", ()), "reviewers": found.told.get("reviewer", ()),
            "costs": [Cost(currency=currency, micros=micros) for currency, micros in found.costs.items()],
            **{kind: one(kind) for kind in ("actor", "verdict", "outcome", "refusal")},
        }
    )  # fmt: skip


def _live_view(one: Live) -> LiveView:
    entry = one.published.entry
    return LiveView(
        kind=entry.kind, name=entry.name, version=entry.version, owner=one.published.tenant, author=entry.author,
        effective_from=entry.effective_from, published_at=one.published.published_at, known_then=one.known_then,
        body_sha256=entry.body_sha256, tenant_seq=one.published.seq,
    )  # fmt: skip
