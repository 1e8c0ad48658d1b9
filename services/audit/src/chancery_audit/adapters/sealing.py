"""Data keys: wrapped in the database, unwrapped in a bounded memory."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence

from chancery_runtime.errors import KeyDestroyed
from chancery_runtime.keys import KeyService, new_key
from chancery_storage import Connection, Database, Queries

from chancery_audit.domain.entries import DataKey, KeyScope

DIGEST_PURPOSE = "audit-content-digest"


class KeyCache:
    """Unwrapped keys by their wrapped bytes, least recently used out first: a key that was destroyed is never looked up again."""

    def __init__(self, key_service: KeyService, largest: int) -> None:
        self.key_service = key_service
        self._largest = largest
        self._keys: OrderedDict[bytes, bytes] = OrderedDict()
        self._offers: OrderedDict[KeyScope, bytes] = OrderedDict()

    def last_seen(self, scope: KeyScope) -> DataKey | None:
        """The key that was in force when this process last looked."""
        wrapped = self._offers.get(scope)
        key = None if wrapped is None else self._keys.get(wrapped)
        return None if wrapped is None or key is None else DataKey(key, wrapped)

    async def make(self, scope: KeyScope) -> DataKey:
        """Fresh. Raises KeyServiceDown."""
        key = new_key()
        made = DataKey(key, await self.key_service.wrap(scope[0], key, context(scope)), fresh=True)
        self.put(made.wrapped, key)
        self._see(scope, made.wrapped)
        return made

    async def unwrap(self, scope: KeyScope, wrapped: bytes) -> bytes:
        """Raises KeyServiceDown, KeyDestroyed, CorruptSeal."""
        key = self._keys.get(wrapped)
        if key is None:
            key = await self.key_service.unwrap(scope[0], wrapped, context(scope))
        self.put(wrapped, key)
        return key

    async def opened(self, scope: KeyScope, wrapped: bytes) -> bytes | None:
        """None where the version that wrapped it was destroyed: erased, like a key that is gone. Raises KeyServiceDown, CorruptSeal."""
        try:
            return await self.unwrap(scope, wrapped)
        except KeyDestroyed:
            return None

    async def in_force(self, scope: KeyScope, wrapped: bytes) -> DataKey:
        """As the database says; offered from now on. Where its version was destroyed, a fresh one. Raises KeyServiceDown, CorruptSeal."""
        key = await self.opened(scope, wrapped)
        if key is None:
            return await self.make(scope)
        self._see(scope, wrapped)
        return DataKey(key, wrapped)

    def _see(self, scope: KeyScope, wrapped: bytes) -> None:
        self._offers[scope] = wrapped
        self._offers.move_to_end(scope)
        while len(self._offers) > self._largest:
            self._offers.popitem(last=False)

    def put(self, wrapped: bytes, key: bytes) -> None:
        """Remembers a key."""
        self._keys[wrapped] = key
        self._keys.move_to_end(wrapped)
        while len(self._keys) > self._largest:
            self._keys.popitem(last=False)

    def forget(self, wrapped: Sequence[bytes]) -> None:
        """Keys that were destroyed leave the memory of this process."""
        for one in wrapped:
            self._keys.pop(one, None)


class PostgresKeyOffers:
    """Port `KeyOffers`. What it gives is a guess: only the transaction knows, see `PostgresDataKeys`."""

    def __init__(self, database: Database, queries: Queries, cache: KeyCache) -> None:
        self._database = database
        self._queries = queries
        self._cache = cache

    async def offers(self, scopes: Sequence[KeyScope]) -> Mapping[KeyScope, DataKey]:
        """One statement for all that are not in memory."""
        keys = {scope: seen for scope in scopes if (seen := self._cache.last_seen(scope)) is not None}
        unknown = [scope for scope in scopes if scope not in keys]
        if unknown:
            async with self._database.statement() as connection:
                found = await _stored(connection, self._queries, unknown)
            for scope in unknown:
                wrapped = found.get(scope)
                keys[scope] = await (self._cache.make(scope) if wrapped is None else self._cache.in_force(scope, wrapped))
        return keys

    async def digest_key(self, tenant: str) -> bytes:
        """Derived by the key service; it is not in the database."""
        return await self._cache.key_service.derive(tenant, DIGEST_PURPOSE)


class PostgresDataKeys:
    """Port `DataKeys`, for one transaction."""

    def __init__(self, connection: Connection, queries: Queries, cache: KeyCache) -> None:
        self._connection = connection
        self._queries = queries
        self._cache = cache

    async def keys(self, offered: Mapping[KeyScope, DataKey]) -> Mapping[KeyScope, DataKey]:
        """Two statements at most, however many scopes. A key that is in memory, and in the database no more, was destroyed."""
        if not offered:
            return {}
        scopes = sorted(offered)
        found = await _stored(self._connection, self._queries, scopes)
        keys: dict[KeyScope, DataKey] = {}
        made: list[tuple[str, str, bytes]] = []
        dead: dict[KeyScope, tuple[bytes, bytes]] = {}
        for scope in scopes:
            offer, wrapped = offered[scope], found.get(scope)
            if wrapped is None:
                keys[scope] = key = offer if offer.fresh else await self._cache.make(scope)
                made.append((*scope, key.wrapped))
            else:
                keys[scope] = key = offer if offer.wrapped == wrapped else await self._cache.in_force(scope, wrapped)
                if key.wrapped != wrapped:  # wrapped by a version that was destroyed: rows of a restored backup
                    dead[scope] = (wrapped, key.wrapped)
        for (tenant, name), (before, after) in dead.items():
            await self._connection.execute(self._queries.replace_data_keys, tenant, [name], [before], [after])
            await self._connection.execute(self._queries.drop_dead_payloads, tenant, name)
        if made:
            await self._connection.execute(self._queries.add_data_keys, *(list(column) for column in zip(*made, strict=True)))
        return keys


async def _stored(connection: Connection, queries: Queries, scopes: Sequence[KeyScope]) -> dict[KeyScope, bytes]:
    """Wrapped keys. Neither tenants nor identifiers have commas."""
    rows = await connection.fetch(queries.data_keys, *(",".join(column) for column in zip(*scopes, strict=True)))
    return {(row["tenant"], row["scope"]): row["wrapped"] for row in rows}


def context(scope: KeyScope) -> str:
    """Binds a wrapped key to what it covers."""
    return f"audit/{scope[0]}/{scope[1]}"
