"""Data keys: wrapped in the database, unwrapped in a bounded memory."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence

from chancery_runtime.keys import KeyService, new_key, seal
from chancery_storage import Connection, Queries

from chancery_audit.domain.entries import KeyScope

DIGEST_PURPOSE = "audit-content-digest"


class KeyCache:
    """Unwrapped keys by their wrapped bytes, least recently used out first: a key that was destroyed is never looked up again."""

    def __init__(self, key_service: KeyService, largest: int) -> None:
        self.key_service = key_service
        self._largest = largest
        self._keys: OrderedDict[bytes, bytes] = OrderedDict()

    async def unwrap(self, scope: KeyScope, wrapped: bytes) -> bytes:
        """Raises KeyServiceDown, CorruptSeal."""
        key = self._keys.get(wrapped)
        if key is None:
            key = await self.key_service.unwrap(scope[0], wrapped, context(scope))
        self.put(wrapped, key)
        return key

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


class PostgresDataKeys:
    """Port `DataKeys`, for one transaction."""

    def __init__(self, connection: Connection, queries: Queries, cache: KeyCache) -> None:
        self._connection = connection
        self._queries = queries
        self._cache = cache

    async def keys(self, scopes: Sequence[KeyScope]) -> Mapping[KeyScope, bytes]:
        """Two statements at most, however many scopes."""
        if not scopes:
            return {}
        rows = await self._connection.fetch(self._queries.data_keys, [tenant for tenant, _ in scopes], [name for _, name in scopes])
        found = {(row["tenant"], row["scope"]): row["wrapped"] for row in rows}
        keys = {scope: await self._cache.unwrap(scope, wrapped) for scope, wrapped in found.items()}
        made: list[tuple[str, str, bytes]] = []
        for scope in scopes:
            if scope not in found:
                keys[scope] = key = new_key()
                wrapped = await self._cache.key_service.wrap(scope[0], key, context(scope))
                self._cache.put(wrapped, key)
                made.append((*scope, wrapped))
        if made:
            await self._connection.execute(self._queries.add_data_keys, *(list(column) for column in zip(*made, strict=True)))
        return keys

    async def digest_key(self, tenant: str) -> bytes:
        """Derived by the key service; it is not in the database."""
        return await self._cache.key_service.derive(tenant, DIGEST_PURPOSE)

    def seal(self, key: bytes, plaintext: bytes, context: bytes) -> bytes:
        """AES-256-GCM."""
        return seal(key, plaintext, context)


def context(scope: KeyScope) -> str:
    """Binds a wrapped key to what it covers."""
    return f"audit/{scope[0]}/{scope[1]}"
