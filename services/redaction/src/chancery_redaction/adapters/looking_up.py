"""Finds the pseudonyms of a value. The value is hashed for each scope and goes nowhere: not into a query, a log, an answer."""

from dataclasses import dataclass

from chancery_runtime.keys import KeyService
from chancery_storage import Database, Queries

from chancery_redaction.domain.pseudonyms import value_hash

SCOPES = 2_000
"""Of one page. A pseudonym is stable in one scope alone, so that each is asked for by a hash of its own."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose pseudonyms: a value as it was written somewhere, in a matter or anywhere, of one type or any. `after`: the `next` of before."""

    tenant: str
    value: str
    matter: str | None = None
    entity_type: str | None = None
    after: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A pseudonym, and where it is stable."""

    scope: str
    entity_type: str
    token: str


class PostgresLookUp:
    """Over the whole vault of a tenant, a page of scopes at a time."""

    def __init__(self, database: Database, queries: Queries, keys: KeyService) -> None:
        self._database = database
        self._queries = queries
        self._keys = keys

    async def tokens(self, asked: Asked) -> tuple[list[Found], str | None]:
        """Those of the next scopes, and where the page after begins. Raises KeyServiceDown."""
        key = await self._keys.derive(asked.tenant, "pseudonym")
        scope = None if asked.matter is None else f"matter:{asked.matter}"
        async with self._database.reading() as connection:
            last = await connection.fetchval(self._queries.last_scope, asked.tenant, asked.after, scope, SCOPES)
            rows = await connection.fetch(self._queries.vault_scopes, asked.tenant, asked.after, asked.entity_type, scope, SCOPES)
            hashes = [value_hash(key, row["scope"], row["entity_type"], asked.value) for row in rows]
            found = await connection.fetch(self._queries.tokens_of_hashes, asked.tenant, [row["scope"] for row in rows], hashes)
        return [Found(**row) for row in found], last
