"""Who may read the trail: keys are granted, listed and revoked by whoever bears the operator token."""

from datetime import datetime
from typing import Annotated, Literal

from chancery_contracts.access import AuditRole
from chancery_contracts.event import Clock
from chancery_contracts.identifiers import IDENTIFIER_PATTERN, TENANT_PATTERN
from chancery_runtime.problems import Problem
from chancery_runtime.tokens import TOKENS
from fastapi import APIRouter, Depends, Query, Response
from pydantic import AwareDatetime, BaseModel, Field

from chancery_audit.adapters.keys import AccessKeys, Grant
from chancery_audit.api import Identifier
from chancery_audit.domain.roles import Visitor
from chancery_audit.gate import Gate

Name = Annotated[str, Field(pattern=IDENTIFIER_PATTERN)]
MOST = 200
ROLE_PATTERN = r"^[a-z][a-z0-9_]{0,63}$"
Names = Annotated[list[Name], Field(max_length=MOST)]


class GrantOrder(BaseModel):
    """`tenants` none: all. `matters` none: all. An officer has exactly one tenant. `role` none: roles of the registry alone."""

    name: Annotated[str, Field(pattern=IDENTIFIER_PATTERN, max_length=64)]
    role: AuditRole | None = None
    registry_roles: Annotated[list[Annotated[str, Field(pattern=ROLE_PATTERN)]], Field(max_length=20)] = []
    tenants: Annotated[list[Annotated[str, Field(pattern=TENANT_PATTERN)]], Field(min_length=1, max_length=MOST)] | None = None
    matters: Annotated[Names, Field(min_length=1)] | None = None
    excepted: Names = []
    expires_at: AwareDatetime | None = None


class Granted(BaseModel):
    """The secret is shown this once."""

    key: str
    secret: str


class KeyView(BaseModel):
    """A key, without its secret."""

    key: str
    name: str
    role: AuditRole | None
    registry_roles: list[str]
    tenants: list[str] | None
    matters: list[str] | None
    excepted: list[str]
    state: Literal["in force", "expired", "revoked"]
    granted_by: str
    granted_at: datetime
    expires_at: datetime | None
    revoked_by: str | None
    revoked_at: datetime | None


class KeyList(BaseModel):
    """Newest first, a thousand at most."""

    keys: list[KeyView]


class SelfView(BaseModel):
    """Who bears the key or token that this was asked with."""

    reader: str
    role: str
    tenants: list[str] | None
    matters: list[str] | None
    excepted: list[str]
    registry_roles: list[str]


def access_router(gate: Gate, keys: AccessKeys, clock: Clock) -> APIRouter:
    """The routes. They show nothing of the trail; what they change is on it."""
    routes = APIRouter(prefix="/v1/access")
    may_grant, anybody = Depends(gate.may("grant")), Depends(gate.may("self"))

    @routes.get("/self")
    async def oneself(who: Visitor = anybody) -> SelfView:
        """Who am I."""
        one = who.principal
        return SelfView(
            reader=who.reader, role=one.role, tenants=_listed(one.tenants), matters=_listed(one.walls.matters),
            excepted=sorted(one.walls.excepted), registry_roles=sorted(one.registry_roles),
        )  # fmt: skip

    @routes.post("", status_code=201)
    async def grant(order: GrantOrder, who: Visitor = may_grant) -> Granted:
        """A new key, in force at once."""
        if order.role is None and not order.registry_roles:
            raise Problem(422, "No role", "Name a role in the audit trail, or roles in the registry.")
        if order.role == "officer" and len(order.tenants or ()) != 1:
            raise Problem(422, "Whose officer?", "An officer has exactly one tenant.")
        if order.name == TOKENS:
            raise Problem(422, "Not this name", "Readers of the identity provider are on record under it.")
        if order.expires_at is not None and order.expires_at <= clock():
            raise Problem(422, "Expired before", "`expires_at` is not in the future.")
        key = await keys.grant(Grant(**order.model_dump()), who.reader)
        return Granted(key=key.id, secret=key.text)

    @routes.get("")
    async def listed(tenant: str | None = Query(default=None, pattern=TENANT_PATTERN), _: Visitor = may_grant) -> KeyList:
        """Those of one tenant, or all."""
        now = clock()
        return KeyList(keys=[KeyView.model_validate({**row, "state": _state(row, now)}) for row in await keys.keys(tenant)])

    @routes.post("/{key}/revoke", status_code=204)
    async def revoke(key: Identifier, who: Visitor = may_grant) -> Response:
        """At once, and for good."""
        if not await keys.revoke(key, who.reader):
            raise Problem(404, "No such key", "No key that is not revoked yet has this id.")
        return Response(status_code=204)

    return routes


def _listed(names: frozenset[str] | None) -> list[str] | None:
    return None if names is None else sorted(names)


def _state(row: "dict[str, datetime | None]", now: datetime) -> str:
    if row["revoked_at"] is not None:
        return "revoked"
    expires = row["expires_at"]
    return "expired" if expires is not None and expires <= now else "in force"
