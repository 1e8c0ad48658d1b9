"""Who comes in, whose entries they mean, and how the registry's errors sound over HTTP."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated

from chancery_contracts.catalogue import SHARED
from chancery_contracts.identifiers import TENANT_PATTERN
from chancery_runtime.access import authenticated
from chancery_runtime.principals import Way
from chancery_runtime.problems import Problem
from fastapi import Query, Request

from chancery_registry.domain.roles import Member, Right, member
from chancery_registry.errors import Conflict, KeyReused, MovedOn, NoPart, NotKnownYet, NotThere, RegistryError, Unsound

Tenant = Annotated[str | None, Query(pattern=TENANT_PATTERN)]


class Visitor:
    """A member, and the tenant that they mean."""

    def __init__(self, member_: Member, tenant: str) -> None:
        self.member = member_
        self.tenant = tenant


class Gate:
    """Every route goes through here, but for `/health` and `/metrics`."""

    def __init__(self, ways: Sequence[Way]) -> None:
        self._find = authenticated(ways)

    def may(self, right: Right) -> Callable[[Request, Tenant], Awaitable[Visitor]]:
        """A FastAPI dependency. Raises Problem: 401, 403, 404, 422."""

        async def check(request: Request, tenant: Tenant = None) -> Visitor:
            principal = await self._find(request)
            try:
                found = member(principal)
            except NoPart as exc:
                raise problem(exc) from exc
            wanted = _meant(found, tenant)
            if not _admitted(found, wanted, right):
                raise problem(NotThere())
            if right not in found.rights:
                raise Problem(403, "Not for this role", "None of your roles in the registry may do this.")
            return Visitor(found, wanted)

        return check


def _meant(found: Member, tenant: str | None) -> str:
    if tenant is not None:
        return tenant
    if found.tenants is not None and len(found.tenants) == 1:
        return next(iter(found.tenants))
    raise Problem(422, "Which tenant?", "Name it as `?tenant=`; `shared` for what every tenant may use.")


def _admitted(found: Member, tenant: str, right: Right) -> bool:
    """What is shared is everybody's to read, and theirs to change who are of every tenant."""
    return found.tenants is None or tenant in found.tenants or (tenant == SHARED and right == "read")


def problem(fault: RegistryError) -> Problem:
    """With what the caller needs to go on."""
    status, title, detail = _SAID[type(fault)]
    if isinstance(fault, Conflict) and fault.change_id is not None:
        return Problem(status, title, detail.format(fault), sequence=fault.sequence, change_id=fault.change_id)
    if isinstance(fault, Conflict | MovedOn):
        return Problem(status, title, detail.format(fault), sequence=fault.sequence)
    if isinstance(fault, Unsound):
        return Problem(status, title, detail.format(fault), errors=[{"pointer": one.pointer, "why": one.why} for one in fault.faults])
    if isinstance(fault, NotKnownYet):
        return Problem(status, title, detail.format(fault), change_id=fault.change_id)
    return Problem(status, title, detail.format(fault))


_SAID: Mapping[type[RegistryError], tuple[int, str, str]] = {
    NoPart: (403, "Not for this role", "The registry refuses: {}."),
    NotThere: (404, "Not found", "No such thing or version of this tenant."),
    Conflict: (409, "Conflict", "The change does not count: {}."),
    MovedOn: (412, "It has moved on", "Read it again: its number is not what If-Match says."),
    KeyReused: (422, "Idempotency-Key used before", "This key stood for another order: choose a new one."),
    Unsound: (422, "Not in order", "The registry refuses: {}."),
    NotKnownYet: (503, "Not known yet", "Ask again with the same Idempotency-Key, or look for `change_id` in the history."),
}
