"""What the handlers need."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from chancery_retrieval.domain.passages import (
    Candidate,
    DocumentListing,
    DocumentVersion,
    Indexed,
    IndexedPassage,
    Ranked,
    Scope,
    Title,
    Vector,
)
from chancery_retrieval.domain.querying import Query


class Embedder(Protocol):
    """An embedding model. Vectors have length 1."""

    @property
    def name(self) -> str:
        """Which model, for DocumentIndexed."""
        ...

    def count_tokens(self, text: str) -> int:
        """How much of the model's window a text takes."""
        ...

    async def embed_query(self, text: str) -> Vector: ...

    async def embed_passages(self, texts: Sequence[str]) -> list[Vector]:
        """One vector a text, in order. Off the event loop."""
        ...


class DocumentIndex(Protocol):
    """Where documents stand to be found. Every write is one transaction and safe to repeat."""

    async def find_version(self, document: DocumentVersion) -> Indexed | None:
        """That version if it stands in the index. Raises ContentsChanged if it was published with other contents."""
        ...

    async def put(self, document: DocumentVersion, passages: Sequence[IndexedPassage], now: datetime) -> Indexed | None:
        """Puts a version in the place of the one before it. None if a newer one is known: it stays out of search."""
        ...


class Search(Protocol):
    """Reads the index. Nothing outside the scope is ever returned."""

    async def rank(self, scope: Scope, query: Query, vector: Vector, limit: int) -> "Found":
        """The best of both searches, their passages, and the snapshot that was searched, all of one moment."""
        ...

    async def document(self, scope: Scope, titles_like: Query) -> "NamedIn":
        """Titles in scope that share a word with the query, and the snapshot."""
        ...

    async def passages_of(self, scope: Scope, title: Title) -> list[Candidate]:
        """All passages of a document in scope, in order."""
        ...

    async def list_documents(self, tenant: str, limit: int) -> list[DocumentListing]:
        """What stands in a tenant's index."""
        ...


class Found(Protocol):
    """What `rank` found."""

    @property
    def ranked(self) -> Ranked: ...

    @property
    def candidates(self) -> dict[int, Candidate]: ...

    @property
    def snapshot(self) -> str: ...


class NamedIn(Protocol):
    """What `document` found."""

    @property
    def titles(self) -> list[Title]: ...

    @property
    def snapshot(self) -> str: ...
