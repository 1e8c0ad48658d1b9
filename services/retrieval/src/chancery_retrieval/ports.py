"""What the handlers need."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from chancery_contracts.base import VersionRef
from chancery_contracts.bodies import UseCaseBody
from chancery_contracts.event import Clock
from chancery_contracts.interactions import InjectionFinding

from chancery_retrieval.domain.fusion import Fused
from chancery_retrieval.domain.passages import Candidate, DocumentListing, DocumentVersion, Indexed, IndexedPassage, Scope, Title, Vector
from chancery_retrieval.domain.querying import Query
from chancery_retrieval.domain.versions import Standing

Screen = Callable[[str], tuple[InjectionFinding, ...]]
PinnedUseCase = Callable[[str, VersionRef], UseCaseBody | None]


class Embedder(Protocol):
    """An embedding model. Vectors have length 1."""

    @property
    def name(self) -> str:
        """Which model, for DocumentIndexed."""
        ...

    def count_tokens(self, text: str) -> int:
        """How much of the model's window a text takes."""
        ...

    async def embed_query(self, text: str) -> Vector:
        """The vector of a question."""
        ...

    async def embed_passages(self, texts: Sequence[str]) -> list[Vector]:
        """One vector a text, in order; off the event loop."""
        ...


class DocumentIndex(Protocol):
    """Where documents are put to be found. Every write is one transaction and safe to repeat."""

    async def standing(self, document: DocumentVersion) -> Standing:
        """Whether that version stands in the index or should. Raises Poison if its contents changed."""
        ...

    async def put(self, document: DocumentVersion, passages: Sequence[IndexedPassage], now: datetime) -> Indexed | None:
        """Puts a version in the place of the one before it. None if it must stay out of search."""
        ...

    async def withdraw(self, tenant: str, document_id: str, withdrawal: "Withdrawal") -> None:
        """Takes a document out of search. An event's second delivery changes nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Which event withdrew a document, and why."""

    event_id: str
    reason: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Found:
    """Passages, best first, and what was searched."""

    passages: tuple[tuple[Fused, Candidate], ...]
    snapshot: str


@dataclass(frozen=True, slots=True)
class WholeDocument:
    """All passages of a document in order, and what was searched."""

    passages: tuple[Candidate, ...]
    snapshot: str


class Search(Protocol):
    """Reads the index. Nothing outside the scope is ever returned; each answer is of one moment."""

    async def best(self, scope: Scope, query: Query, vector: Vector, limit: int) -> Found:
        """The best passages of the fused searches."""
        ...

    async def nothing(self, scope: Scope) -> Found:
        """No passages; only what would have been searched."""
        ...

    async def titles(self, scope: Scope, query: Query) -> list[Title]:
        """Documents whose title shares a word with the query."""
        ...

    async def whole(self, scope: Scope, title: Title) -> WholeDocument:
        """A document from beginning to end; empty if it has been replaced since."""
        ...

    async def list_documents(self, tenant: str | None, limit: int) -> list[DocumentListing]:
        """What stands in the index."""
        ...


@dataclass(frozen=True, slots=True)
class DocumentLimits:
    """Beyond these a document is refused."""

    characters: int
    passages: int


@dataclass(frozen=True, slots=True)
class IndexingPorts:
    """For documents."""

    embedder: Embedder
    index: DocumentIndex
    screen: Screen
    clock: Clock
    limits: DocumentLimits


@dataclass(frozen=True, slots=True)
class GroundingPorts:
    """For questions."""

    embedder: Embedder
    search: Search
    use_case: PinnedUseCase
    clock: Clock


@dataclass(frozen=True, slots=True)
class Ports:
    """Of both stages."""

    indexing: IndexingPorts
    grounding: GroundingPorts
