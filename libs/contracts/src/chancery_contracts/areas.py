"""Payloads beside the pipeline: money, documents, registry, audit."""

from datetime import datetime
from typing import Any, ClassVar, Literal

from pydantic import Field

from chancery_contracts.base import Part, Payload, VersionRef
from chancery_contracts.identifiers import IDENTIFIER_PATTERN
from chancery_contracts.interactions import TokenUsage

RegistryKind = Literal["tenant", "prompt", "model", "use_case", "budget", "redaction_policy"]
PostingKind = Literal["reserve", "settle", "release"]


class CallUsage(Part):
    """What one call took; `ordinal` is its attempt's."""

    ordinal: int = Field(ge=1)
    model: VersionRef
    usage: TokenUsage


class UsageReported(Payload):
    """What providers counted. `usage` is the sum over `calls`, where more than one model was asked; `model` the one that answered."""

    TYPE: ClassVar[str] = "chancery.usage.reported.v1"
    use_case: VersionRef
    reservation_id: str
    model: VersionRef
    usage: TokenUsage
    raw_usage: str
    calls: tuple[CallUsage, ...] = ()


class CostPosted(Payload):
    """One posting of the cost ledger, in integer micro-units. `amount_micros` > 0 always; `kind` gives its sense."""

    TYPE: ClassVar[str] = "chancery.cost.posted.v1"
    kind: PostingKind
    reservation_id: str
    budget: str
    use_case: str
    model: VersionRef
    amount_micros: int = Field(ge=0)
    currency: str
    price_source: str


class DocumentPublished(Payload):
    """A version of a document, to be indexed. The envelope's matter says who may see it; none: the whole tenant."""

    TYPE: ClassVar[str] = "chancery.document.published.v1"
    document_id: str = Field(pattern=IDENTIFIER_PATTERN)
    version: int = Field(ge=1)
    collection: str = Field(pattern=IDENTIFIER_PATTERN)
    title: str = Field(max_length=500)
    media_type: Literal["text/markdown", "text/plain"] = "text/markdown"
    text: str

    def record_key(self) -> str:
        """Order is per document."""
        return self.document_id


class DocumentWithdrawn(Payload):
    """A document must not be found any more."""

    TYPE: ClassVar[str] = "chancery.document.withdrawn.v1"
    document_id: str = Field(pattern=IDENTIFIER_PATTERN)
    reason: str

    def record_key(self) -> str:
        """Order is per document."""
        return self.document_id


class DocumentIndexed(Payload):
    """A version of a document can be found from now on."""

    TYPE: ClassVar[str] = "chancery.document.indexed.v1"
    document_id: str
    version: int
    collection: str
    passages: int
    embedding_model: str
    injections: int = Field(description="Passages in which instructions to a model were found")

    def record_key(self) -> str:
        """Order is per document."""
        return self.document_id


class RegistryEntryPublished(Payload):
    """An immutable version of a governed thing, in force from `effective_from`. `body` follows `catalogue`, by `kind`."""

    TYPE: ClassVar[str] = "chancery.registry.entry-published.v1"
    kind: RegistryKind
    name: str = Field(pattern=IDENTIFIER_PATTERN)
    version: int = Field(ge=1)
    effective_from: datetime
    author: str
    body: dict[str, Any]
    body_sha256: str = Field(description="SHA-256 of the body as RFC 8785 canonical JSON, in hexadecimal")

    def record_key(self) -> str:
        """One key a version, so that compaction keeps the history."""
        return f"{self.kind}/{self.name}/{self.version}"


class AuditRead(Payload):
    """Somebody looked at the audit trail."""

    TYPE: ClassVar[str] = "chancery.audit.read.v1"
    reader: str
    query: dict[str, str]
    rows: int


class CheckpointPublished(Payload):
    """The head of a tenant's audit trail at a moment."""

    TYPE: ClassVar[str] = "chancery.audit.checkpoint-published.v1"
    origin: str
    size: int = Field(ge=0)
    head: str = Field(description="Link of the last entry of the chain, in hexadecimal")
    note: str | None = Field(default=None, description="The checkpoint of the Merkle tree: a signed note (C2SP tlog-checkpoint)")


class ReviewDecided(Payload):
    """A person decided on an escalated answer."""

    TYPE: ClassVar[str] = "chancery.review.decided.v1"
    reviewer: str
    decision: Literal["release", "withhold"]
    reason: str


class SubjectErased(Payload):
    """The keys of one data subject in one matter are destroyed."""

    TYPE: ClassVar[str] = "chancery.privacy.subject-erased.v1"
    subject_hash: str
    reason: str


class ReplayRequested(Payload):
    """A stretch of the past is to be run again in its own namespace."""

    TYPE: ClassVar[str] = "chancery.replay.requested.v1"
    replay_id: str
    reason: str
