"""The vault's wrapped keys, as rewrapping needs them: of subjects, and of values of before, which have keys of their own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chancery_runtime.keys import Versions
from chancery_runtime.keys.orders import WrappedKey
from chancery_storage import Database, Queries

from chancery_redaction.adapters.sealed_values import subject_context, value_context
from chancery_redaction.ports import Scope

SETTLE_S = 10
"""Writers are waited for no longer than this, because those that come meanwhile wait too."""


@dataclass(frozen=True, slots=True)
class _Table:
    page: str
    count: str
    lock: str
    replace: str
    settle: str
    context: Callable[[Scope, str], str]


class VaultKeys:
    """Port `WrappedKeys`; a place is `<scope>|<name>`, and neither has a bar in it."""

    def __init__(self, database: Database, table: _Table) -> None:
        self._database = database
        self._table = table

    async def page(self, tenant: str, versions: Versions, after: str, limit: int) -> list[WrappedKey]:
        """Old ones behind a place, in order."""
        scope, _, name = after.partition("|")
        async with self._database.reading() as connection:
            rows = await connection.fetch(self._table.page, tenant, *_bounds(versions), scope, name, limit)
        return [WrappedKey(f"{scope}|{name}", wrapped, self._table.context(Scope(tenant, scope), name)) for scope, name, wrapped in rows]

    async def replace(self, tenant: str, changes: Sequence[tuple[WrappedKey, bytes]]) -> int:
        """Each where it is still what was read."""
        places = [one.place.partition("|") for one, _ in changes]
        names = [scope for scope, _, _ in places], [name for _, _, name in places]
        async with self._database.transaction() as connection:
            await connection.fetch(self._table.lock, tenant, *names)
            before, after = [one.wrapped for one, _ in changes], [wrapped for _, wrapped in changes]
            return len(await connection.fetch(self._table.replace, tenant, *names, before, after))

    async def settle(self) -> None:
        """Raises DatabaseUnavailable (a Retry) where a writer takes too long."""
        async with self._database.transaction() as connection:
            await connection.execute(f"SET LOCAL lock_timeout = '{SETTLE_S}s'")
            await connection.execute(self._table.settle)

    async def left(self, tenant: str, versions: Versions) -> int:
        """How many old ones."""
        async with self._database.reading() as connection:
            return int(await connection.fetchval(self._table.count, tenant, *_bounds(versions)))


def vault_keys(database: Database, queries: Queries) -> list[VaultKeys]:
    """All that this service's lineage has wrapped."""
    subjects = _Table(
        queries.old_subject_keys, queries.count_old_subject_keys, queries.lock_subjects, queries.replace_subject_keys,
        queries.settle_subject_keys, subject_context,
    )  # fmt: skip
    values = _Table(
        queries.old_value_keys, queries.count_old_value_keys, queries.lock_values, queries.replace_value_keys,
        queries.settle_value_keys, value_context,
    )  # fmt: skip
    return [VaultKeys(database, subjects), VaultKeys(database, values)]


def _bounds(versions: Versions) -> tuple[bytes, bytes, bool]:
    return versions.mark, versions.floor, versions.before_is_dead
