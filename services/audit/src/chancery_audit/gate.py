"""Who comes in, and with which right. Every route of this service goes through here, but for `/health` and `/metrics`."""

from collections.abc import Awaitable, Callable, Sequence

from chancery_runtime.access import authenticated
from chancery_runtime.principals import Way
from chancery_runtime.problems import Problem
from fastapi import Request

from chancery_audit.domain.roles import Right, Visitor, visitor


class Gate:
    """Tries each way to authenticate. Where row-level security is off, who is behind walls stays out: one wall is not enough."""

    def __init__(self, ways: Sequence[Way], *, walls_hold: bool) -> None:
        self._find = authenticated(ways)
        self._walls_hold = walls_hold

    def may(self, right: Right) -> Callable[[Request], Awaitable[Visitor]]:
        """A FastAPI dependency. Raises Problem: 401, 403; 503 where walls do not hold."""

        async def check(request: Request) -> Visitor:
            found = visitor(await self._find(request))
            if right not in found.rights:
                raise Problem(403, "Not for this role", "This role may not do this.")
            if not found.principal.walls.open and not self._walls_hold:
                raise Problem(503, "Walls do not hold", "Row-level security is off, so that nobody behind walls is let in.")
            return found

        return check
