"""For operators: what the vault holds, in numbers, and by which pseudonyms a person goes."""

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import uuid4

from chancery_contracts.areas import AuditRead
from chancery_contracts.event import AnyEvent, Clock, Event
from chancery_contracts.identifiers import IDENTIFIER_PATTERN, TENANT_PATTERN
from chancery_runtime.access import require_operator
from chancery_runtime.settings import ServiceSettings
from chancery_storage import Database, Queries
from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from chancery_redaction.adapters.looking_up import Asked, Found, PostgresLookUp

Publish = Callable[[AnyEvent], Awaitable[object]]
READER = "operator"


class TokensQuery(BaseModel):
    """A value, as somebody wrote it: a name, an IBAN, an e-mail address. In a body, so that no log and no history of addresses has it."""

    model_config = ConfigDict(extra="forbid")
    tenant: str = Field(pattern=TENANT_PATTERN)
    value: str = Field(min_length=1, max_length=500)
    matter: str | None = Field(None, pattern=IDENTIFIER_PATTERN)
    entity_type: str | None = Field(None, pattern="^[A-Z][A-Z_]{1,40}$")
    after: str = Field("", pattern="^[A-Za-z0-9._:-]{0,200}$")


class TokenView(BaseModel):
    """A pseudonym, and where it is stable: `matter:m-1`, `conversation:c-1`, `interaction:i-1`."""

    scope: str
    entity_type: str
    token: str


class TokensPage(BaseModel):
    """`next` is the `after` of the next page; none: this is the last. A page without tokens may have a next one."""

    tokens: list[TokenView]
    next: str | None


class Tell:
    """Puts on record that somebody was looked for, before it is answered; not who."""

    def __init__(self, publish: Publish, clock: Clock) -> None:
        self._publish = publish
        self._clock = clock

    async def __call__(self, query: TokensQuery, rows: int) -> None:
        """Raises Retry where it cannot be put on record."""
        named = {name: value for name, value in query.model_dump(exclude={"value"}, exclude_none=True).items() if value}
        data = AuditRead(reader=READER, query=named | {"query": "tokens"}, rows=rows)
        event = Event(
            id=str(uuid4()), source="chancery/redaction", time=self._clock(), tenant=query.tenant, data=data, matter=query.matter
        )  # fmt: skip
        await self._publish(event)


def router(settings: ServiceSettings, database: Database, queries: Queries) -> APIRouter:
    """Statistics."""
    routes = APIRouter(prefix="/v1", dependencies=[Depends(require_operator(settings))])

    @routes.get("/vault/statistics")
    async def statistics(request: Request, tenant: Annotated[str, Query(pattern=TENANT_PATTERN)]) -> dict[str, list[dict[str, object]]]:
        """Counts by type; no values."""
        async with database.reading() as connection:
            rows = await connection.fetch(queries.statistics, tenant)
        return {"types": [dict(row) for row in rows]}

    return routes


def tokens_router(settings: ServiceSettings, look_up: PostgresLookUp, tell: Tell) -> APIRouter:
    """From a value to its pseudonyms, never the reverse."""
    routes = APIRouter(prefix="/v1", dependencies=[Depends(require_operator(settings))])

    @routes.post("/vault/tokens")
    async def tokens(query: TokensQuery) -> TokensPage:
        """A page of the tenant's matters and conversations at a time; that it was asked is on record in the audit trail."""
        asked = Asked(query.tenant, query.value, query.matter, query.entity_type, query.after)
        found, last = await look_up.tokens(asked)
        await tell(query, len(found))
        return TokensPage(tokens=[_view(one) for one in found], next=last)

    return routes


def _view(one: Found) -> TokenView:
    return TokenView(scope=one.scope, entity_type=one.entity_type, token=one.token)
