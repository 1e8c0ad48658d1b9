"""The trail's wrapped data keys, as rewrapping needs them."""

from collections.abc import Sequence

from chancery_runtime.keys import Versions
from chancery_runtime.keys.orders import WrappedKey
from chancery_storage import Database, Queries

from chancery_audit.adapters.sealing import context
from chancery_audit.adapters.trail import PostgresTrail

SETTLE_S = 10
"""Writers are waited for no longer than this, because those that come meanwhile wait too."""


class TrailKeys:
    """Port `WrappedKeys`; a place is a scope."""

    def __init__(self, database: Database, queries: Queries) -> None:
        self._database = database
        self._queries = queries

    async def page(self, tenant: str, versions: Versions, after: str, limit: int) -> list[WrappedKey]:
        """Old ones behind a place, in order."""
        async with self._database.reading() as connection:
            rows = await connection.fetch(self._queries.old_data_keys, tenant, *_bounds(versions), after, limit)
        return [WrappedKey(scope, wrapped, context((tenant, scope))) for scope, wrapped in rows]

    async def replace(self, tenant: str, changes: Sequence[tuple[WrappedKey, bytes]]) -> int:
        """Each where it is still what was read. Under the lock that whoever records and whoever erases takes first."""
        columns = [one.place for one, _ in changes], [one.wrapped for one, _ in changes], [wrapped for _, wrapped in changes]
        async with self._database.transaction() as connection:
            await PostgresTrail(connection, self._queries).lock_heads([tenant])
            return len(await connection.fetch(self._queries.replace_data_keys, tenant, *columns))

    async def settle(self) -> None:
        """Raises DatabaseUnavailable (a Retry) where a writer takes too long."""
        async with self._database.transaction() as connection:
            await connection.execute(f"SET LOCAL lock_timeout = '{SETTLE_S}s'")
            await connection.execute(self._queries.settle_data_keys)

    async def left(self, tenant: str, versions: Versions) -> int:
        """How many old ones."""
        async with self._database.reading() as connection:
            return int(await connection.fetchval(self._queries.count_old_data_keys, tenant, *_bounds(versions)))


def _bounds(versions: Versions) -> tuple[bytes, bytes, bool]:
    return versions.mark, versions.floor, versions.before_is_dead
