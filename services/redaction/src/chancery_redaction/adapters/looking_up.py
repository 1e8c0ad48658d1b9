"""Finds the pseudonyms of a value. The value is hashed for each scope and goes nowhere: not into a query, a log, an answer."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from chancery_runtime.keys import KeyService
from chancery_storage import Database, Queries

from chancery_redaction.domain.pseudonyms import value_hash

SCOPES = 2_000
"""Of one page. A pseudonym is stable in one scope alone, so that each is asked for by a hash of its own."""
HASHES = 50_000
"""Of one query: a page has as many as its scopes have types, times values."""


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


@dataclass(frozen=True, slots=True)
class FoundSubject:
    """A data subject in one scope, and all its pseudonyms there: of the values that were asked for, and of those linked to them."""

    scope: str
    subject: str
    tokens: tuple[str, ...]


async def subjects_of(
    database: Database, queries: Queries, keys: KeyService, tenant: str, values: Sequence[str], matter: str | None = None
) -> list[FoundSubject]:
    """Who goes by one of these values, over all scopes of a tenant or in one matter; the erased are nobody. Raises KeyServiceDown.

    As many scopes in memory at a time as a page has, and as many hashes as a query; each query is a statement of its own, and what is added
    behind it is not seen.
    """
    key = await keys.derive(tenant, "pseudonym")
    scope = None if matter is None else f"matter:{matter}"
    tokens: dict[tuple[str, str], set[str]] = defaultdict(set)
    after: str | None = ""
    while after is not None:
        async with database.reading() as connection:
            last = await connection.fetchval(queries.last_scope, tenant, after, scope, SCOPES)
            rows = await connection.fetch(queries.vault_scopes, tenant, after, None, scope, SCOPES)
        for some in _slices(rows, values):
            # Thousands of hashes: not on the loop that serves others.
            scopes, hashes = await asyncio.to_thread(_hashes, key, some)
            async with database.reading() as connection:
                subjects = await connection.fetch(queries.subjects_of_hashes, tenant, scopes, hashes)
            for row in subjects:
                tokens[row["scope"], row["subject"]].update(row["tokens"])
        after = last
    return [FoundSubject(*subject, tuple(sorted(found))) for subject, found in sorted(tokens.items())]


def _slices(rows: Sequence[Any], values: Sequence[str]) -> Iterator[list[tuple[str, str, str]]]:
    """Every value as of every type that a scope has, as many at a time as are asked for at once."""
    wanted = ((row["scope"], row["entity_type"], value) for row in rows for value in values)
    while some := list(islice(wanted, HASHES)):
        yield some


def _hashes(key: bytes, wanted: Sequence[tuple[str, str, str]]) -> tuple[list[str], list[bytes]]:
    return [scope for scope, _, _ in wanted], [value_hash(key, *one) for one in wanted]
