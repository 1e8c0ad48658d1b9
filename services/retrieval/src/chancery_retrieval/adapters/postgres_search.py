"""Searches PostgreSQL: vectors and words, fused, each answer of one moment and inside one scope."""

import hashlib
import json
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

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


@dataclass(frozen=True, slots=True)
class _Shelves:
    passages: int
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
        async with self._reading() as connection:
            await connection.execute(self._queries.plan_afresh)
            shelves = await self._shelves(connection, scope)
            by_vector = await self._nearest(connection, scope, vector, shelves.passages)
            by_text = await self._by_text(connection, scope, query, shelves.passages)
            fused = fuse(by_vector, by_text, limit, self._settings.weights)
            keys = [one.key for one in fused]
            rows = await connection.fetch(self._queries.passages_by_key, *_arguments(scope), keys)
        candidates = {row["key"]: _candidate(row) for row in rows}
        self._observe_s(time.perf_counter() - begun)
        return Found(tuple((one, candidates[one.key]) for one in fused), shelves.snapshot)

    async def nothing(self, scope: Scope) -> Found:
        """No passages; only what would have been searched."""
        async with self._reading() as connection:
            return Found((), (await self._shelves(connection, scope)).snapshot)

    async def titles(self, scope: Scope, query: Query) -> list[Title]:
        """Documents whose title shares a word with the query."""
        async with self._reading() as connection:
            words = await connection.fetchval(self._queries.any_word, query.text)
            rows = await connection.fetch(self._queries.titles_in_scope, *_arguments(scope), words)
        return [Title(row["document_id"], row["version"], row["title"]) for row in rows]

    async def whole(self, scope: Scope, title: Title) -> WholeDocument:
        """A document from beginning to end; empty if it has been replaced since."""
        async with self._reading() as connection:
            shelves = await self._shelves(connection, scope)
            rows = await connection.fetch(self._queries.passages_of_document, *_arguments(scope), title.document_id, title.version)
        return WholeDocument(tuple(_candidate(row) for row in rows), shelves.snapshot)

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

    async def _shelves(self, connection: Connection, scope: Scope) -> _Shelves:
        rows = await connection.fetch(self._queries.shelves_in_scope, *_arguments(scope))
        return _Shelves(sum(row["passages"] for row in rows), snapshot_of(scope, rows))

    async def _nearest(self, connection: Connection, scope: Scope, vector: Vector, in_scope: int) -> list[int]:
        arguments = (*_arguments(scope), HalfVector(vector).to_text(), self._settings.candidates)
        if in_scope <= self._settings.exact_up_to:
            rows = await connection.fetch(self._queries.nearest_exact, *arguments)
        else:
            await connection.execute(self._queries.walk_further)
            rows = await connection.fetch(self._queries.nearest_approximate, *arguments)
        return [row["key"] for row in rows]

    async def _by_text(self, connection: Connection, scope: Scope, query: Query, in_scope: int) -> list[int]:
        known = await connection.fetch(self._queries.known_words, *_arguments(scope), query.text)
        words = weigh([(row["lexeme"], row["passages"]) for row in known], in_scope)
        if not words.selecting:
            return []
        chosen = (" | ".join(words.selecting), list(words.weights), list(words.weights.values()))
        rows = await connection.fetch(self._queries.best_by_text, *_arguments(scope), *chosen, self._settings.candidates)
        return [row["key"] for row in rows]


def snapshot_of(scope: Scope, shelves: Iterable[Any]) -> str:
    """A stable name for what was searched: it changes when, and only when, a shelf in scope changes."""
    state = [scope.tenant, sorted(scope.collections), [[row["collection"], row["matter"], row["changed"]] for row in shelves]]
    return hashlib.sha256(json.dumps(state).encode()).hexdigest()[:32]


def _arguments(scope: Scope) -> tuple[str, list[str], str | None]:
    return scope.tenant, list(scope.collections), scope.matter


def _candidate(row: Any) -> Candidate:
    findings = tuple(InjectionFinding.model_validate(finding) for finding in json.loads(row["injections"]))
    return Candidate(
        key=row["key"], passage_id=row["passage_id"], document_id=row["document_id"], document_version=row["version"],
        title=row["title"], start=row["starts_at"], end=row["ends_at"], text=row["body"], section=row["section"], injections=findings,
    )  # fmt: skip
