"""Reading transactions, each through somebody's view: the database's own walls stand beneath those of the code."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

import structlog
from chancery_runtime.errors import StartupFailed
from chancery_storage import Connection, Database, Queries

from chancery_audit.domain.views import REGISTRY_SCOPE, View

log = structlog.get_logger()
READER_ROLE = "chancery_audit_reader"
_TO_DO = (
    f"CREATE ROLE {READER_ROLE} NOLOGIN NOINHERIT; GRANT {READER_ROLE} TO <the service's user>; "
    "or set CHANCERY_AUDIT_ROW_SECURITY=off: then nobody behind matter walls is let in"
)


class Views:
    """Opens reading transactions. `role` none: without row-level security, by the rights of the service itself."""

    def __init__(self, database: Database, queries: Queries, role: str | None) -> None:
        self._database = database
        self._queries = queries
        self._role = role

    @asynccontextmanager
    async def reading(self, view: View) -> AsyncIterator[Connection]:
        """One moment of the database, as far as this view goes."""
        walls = view.walls
        matters = "*" if walls.matters is None else ",".join(sorted(walls.matters))
        async with self._database.reading() as connection:
            await connection.execute(self._queries.look_as, view.tenant, matters, ",".join(sorted(walls.excepted)), self._role or "none")
            yield connection

    async def admitted(self, connection: Connection, view: View, scopes: Collection[str]) -> frozenset[str]:
        """Which of these scopes may be shown: the first wall, which does not lean on the second. A scope that is not known may not."""
        if view.walls.open:
            return frozenset(scopes)
        rows = await connection.fetch(self._queries.matters_of, view.tenant, sorted(set(scopes)))
        return frozenset(row["scope"] for row in rows if view.admits(row["matters"])) | {REGISTRY_SCOPE}


async def secure(database: Database, queries: Queries, *, on: bool) -> str | None:
    """The role that readers take; made where it is missing. Raises StartupFailed where it is wanted and cannot be had."""
    if not on:
        log.warning("row_security_off", reason="CHANCERY_AUDIT_ROW_SECURITY=off: tenants are kept apart by the service's code alone")
        return None
    async with database.transaction() as connection:
        if not await connection.fetchval(queries.reader_role):
            await connection.execute(queries.make_reader_role)
        if not await connection.fetchval(queries.reader_role):
            raise StartupFailed(f"the database user may not make the readers' role. As an administrator: {_TO_DO}")
        await connection.execute(queries.grant_to_reader)
    return READER_ROLE
