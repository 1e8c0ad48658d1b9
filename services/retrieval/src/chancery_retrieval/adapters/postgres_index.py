"""Documents into PostgreSQL: history, passages with full text, vectors, shelves."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime

from chancery_storage import Connection, Database, load_queries
from pgvector import HalfVector

from chancery_retrieval.adapters.faults import as_retrieval_faults
from chancery_retrieval.domain.passages import DocumentVersion, Indexed, IndexedPassage
from chancery_retrieval.domain.versions import KnownVersion, Standing, standing_of
from chancery_retrieval.ports import Withdrawal


class PostgresIndex:
    """Implements ports.DocumentIndex. A document's writes are serialised by an advisory lock."""

    def __init__(self, database: Database, on_indexed: Callable[[float], None]) -> None:
        self._database = database
        self._queries = load_queries("chancery_retrieval")
        self._on_indexed = on_indexed

    async def standing(self, document: DocumentVersion) -> Standing:
        """Whether that version stands in the index or should."""
        with as_retrieval_faults():
            async with self._database.reading() as connection:
                return await self._standing(connection, document)

    async def put(self, document: DocumentVersion, passages: Sequence[IndexedPassage], now: datetime) -> Indexed | None:
        """Looks again under the lock: while we embedded, a newer version or a withdrawal may have come."""
        indexed = Indexed(len(passages), sum(1 for passage in passages if passage.injections), now)
        with as_retrieval_faults():
            async with self._database.transaction() as connection:
                await connection.execute(self._queries.lock_document, document.tenant, document.document_id)
                standing = await self._standing(connection, document)
                if not standing.wanted:
                    return standing.indexed
                await self._remove(connection, (document.tenant, document.document_id), "replaced", now)
                await self._record(connection, document, indexed)
                await self._insert(connection, document, passages)
        self._on_indexed(len(passages))
        return indexed

    async def withdraw(self, tenant: str, document_id: str, withdrawal: Withdrawal) -> None:
        """Takes effect once, by the event's id."""
        with as_retrieval_faults():
            async with self._database.transaction() as connection:
                await connection.execute(self._queries.lock_document, tenant, document_id)
                arguments = (withdrawal.event_id, tenant, document_id, withdrawal.reason.replace("\x00", ""), withdrawal.now)
                if await connection.execute(self._queries.record_withdrawal, *arguments) == "INSERT 0 1":
                    await self._remove(connection, (tenant, document_id), "withdrawn", withdrawal.now)

    async def take_out(self, connection: Connection, tenant: str, document_id: str, now: datetime) -> None:
        """In somebody's transaction: passages, vectors and words of a document go, its history says that it was replaced."""
        await connection.execute(self._queries.lock_document, tenant, document_id)
        await self._remove(connection, (tenant, document_id), "replaced", now)

    async def _standing(self, connection: Connection, document: DocumentVersion) -> Standing:
        rows = await connection.fetch(self._queries.known_versions, document.tenant, document.document_id)
        known = [
            KnownVersion(row["version"], row["fingerprint"], row["event_id"], row["state"],
                         Indexed(row["passages"], row["injections"], row["indexed_at"]))
            for row in rows
        ]  # fmt: skip
        return standing_of(document, known)

    async def _remove(self, connection: Connection, document: tuple[str, str], state: str, now: datetime) -> None:
        ended = await connection.fetchrow(self._queries.end_indexed, *document, state, now)
        if ended is not None:
            tenant, document_id = document
            shelf = (tenant, ended["collection"], ended["matter"])
            await connection.execute(self._queries.take_from_shelf, *shelf, ended["passages"])
            await connection.execute(self._queries.subtract_lexemes, *shelf, document_id)
            await connection.execute(self._queries.delete_lexemes, *shelf)
            await connection.execute(self._queries.delete_passages, *document)

    async def _record(self, connection: Connection, document: DocumentVersion, indexed: Indexed) -> None:
        await connection.execute(
            self._queries.record_version,
            document.tenant, document.document_id, document.version, document.collection, document.matter, document.title,
            document.fingerprint, document.event_id, "indexed", indexed.passages, indexed.injections, indexed.indexed_at,
        )  # fmt: skip
        await connection.execute(self._queries.put_on_shelf, document.tenant, document.collection, document.matter, indexed.passages)

    async def _insert(self, connection: Connection, document: DocumentVersion, passages: Sequence[IndexedPassage]) -> None:
        chunks = [passage.chunk for passage in passages]
        await connection.execute(
            self._queries.insert_passages,
            document.tenant, document.document_id, document.version, document.collection, document.matter, document.title,
            [passage.ordinal for passage in passages], [chunk.section for chunk in chunks],
            [passage.passage_id for passage in passages], [chunk.start for chunk in chunks], [chunk.end for chunk in chunks],
            [chunk.text for chunk in chunks], [chunk.indexed_text for chunk in chunks],
            [_findings(passage) for passage in passages], [HalfVector(passage.vector).to_text() for passage in passages],
        )  # fmt: skip
        shelf = (document.tenant, document.collection, document.matter)
        await connection.execute(self._queries.add_lexemes, *shelf, document.document_id)


def _findings(passage: IndexedPassage) -> str:
    return json.dumps([finding.model_dump() for finding in passage.injections])
