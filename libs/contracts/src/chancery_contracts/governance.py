"""Payloads of the `registry` topic: how a version of a governed thing is drafted, reviewed, put live and retired.

The topic is the truth. `sequence` numbers the changes of one thing from 1: of two with one number the first on the topic counts, so
that whoever decides on a state that has changed meanwhile decides nothing (optimistic concurrency, settled by the log's order).
`governed.History` is the fold that everybody shares.
"""

from datetime import datetime
from typing import Any, ClassVar, Literal

from pydantic import Field

from chancery_contracts.base import Part, Payload
from chancery_contracts.identifiers import IDENTIFIER_PATTERN

GovernedKind = Literal["tenant", "prompt", "model", "use_case", "budget", "redaction_policy", "price", "experiment", "approval_policy"]
RegistryEnvironment = Literal["development", "test", "production"]
EvidenceForm = Literal["evaluation", "model_card", "document", "attestation", "ticket"]
Decision = Literal["approve", "reject"]
_REASON = Field(min_length=1, max_length=2_000)


class Change(Payload):
    """What every change says. `actor` is who was authenticated: a key's name, a token's subject; never a personal datum."""

    change_id: str = Field(pattern=IDENTIFIER_PATTERN, description="The event's own id")
    kind: GovernedKind
    name: str = Field(pattern=IDENTIFIER_PATTERN)
    sequence: int = Field(ge=1)
    actor: str = Field(min_length=1, max_length=200)

    def record_key(self) -> str:
        """Every change has a key of its own, so that compaction keeps them all, the one that came too late included."""
        return f"{self.kind}/{self.name}/{self.sequence}/{self.change_id}"


class VersionDrafted(Change):
    """A new version, immutable from now on: another text is another version."""

    TYPE: ClassVar[str] = "chancery.registry.version-drafted.v1"
    version: int = Field(ge=1)
    based_on: int | None = None
    body: dict[str, Any]
    body_sha256: str = Field(description="SHA-256 of the body as RFC 8785 canonical JSON, in hexadecimal")
    comment: str = Field(default="", max_length=2_000)
    origin: str | None = Field(default=None, max_length=500, description="File and commit that it came from")


class ReviewRequested(Change):
    """An author asks for approval. `roles`: what the approval policy asks for at this moment."""

    TYPE: ClassVar[str] = "chancery.registry.review-requested.v1"
    version: int = Field(ge=1)
    roles: tuple[str, ...] = Field(min_length=1, max_length=5)
    comment: str = Field(default="", max_length=2_000)


class VersionReviewed(Change):
    """Somebody other than the author approves, in a role, or rejects."""

    TYPE: ClassVar[str] = "chancery.registry.version-reviewed.v1"
    version: int = Field(ge=1)
    decision: Decision
    role: str
    comment: str = Field(default="", max_length=2_000)


class Evidence(Part):
    """What an approval rests on. `sha256` is of the file at `uri`."""

    form: EvidenceForm
    title: str = Field(min_length=1, max_length=200)
    uri: str | None = Field(default=None, max_length=2_000)
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    summary: str = Field(default="", max_length=4_000)
    passed: bool | None = Field(default=None, description="Where it is a test against a bar")


class EvidenceAttached(Change):
    """Something that speaks for or against a version."""

    TYPE: ClassVar[str] = "chancery.registry.evidence-attached.v1"
    version: int = Field(ge=1)
    evidence: Evidence


class Commented(Change):
    """Words about a version, or about the whole."""

    TYPE: ClassVar[str] = "chancery.registry.commented.v1"
    version: int | None = None
    comment: str = _REASON


class LabelMoved(Change):
    """A label points elsewhere, or nowhere. What it pointed to before stays on record."""

    TYPE: ClassVar[str] = "chancery.registry.label-moved.v1"
    label: str = Field(pattern=IDENTIFIER_PATTERN)
    version: int | None


class VersionActivated(Change):
    """A version goes live in an environment. `emergency`: back to one that was live before, without new approval."""

    TYPE: ClassVar[str] = "chancery.registry.version-activated.v1"
    version: int = Field(ge=1)
    environment: RegistryEnvironment = "production"
    effective_from: datetime
    reason: str = _REASON
    emergency: bool = False


class VersionRetired(Change):
    """A version may not be used any more, nor go live again."""

    TYPE: ClassVar[str] = "chancery.registry.version-retired.v1"
    version: int = Field(ge=1)
    effective_from: datetime
    reason: str = _REASON


class VariantStopped(Change):
    """A variant of an experiment gets no more units, and the control gets its share. It takes nobody's approval: it only goes back to
    what was approved before the experiment. By `guard`, the registry's own watch over guard rails, or by hand."""

    TYPE: ClassVar[str] = "chancery.registry.variant-stopped.v1"
    version: int = Field(ge=1)
    variant: str = Field(pattern=IDENTIFIER_PATTERN)
    effective_from: datetime
    reason: str = _REASON


CHANGES: tuple[type[Change], ...] = (
    VersionDrafted, ReviewRequested, VersionReviewed, EvidenceAttached, Commented, LabelMoved, VersionActivated, VersionRetired,
    VariantStopped,
)  # fmt: skip
