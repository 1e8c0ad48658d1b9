"""The topic registry: every topic's name, key, owner, event types, retention, class of personal data, partitions."""

import re
from dataclasses import dataclass, field
from typing import Literal

from chancery_contracts import access, areas, governance, interactions, keys, privacy, reveals, subjects
from chancery_contracts.base import Payload

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
MAX_RECORD_BYTES = 6 * 1_048_576
"""Brokers accept more than an event may have, so that an oversized one can be dead-lettered with its bytes."""

Pii = Literal["raw", "pseudonymised", "none"]


@dataclass(frozen=True)
class Topic:
    """One topic, or one for each tenant (`per_tenant`). `name` is without the prefix."""

    name: str
    owner: str
    key: str
    types: tuple[type[Payload], ...]
    pii: Pii
    per_tenant: bool = False
    partitions: int = 6
    retention_ms: int = 7 * DAY_MS
    compacted: bool = False
    audited: bool = True
    description: str = field(default="", compare=False)

    def full_name(self, tenant: str | None = None, namespace: str = "live") -> str:
        """The name on the broker: `chancery.interactions.requested.acme`; a replay's: `chancery.replay.<id>.…`."""
        prefix = "chancery" if namespace == "live" else f"chancery.replay.{namespace}"
        if not self.per_tenant:
            return f"{prefix}.{self.name}"
        if tenant is None:
            raise ValueError(f"topic {self.name} is one per tenant: name the tenant")
        return f"{prefix}.{self.name}.{tenant}"

    def deadletter_name(self, tenant: str | None = None, namespace: str = "live") -> str:
        """The topic of this topic's dead letters."""
        return self.full_name(tenant, namespace) + ".deadletter"

    def pattern(self, namespace: str = "live") -> str:
        """Regular expression for this topic, of every tenant, without dead letters."""
        if not self.per_tenant:
            return f"^{re.escape(self.full_name(None, namespace))}$"
        return f"^{re.escape(self.full_name('x', namespace)[:-1])}[a-z0-9-]+$"


