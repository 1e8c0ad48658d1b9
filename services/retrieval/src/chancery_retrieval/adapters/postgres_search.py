"""Searches PostgreSQL: vectors and words, fused, each answer of one moment and inside one scope."""

import hashlib
import json
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from chancery_contracts.failures import Retry
from chancery_contracts.interactions import InjectionFinding
from chancery_storage import Connection, Database, load_queries
from pgvector import HalfVector

from chancery_retrieval.adapters.faults import as_retrieval_faults
from chancery_retrieval.domain.fusion import FusionWeights, fuse
from chancery_retrieval.domain.passages import Candidate, DocumentListing, Scope, Title, Vector
from chancery_retrieval.domain.querying import Query
from chancery_retrieval.domain.words import weigh
from chancery_retrieval.ports import Found, WholeDocument


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """`candidates` of each search go into the fusion; up to `exact_up_to` passages in scope, vectors are compared one by one."""

    candidates: int = 100
    exact_up_to: int = 12_000
    weights: FusionWeights = field(default_factory=FusionWeights)


ATTEMPTS = 3
"""A document replaced between the search and the fetching of its passages means another search."""


@dataclass(frozen=True, slots=True)
class _Hits:
    """Keys, best first, and what was searched."""

    by_vector: list[int]
    by_text: list[int]
    snapshot: str


class PostgresSearch:
    """Implements ports.Search."""

    def __init__(self, database: Database, settings: SearchSettings, observe_s: Callable[[float], None]) -> None:
        self._database = database
        self._settings = settings
        self._observe_s = observe_s
        self._queries = load_queries("chancery_retrieval")

    async def best(self, scope: Scope, query: Query, vector: Vector, limit: int) -> Found:
        """The best passages of the fused searches."""
        begun = time.perf_counter()
        with as_retrieval_faults():
            async with self._database.statement() as connection:
                for _ in range(ATTEMPTS):
                    hits = await self._search(connection, scope, query, vector)
                    fused = fuse(hits.by_vector, hits.by_text, limit, self._settings.weights)
                    rows = await connection.fetch(self._queries.passages_by_key, *_arguments(scope), [one.key for one in fused])
                    # A key's passage never changes, so that all that were found then are as they were found.
                    if len(rows) == len(fused):
                        break
                else:
                    raise Retry("documents are replaced faster than they can be searched")
        candidates = {row["key"]: _candidate(row) for row in rows}
        self._observe_s(time.perf_counter() - begun)
        return Found(tuple((one, candidates[one.key]) for one in fused), hits.snapshot)

    async def nothing(self, scope: Scope) -> Found:
        """No passages; only what would have been searched."""
        async with self._reading() as connection:
            return Found((), await self._snapshot(connection, scope))

    async def titles(self, scope: Scope, query: Query) -> list[Title]:
        """Documents whose title shares a word with the query."""
        async with self._reading() as connection:
            words = await connection.fetchval(self._queries.any_word, query.text)
            rows = await connection.fetch(self._queries.titles_in_scope, *_arguments(scope), words)
        return [Title(row["document_id"], row["version"], row["title"]) for row in rows]

    async def whole(self, scope: Scope, title: Title) -> WholeDocument:
        """A document from beginning to end; empty if it has been replaced since."""
        async with self._reading() as connection:
            snapshot = await self._snapshot(connection, scope)
            rows = await connection.fetch(self._queries.passages_of_document, *_arguments(scope), title.document_id, title.version)
        return WholeDocument(tuple(_candidate(row) for row in rows), snapshot)

    async def list_documents(self, tenant: str | None, limit: int) -> list[DocumentListing]:
        """What stands in the index."""
        async with self._reading() as connection:
            rows = await connection.fetch(self._queries.list_documents, tenant, limit)
        return [DocumentListing(**dict(row)) for row in rows]

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[Connection]:
        with as_retrieval_faults():
            async with self._database.reading() as connection:
                yield connection

    async def _snapshot(self, connection: Connection, scope: Scope) -> str:
        return snapshot_of(scope, map(list, await connection.fetch(self._queries.shelves_in_scope, *_arguments(scope))))

    async def _search(self, connection: Connection, scope: Scope, query: Query, vector: Vector) -> _Hits:
        known = await connection.fetchrow(self._queries.known_words, *_arguments(scope), query.text)
        assert known is not None
        words = weigh(list(zip(known["lexemes"], known["counts"], strict=True)), known["in_scope"])
        approximate = known["in_scope"] > self._settings.exact_up_to
        arguments = (
            *_arguments(scope), HalfVector(vector).to_text(), self._settings.candidates, " | ".join(words.selecting) or None,
            list(words.weights), list(words.weights.values()), approximate,
        )  # fmt: skip
        if not approximate:
            row = await connection.fetchrow(self._queries.search, *arguments)
        else:
            async with connection.transaction(readonly=True):
                await connection.execute(self._queries.walk_further)
                row = await connection.fetchrow(self._queries.search, *arguments)
        assert row is not None
        return _Hits(row["by_vector"], row["by_text"], snapshot_of(scope, map(json.loads, row["shelves"])))


def snapshot_of(scope: Scope, shelves: Iterable[list[Any]]) -> str:
    """A stable name for what was searched: it changes when, and only when, a shelf (collection, matter, change) in scope changes."""
    state = [scope.tenant, sorted(scope.collections), list(shelves)]
    return hashlib.sha256(json.dumps(state).encode()).hexdigest()[:32]


def _arguments(scope: Scope) -> tuple[str, list[str], str | None]:
    return scope.tenant, list(scope.collections), scope.matter


def _candidate(row: Any) -> Candidate:
    findings = tuple(InjectionFinding.model_validate(finding) for finding in json.loads(row["injections"]))
    return Candidate(
        key=row["key"], passage_id=row["passage_id"], document_id=row["document_id"], document_version=row["version"],
        title=row["title"], start=row["starts_at"], end=row["ends_at"], text=row["body"], section=row["section"], injections=findings,
    )  # fmt: skip
