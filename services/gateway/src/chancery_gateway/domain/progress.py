"""How far an interaction is: facts about stages, never content."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from chancery_contracts.interactions import InteractionCompleted

ACCEPTED, REFUSED, COMPLETED = "requested", "refused", "completed"
ORDER = ("requested", "redacted", "grounded", "authorised", "generated", "validated", REFUSED, COMPLETED)
"""Of the pipeline. The topics are read side by side, so that a later step may be stored before an earlier one."""
_PASSED_BY_REFUSAL = {"redaction": 1, "retrieval": 2, "cost": 3, "generation": 4, "validation": 5}


@dataclass(frozen=True, slots=True)
class Step:
    """One stage was passed. Where the record lies is known for the completed one."""

    tenant: str
    interaction: str
    stage: str
    at_ms: int
    topic: str
    partition: int
    offset: int

    @property
    def at(self) -> datetime:
        """When, by the broker's clock."""
        return datetime.fromtimestamp(self.at_ms / 1000, UTC)


def in_order(steps: Iterable[Step]) -> list[Step]:
    """As the pipeline passes them."""
    return sorted(steps, key=lambda step: (ORDER.index(step.stage) if step.stage in ORDER else len(ORDER), step.at_ms))


def forerunners(stage: str, result: InteractionCompleted | None) -> frozenset[str]:
    """The stages that an interaction has passed before this one. What came before a refusal or the end is in the result, where known."""
    if stage not in (REFUSED, COMPLETED):
        return frozenset(ORDER[: ORDER.index(stage)] if stage in ORDER else ())
    if result is None:
        return frozenset()
    if result.outcome != REFUSED:
        return frozenset(ORDER[:6])
    passed = frozenset(ORDER[: _PASSED_BY_REFUSAL.get(result.stage, 1)])
    return passed | {REFUSED} if stage == COMPLETED else passed


def stage_of(event_type: str) -> str:
    """`chancery.interaction.redacted.v1` → `redacted`."""
    return event_type.split(".")[2]


def status_of(steps: list[Step]) -> str:
    """accepted, in_progress or completed."""
    stages = {step.stage for step in steps}
    if COMPLETED in stages:
        return "completed"
    return "in_progress" if stages - {ACCEPTED} else "accepted"