REQUESTED = Topic(
    "interactions.requested", "publishers", "conversation or interaction", (interactions.InteractionRequested,), "raw",
    per_tenant=True, partitions=3, retention_ms=DAY_MS, description="What that tenant's publishers ask, as they wrote it",
)  # fmt: skip
REDACTED = Topic(
    "interactions.redacted", "redaction", "conversation or interaction", (interactions.InteractionRedacted,), "pseudonymised",
    description="Personal data masked by pseudonyms; use case pinned",
)  # fmt: skip
GROUNDED = Topic(
    "interactions.grounded", "retrieval", "conversation or interaction", (interactions.InteractionGrounded,), "pseudonymised",
    description="With the passages that the requester may see",
)  # fmt: skip
AUTHORISED = Topic(
    "interactions.authorised", "cost", "conversation or interaction", (interactions.InteractionAuthorised,), "pseudonymised",
    description="With the worst-case cost reserved",
)  # fmt: skip
GENERATED = Topic(
    "interactions.generated", "generation", "conversation or interaction", (interactions.InteractionGenerated,), "pseudonymised",
    description="With the model's answer and every attempt",
)  # fmt: skip
VALIDATED = Topic(
    "interactions.validated", "validation", "conversation or interaction", (interactions.InteractionValidated,), "pseudonymised",
    description="With every check and the verdict",
)  # fmt: skip
REFUSED = Topic(
    "interactions.refused", "any stage", "conversation or interaction", (interactions.InteractionRefused,), "none",
    description="A stage will not go on, and why",
)  # fmt: skip
COMPLETED = Topic(
    "interactions.completed", "redaction", "conversation or interaction", (interactions.InteractionCompleted,), "raw",
    per_tenant=True, partitions=3, retention_ms=DAY_MS, description="The final answer to that tenant, or the refusal",
)  # fmt: skip
USAGE = Topic(
    "usage",
    "generation",
    "conversation or interaction",
    (areas.UsageReported,),
    "none",
    partitions=3,
    description="Tokens as the provider counted them",
)
COSTS = Topic(
    "costs", "cost", "conversation or interaction", (areas.CostPosted,), "none", partitions=3, description="Postings in integer micro-units"
)
DOCUMENTS = Topic(
    "documents", "publishers of documents", "document",
    (areas.DocumentPublished, areas.DocumentWithdrawn, areas.DocumentIndexed), "pseudonymised",
    partitions=3, retention_ms=7 * DAY_MS, description="Versions of documents, and their indexing",
)  # fmt: skip
REGISTRY = Topic(
    "registry", "registry", "kind/name/version or change", (areas.RegistryEntryPublished, *governance.CHANGES), "none",
    partitions=1, retention_ms=-1, compacted=True,
    description="Prompts, models, use cases, policies, budgets, prices, tenants: one key a version or change, so that compaction keeps all",
)  # fmt: skip
REVIEWS = Topic(
    "reviews", "review", "conversation or interaction", (areas.ReviewDecided,), "none", partitions=1, description="Decisions of people"
)
PRIVACY = Topic(
    "privacy", "audit and redaction", "tenant",
    (
        areas.SubjectErased, privacy.HoldPlaced, privacy.HoldReleased, privacy.ErasureRequested, privacy.PayloadsErased,
        privacy.ErasureRefused, subjects.SubjectOrderPlaced, subjects.SubjectErasedInStore, subjects.SubjectErasureReported,
        keys.KeyRotated, keys.KeyVersionsDestroyed,
    ),
    "none", partitions=1, retention_ms=-1,
    description="Legal holds and erasures; kept without end, so that a restored backup learns again what was erased after it was made",
)  # fmt: skip
SUBJECTS = Topic(
    "privacy.subjects", "audit and owners of stores", "tenant", (subjects.SubjectSought, subjects.SubjectAnswered), "pseudonymised",
    partitions=1, retention_ms=DAY_MS, audited=False,
    description="Whom orders are about and what stores answered, sealed under a key of the order; gone after a day",
)  # fmt: skip
REPLAYS = Topic(
    "replays", "replay", "replay", (areas.ReplayRequested,), "none", partitions=1, description="Runs of the past",
)  # fmt: skip
CHECKPOINTS = Topic(
    "audit.checkpoints", "audit", "tenant", (areas.CheckpointPublished,), "none", partitions=1, audited=False,
    description="Heads of the audit trail",
)  # fmt: skip
READS = Topic(
    "audit.reads", "audit and redaction", "interaction or event", (areas.AuditRead, reveals.ValuesRevealed), "none", partitions=1,
    description="Who read the audit trail, and who was shown what stands behind pseudonyms",
)  # fmt: skip
ACCESS = Topic(
    "access", "audit", "key", (access.AccessGranted, access.RegistryRolesGranted, access.AccessRevoked), "none",
    partitions=1, retention_ms=-1,
    description="Who may read the trail and govern the registry; kept without end: a restored backup learns again which keys were revoked",
)  # fmt: skip

TOPICS: tuple[Topic, ...] = (
    REQUESTED, REDACTED, GROUNDED, AUTHORISED, GENERATED, VALIDATED, REFUSED, COMPLETED,
    USAGE, COSTS, DOCUMENTS, REGISTRY, REVIEWS, PRIVACY, SUBJECTS, REPLAYS, CHECKPOINTS, READS, ACCESS,
)  # fmt: skip

PAYLOADS: dict[str, type[Payload]] = {payload.TYPE: payload for topic in TOPICS for payload in topic.types}
"""Every event type that may be on the wire."""

TOPIC_OF_TYPE: dict[str, Topic] = {payload.TYPE: topic for topic in TOPICS for payload in topic.types}


def topic_named(full_name: str) -> tuple[Topic, str | None]:
    """The topic, and the tenant where it is one per tenant, of a name on the broker. Raises KeyError for others."""
    segments = full_name.split(".")
    rest = ".".join(segments[3:] if segments[1:2] == ["replay"] else segments[1:])
    for topic in TOPICS:
        if topic.per_tenant and rest.startswith(topic.name + ".") and "." not in (tenant := rest[len(topic.name) + 1 :]):
            return topic, tenant
        if not topic.per_tenant and rest == topic.name:
            return topic, None
    raise KeyError(full_name)
