"""The register of stores: every table and topic that there is, what it holds of persons, and how an erasure reaches it.

A table or topic that is not here fails `tests/integration/subjects/test_stores.py`; what holds personal data says who answers for it.
"""

from dataclasses import dataclass, replace
from typing import Literal

from chancery_contracts.topics import TOPICS, Topic

Holds = Literal["raw", "sealed", "pseudonymised", "none"]
Reach = Literal["order", "key", "lapses", "nothing"]
"""`order`: its owner answers each order. `key`: dies with the subject's key. `lapses`: kept for a time. `nothing`: nothing personal."""


@dataclass(frozen=True, slots=True)
class Store:
    """`name` is `<schema>.<table>`, or `topic <name>`."""

    name: str
    owner: str
    holds: Holds
    reach: Reach
    what: str
    kept: str


def _table(name: str, holds: Holds, reach: Reach, what: str, kept: str = "without end") -> Store:
    return Store(name, name.partition(".")[0], holds, reach, what, kept)


def _nothing(schema: str, *tables: str) -> tuple[Store, ...]:
    """Identifiers, counts, hashes."""
    return tuple(
        _table(f"{schema}.{name}", "none", "nothing", "opaque identifiers, counts, hashes") for name in (*tables, "schema_migrations")
    )


_RETENTION = "`retention_days` of the use case, seven years by default"
TABLES: tuple[Store, ...] = (
    _table("redaction.vault", "sealed", "order", "values behind pseudonyms, each sealed under its person's key"),
    _table("redaction.subjects", "sealed", "order", "wrapped keys of persons"),
    _table("redaction.journal", "sealed", "order", "masked requests; restored answers, sealed", "24 hours; masked requests two days"),
    *_nothing("redaction", "interactions", "completions", "erased_tokens"),
    _table("audit.payloads", "sealed", "order", "what every event said, sealed", _RETENTION),
    _table("audit.alarms", "sealed", "order", "second contents of an event, sealed", _RETENTION),
    _table("audit.attributes", "pseudonymised", "order", "which interactions name a person, as keyed hashes", _RETENTION),
    _table("audit.subject_orders", "sealed", "lapses", "whom an order is about, sealed under its key", "the key until the order ends"),
    _table("audit.subject_answers", "sealed", "lapses", "what stores answered, sealed under the order's key", "as its key"),
    _table("audit.journal", "sealed", "lapses", "answers to orders, sealed", "two days"),
    *_nothing(
        "audit", "heads", "entries", "data_keys", "offset_ranges", "unreadable",
        "logs", "checkpoints", "tiles", "cosignatures", "scopes", "places",
        "holds", "erasure_requests", "outbox", "costs", "attribute_backfills", "anchors", "concerns", "access_keys", "erased_payloads",
    ),
    _table("retrieval.passages", "raw", "order", "texts of documents", "until the document is replaced or withdrawn"),
    _table("retrieval.documents", "raw", "order", "titles of documents' versions"),
    _table("retrieval.withdrawals", "raw", "order", "why documents were withdrawn, in words"),
    _table("retrieval.vectors", "pseudonymised", "order", "embeddings of passages; they go with them", "as passages"),
    _table("retrieval.lexemes", "raw", "order", "words of passages; each goes with its last passage", "as passages"),
    _table("retrieval.journal", "raw", "order", "answers with passages of documents", "eight days"),
    *_nothing("retrieval", "shelves", "erased_versions"),
    _table("generation.answers", "raw", "order", "models' answers, which may quote documents", "days, see its settings"),
    _table("generation.journal", "raw", "order", "answers with passages of documents", "days, see its settings"),
    *_nothing("generation", "calls"),
    _table("cost.journal", "raw", "order", "authorised requests with passages of documents", "days, see its settings"),
    *_nothing("cost", "budgets", "reservations", "postings"),
    *_nothing("gateway", "steps", "accepted", "journal"),
    *_nothing(
        "registry", "positions", "things", "versions", "activations", "labels", "evidence", "comments", "changes",
        "outcomes", "experiment_units", "journal",
    ),
)  # fmt: skip


def _topic(topic: Topic) -> tuple[Store, Store]:
    """And its dead letters, which are kept as long."""
    days = topic.retention_ms / 86_400_000
    kept = "without end" if topic.retention_ms < 0 else f"{days:g} days"
    reach: Reach = "nothing" if topic.pii == "none" else "lapses"
    live = Store(f"topic {topic.name}", topic.owner, topic.pii, reach, topic.description, kept)
    return live, replace(live, name=f"{live.name}.deadletter", what="what could not be handled")


STORES: tuple[Store, ...] = (*TABLES, *(store for topic in TOPICS for store in _topic(topic)))
ANSWERING: tuple[str, ...] = tuple(sorted({one.owner for one in TABLES if one.reach == "order"}))
"""Who answers orders: an order ends when each of them has."""
