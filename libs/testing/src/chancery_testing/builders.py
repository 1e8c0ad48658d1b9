"""Builders: valid events of every stage, with words to change what a test is about."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from chancery_contracts import Event, Payload, VersionRef, derived_id
from chancery_contracts.areas import (
    CostPosted,
    DocumentPublished,
    RegistryEntryPublished,
    RegistryKind,
    ReviewDecided,
    UsageReported,
)  # fmt: skip
from chancery_contracts.canonical import body_sha256
from chancery_contracts.catalogue import SHARED
from chancery_contracts.interactions import (
    AccessDecision,
    Attempt,
    Check,
    Citation,
    InteractionAuthorised,
    InteractionCompleted,
    InteractionGenerated,
    InteractionGrounded,
    InteractionRedacted,
    InteractionRefused,
    InteractionRequested,
    InteractionValidated,
    Message,
    Passage,
    PriceEvidence,
    Reservation,
    TokenUsage,
)  # fmt: skip

T0 = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
TENANT = "meridian-bank"
USE_CASE = VersionRef(name="bank-faq", version=1)
MODEL = VersionRef(name="extractive", version=1)
FEE = "The fee for a replacement card is £5.00."
PASSAGE = Passage(
    passage_id="faq-cards@1#0", document_id="faq-cards", document_version=1, title="Cards", start=0, end=len(FEE), text=FEE, score=0.5,
)  # fmt: skip


def event(data: Payload, **attributes: Any) -> Event[Any]:
    """An event around any data; ids are fresh unless given."""
    event_id = attributes.pop("id", None) or str(uuid4())
    defaults: dict[str, Any] = {"source": "test", "time": T0, "tenant": TENANT, "interaction": event_id}
    return Event(id=event_id, data=data, **(defaults | attributes))


def _fields(overrides: dict[str, Any], data_type: type[Payload]) -> tuple[dict[str, Any], dict[str, Any]]:
    names = set(data_type.model_fields)
    return {k: v for k, v in overrides.items() if k in names}, {k: v for k, v in overrides.items() if k not in names}


def _build(data_type: type[Payload], defaults: dict[str, Any], overrides: dict[str, Any]) -> Event[Any]:
    fields, attributes = _fields(overrides, data_type)
    return event(data_type(**(defaults | fields)), **attributes)


_REDACTED: dict[str, Any] = {
    "use_case": USE_CASE,
    "actor": "tester",
    "messages": (Message(role="user", content="What is the fee for a replacement card?"),),
    "redaction_policy": VersionRef(name="default", version=1),
}
_GROUNDED: dict[str, Any] = _REDACTED | {
    "passages": (PASSAGE,),
    "access": AccessDecision(rule="tenant-and-matter", collections=("bank-faq",), matter=None),
    "corpus_snapshot": "test",
}
_AUTHORISED: dict[str, Any] = _GROUNDED | {
    "model": MODEL,
    "reservation": Reservation(
        reservation_id="r1", budget="default", amount_micros=1000,
        price=PriceEvidence(source="test", currency="USD", input_micros_per_mtok=1_000_000, output_micros_per_mtok=2_000_000),
    ),
}  # fmt: skip
_GENERATED: dict[str, Any] = _AUTHORISED | {
    "answer": FEE,
    "citations": (Citation(passage_id=PASSAGE.passage_id, start=0, end=len(FEE)),),
    "unanswerable": False,
    "prompt": VersionRef(name="answer", version=1),
    "prompt_sha256": "0" * 64,
    "provider": "local",
    "provider_model": "extractive",
    "usage": TokenUsage(input_uncached=100, output=10),
    "raw_usage": "{}",
    "attempts": (Attempt(ordinal=1, model=MODEL, outcome="answered", latency_ms=3),),
}
_VALIDATED: dict[str, Any] = _GENERATED | {
    "checks": (Check(name="citations_resolve", version=1, score=1.0, threshold=1.0, passed=True, evidence="1 of 1 sentences cited"),),
    "verdict": "release",
}


def requested(text: str = "What is the fee for a replacement card?", **overrides: Any) -> Event[Any]:
    """A request of one user message."""
    defaults = {"use_case": "bank-faq", "messages": (Message(role="user", content=text),), "actor": "tester"}
    return _build(InteractionRequested, defaults, overrides)


def redacted(**overrides: Any) -> Event[Any]:
    """A masked request."""
    return _build(InteractionRedacted, _REDACTED, overrides)


def grounded(**overrides: Any) -> Event[Any]:
    """With one passage."""
    return _build(InteractionGrounded, _GROUNDED, overrides)


def authorised(**overrides: Any) -> Event[Any]:
    """With a reservation."""
    return _build(InteractionAuthorised, _AUTHORISED, overrides)


def generated(**overrides: Any) -> Event[Any]:
    """With an answer that quotes the passage."""
    return _build(InteractionGenerated, _GENERATED, overrides)


def validated(**overrides: Any) -> Event[Any]:
    """Released."""
    return _build(InteractionValidated, _VALIDATED, overrides)


def refused(**overrides: Any) -> Event[Any]:
    """Refused by cost."""
    defaults = {"stage": "cost", "code": "budget_exceeded", "reason": "limit reached", "requester_message": "The budget is used up."}
    return _build(InteractionRefused, defaults, overrides)


def completed_data() -> InteractionCompleted:
    """How an interaction ended."""
    return InteractionCompleted(outcome="released", use_case="bank-faq", answer="Nothing.", stage="restore")


def usage(reservation_id: str, **overrides: Any) -> Event[Any]:
    """A model call's tokens."""
    defaults = {
        "use_case": USE_CASE, "reservation_id": reservation_id, "model": MODEL,
        "usage": TokenUsage(input_uncached=100, output=10), "raw_usage": "{}",
    }  # fmt: skip
    return _build(UsageReported, defaults, overrides)


def settled(amount_micros: int, **overrides: Any) -> Event[Any]:
    """What a model call cost."""
    defaults = {
        "kind": "settle", "reservation_id": "r1", "budget": "default", "use_case": USE_CASE.name, "model": MODEL,
        "amount_micros": amount_micros, "currency": "USD", "price_source": "test",
    }  # fmt: skip
    return _build(CostPosted, defaults, overrides)


def reviewed(reviewer: str = "reviewer-1", **overrides: Any) -> Event[Any]:
    """A person released an escalated answer."""
    return _build(ReviewDecided, {"reviewer": reviewer, "decision": "release", "reason": "it is right"}, overrides)


def document(text: str, document_id: str = "doc-1", **overrides: Any) -> Event[Any]:
    """A version of a document."""
    defaults = {"document_id": document_id, "version": 1, "collection": "bank-faq", "title": "A document", "text": text}
    return _build(DocumentPublished, defaults, overrides | {"interaction": None})


def registry_entry(kind: RegistryKind, name: str, body: dict[str, Any], version: int = 1, tenant: str = SHARED) -> Event[Any]:
    """A version of a governed thing, in force since 2026-01-01."""
    since = datetime(2026, 1, 1, tzinfo=UTC)
    data = RegistryEntryPublished(
        kind=kind, name=name, version=version, effective_from=since, author="test", body=body, body_sha256=body_sha256(body)
    )
    return event(data, id=derived_id(f"{tenant}/{kind}/{name}/{version}", "test"), tenant=tenant, interaction=None)
