"""How an interaction went: what its events say, as one row an interaction. No text.

The events come in any order and any of them twice: each fills its own part of the row.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chancery_contracts.areas import CostPosted, ReviewDecided
from chancery_contracts.base import VersionRef
from chancery_contracts.event import AnyEvent, Event
from chancery_contracts.interactions import (
    Assignment,
    Attempt,
    InteractionAuthorised,
    InteractionRefused,
    InteractionValidated,
    TokenUsage,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A row of `registry.outcomes`; see its migration for what none means. `checks`: score by name, higher is better."""

    tenant: str
    interaction: str
    unit: str
    begun_at: datetime
    ended_at: datetime | None = None
    use_case: str | None = None
    use_case_version: int | None = None
    prompt: VersionRef | None = None
    model: VersionRef | None = None
    assignment: Assignment | None = None
    usage: TokenUsage = field(default_factory=TokenUsage)
    latency_ms: int | None = None
    attempts: int = 0
    cost_micros: int | None = None
    currency: str | None = None
    cache_state: str | None = None
    verdict: str | None = None
    unanswerable: bool | None = None
    checks: dict[str, float] = field(default_factory=dict)
    checks_failed: tuple[str, ...] = ()
    refused_stage: str | None = None
    refused_code: str | None = None
    human_score: float | None = None


def begun(event: Event[InteractionAuthorised]) -> Outcome:
    """From now on it counts for its variant, whatever becomes of it."""
    data = event.data
    return Outcome(
        **_whose(event), use_case=data.use_case.name, use_case_version=data.use_case.version, model=data.model, assignment=data.assignment
    )


def validated(event: Event[InteractionValidated]) -> Outcome:
    """It was answered, and the answer checked."""
    data = event.data
    return Outcome(
        **_whose(event), ended_at=event.time, use_case=data.use_case.name, use_case_version=data.use_case.version, prompt=data.prompt,
        model=data.answered_by or data.model, assignment=data.assignment, usage=data.usage,
        latency_ms=latency_ms(data.attempts) or 0, attempts=len(data.attempts), cache_state=data.cache_state, verdict=data.verdict,
        unanswerable=data.unanswerable, checks={check.name: check.score for check in data.checks},
        checks_failed=tuple(check.name for check in data.checks if not check.passed),
    )  # fmt: skip


def refused(event: Event[InteractionRefused]) -> Outcome:
    """It ended without an answer."""
    data = event.data
    return Outcome(
        **_whose(event), ended_at=event.time, use_case=data.use_case, latency_ms=latency_ms(data.attempts), attempts=len(data.attempts),
        refused_stage=data.stage, refused_code=data.code,
    )  # fmt: skip


def costed(event: Event[CostPosted]) -> Outcome | None:
    """Money that was spent; what is set aside and given back is none."""
    data = event.data
    if data.kind != "settle":
        return None
    return Outcome(**_whose(event), use_case=data.use_case, model=data.model, cost_micros=data.amount_micros, currency=data.currency)


def reviewed(event: Event[ReviewDecided]) -> Outcome:
    """A person's word: 1 for an answer that was released, 0 for one that was withheld."""
    return Outcome(**_whose(event), human_score=1.0 if event.data.decision == "release" else 0.0)


def latency_ms(attempts: tuple[Attempt, ...]) -> int | None:
    """What models took, one attempt after the other. One that was overtaken by another ran beside it, and does not add."""
    return sum(attempt.latency_ms for attempt in attempts if not attempt.superseded) if attempts else None


def _whose(event: AnyEvent) -> dict[str, Any]:
    assert event.interaction is not None
    unit = event.conversation or event.interaction
    return {"tenant": event.tenant, "interaction": event.interaction, "unit": unit, "begun_at": event.time}
