"""The vault in PostgreSQL: values sealed by AES-GCM under a key of their own, which the tenant's key wraps."""

from collections.abc import Mapping, Sequence

from chancery_runtime.keys import KeyService, new_key, seal, unseal
from chancery_storage import Connection, Queries

from chancery_redaction.domain.masking import ERASED
from chancery_redaction.domain.pseudonyms import LONGEST, SHORTEST, token, value_hash
from chancery_redaction.errors import TokensExhausted
from chancery_redaction.ports import Scope


class PostgresVault:
    """For one transaction."""

    def __init__(self, connection: Connection, queries: Queries, keys: KeyService) -> None:
        self._connection = connection
        self._queries = queries
        self._keys = keys

    async def tokens(self, scope: Scope, values: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], str]:
        """The pseudonym of each (type, value), made if new."""
        if not values:
            return {}
        key = await self._keys.derive(scope.tenant, "pseudonym")
        hashes = {value: value_hash(key, scope.name, *value) for value in values}
        rows = await self._connection.fetch(self._queries.tokens_by_hash, scope.tenant, scope.name, list(set(hashes.values())))
        known: dict[bytes, str] = {row["value_hash"]: row["token"] for row in rows}
        # In the order of the hashes: two transactions that add the same values wait for each other and never in a ring.
        missing = sorted(((value, digest) for value, digest in hashes.items() if digest not in known), key=lambda item: item[1])
        known |= await self._add_all(scope, missing)
        for value, digest in missing:
            if digest not in known:
                known[digest] = await self._add(scope, value, digest)
        return {value: known[digest] for value, digest in hashes.items()}

    async def _add_all(self, scope: Scope, values: Sequence[tuple[tuple[str, str], bytes]]) -> dict[bytes, str]:
        """All in one statement, under their shortest names; what is taken, or was added by another just now, is not in the answer."""
        rows = [await self._row(scope, value, digest, SHORTEST) for value, digest in values]
        if not rows:
            return {}
        columns = [list(column) for column in zip(*rows, strict=True)]
        added = await self._connection.fetch(self._queries.add_values, scope.tenant, scope.name, *columns)
        return {row["value_hash"]: row["token"] for row in added}

    async def _row(self, scope: Scope, value: tuple[str, str], digest: bytes, length: int) -> tuple[str, str, bytes, bytes, bytes]:
        entity_type, text = value
        name, key = token(entity_type, digest, length), new_key()
        context = _context(scope, name)
        wrapped = await self._keys.wrap(scope.tenant, key, context)
        return name, entity_type, digest, wrapped, seal(key, text.encode(), context.encode())

    async def _add(self, scope: Scope, value: tuple[str, str], digest: bytes) -> str:
        for length in range(SHORTEST, LONGEST + 1):
            row = await self._row(scope, value, digest, length)
            if await self._connection.fetchval(self._queries.add_value, scope.tenant, scope.name, *row) is not None:
                return row[0]
            rows = await self._connection.fetch(self._queries.tokens_by_hash, scope.tenant, scope.name, [digest])
            if rows:  # another transaction added this very value
                return str(rows[0]["token"])
        raise TokensExhausted(value[0])

    async def values(self, scope: Scope, tokens: Sequence[str]) -> Mapping[str, str]:
        """The value of each known pseudonym; ERASED where its key was destroyed."""
        if not tokens:
            return {}
        rows = await self._connection.fetch(self._queries.values_by_token, scope.tenant, scope.name, list(tokens))
        return {row["token"]: await self._open(scope, row["token"], row["wrapped_key"], row["sealed_value"]) for row in rows}

    async def _open(self, scope: Scope, name: str, wrapped: bytes | None, sealed: bytes) -> str:
        if wrapped is None:
            return ERASED
        key = await self._keys.unwrap(scope.tenant, wrapped, _context(scope, name))
        return unseal(key, sealed, _context(scope, name).encode()).decode()


def _context(scope: Scope, name: str) -> str:
    return f"vault/{scope.tenant}/{scope.name}/{name}"


class PostgresInteractions:
    """Beginnings and ends, in the same transaction."""

    def __init__(self, connection: Connection, queries: Queries) -> None:
        self._connection = connection
        self._queries = queries

    async def begin(self, tenant: str, interaction: str, event_id: str) -> bool:
        """False when another event has this interaction's id."""
        return bool(await self._connection.fetchval(self._queries.begin_interaction, tenant, interaction, event_id) == event_id)

    async def complete(self, tenant: str, interaction: str, namespace: str, cause_id: str) -> bool:
        """False when another cause has ended it."""
        return bool(
            await self._connection.fetchval(self._queries.complete_interaction, tenant, interaction, namespace, cause_id) == cause_id
        )
