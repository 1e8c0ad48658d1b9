"""How far an interaction is: facts about stages, never content."""

from dataclasses import dataclass
from datetime import UTC, datetime

ACCEPTED, COMPLETED = "requested", "completed"


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


def stage_of(event_type: str) -> str:
    """`chancery.interaction.redacted.v1` → `redacted`."""
    return event_type.split(".")[2]


def status_of(steps: list[Step]) -> str:
    """accepted, in_progress or completed."""
    stages = {step.stage for step in steps}
    if COMPLETED in stages:
        return "completed"
    return "in_progress" if stages - {ACCEPTED} else "accepted"
