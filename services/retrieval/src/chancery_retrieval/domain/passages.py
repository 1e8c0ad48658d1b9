"""The nouns of retrieval."""

from dataclasses import dataclass
from datetime import datetime

from chancery_contracts.interactions import InjectionFinding

Vector = list[float]
"""384 numbers of length 1."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a document: `text` is `document.text[start:end]`; `context` is prefixed to it where it is indexed."""

    start: int
    end: int
    text: str
    context: str
    section: int

    @property
    def indexed_text(self) -> str:
        """What is embedded and searched: headings, a table's header, then the text."""
        return f"{self.context}\n{self.text}" if self.context else self.text


@dataclass(frozen=True, slots=True)
class IndexedPassage:
    """A chunk with all that search needs. Ids are unique in a tenant."""

    passage_id: str
    ordinal: int
    chunk: Chunk
    vector: Vector
    injections: tuple[InjectionFinding, ...]


@dataclass(frozen=True, slots=True)
class DocumentVersion:
    """One published version. `matter` none: the whole tenant may see it. `fingerprint` covers all that must not change."""

    tenant: str
    document_id: str
    version: int
    collection: str
    matter: str | None
    title: str
    fingerprint: str
    event_id: str


@dataclass(frozen=True, slots=True)
class Scope:
    """What a requester may see: of that tenant, in those collections, without a matter or of exactly that one."""

    tenant: str
    collections: tuple[str, ...]
    matter: str | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage as it lies in the index, before it has a score."""

    key: int
    passage_id: str
    document_id: str
    document_version: int
    title: str
    start: int
    end: int
    text: str
    section: int
    injections: tuple[InjectionFinding, ...] = ()


@dataclass(frozen=True, slots=True)
class Title:
    """A document that may be named in a question."""

    document_id: str
    version: int
    title: str


@dataclass(frozen=True, slots=True)
class Indexed:
    """A version that stands in the index, and since when."""

    passages: int
    injections: int
    indexed_at: datetime


@dataclass(frozen=True, slots=True)
class DocumentListing:
    """A version as an operator sees it."""

    tenant: str
    document_id: str
    version: int
    collection: str
    matter: str | None
    title: str
    passages: int
    injections: int
    indexed_at: datetime
