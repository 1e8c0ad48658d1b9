"""How an interaction went: what its events say, as one row a interaction. No text."""

from dataclasses import dataclass, field
from datetime import datetime

from chancery_contracts.base import VersionRef
from chancery_contracts.interactions import Assignment, TokenUsage


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
