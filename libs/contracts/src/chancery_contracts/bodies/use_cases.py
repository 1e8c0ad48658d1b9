"""Use cases: the governed configuration under which a request runs."""

from typing import Literal

from pydantic import Field

from chancery_contracts.base import InputValue, Part, Sensitivity, VersionRef

DEFAULT_RETENTION_DAYS = 2557
"""Seven years: the longest that the rules in scope name (MiFID II Del. Reg. 2017/565 art. 72 on request; FINRA 4511 says six)."""
SHORTEST_RETENTION_DAYS = 7
"""As long as Kafka keeps the stream by default: what it still holds, the trail cannot erase."""


class Routing(Part):
    """Which models may answer beside the use case's own, and how they are tried."""

    fallbacks: tuple[VersionRef, ...] = Field(default=(), max_length=8, description="Tried in this order after the use case's model")
    prefer: Literal["order", "price", "latency"] = "order"
    regions: tuple[str, ...] = Field(default=(), description="Where a model may run; none: anywhere")
    deadline_s: float | None = Field(default=None, gt=0, description="Over all attempts of all models; none: the first model's time-out")
    hedge_after_s: float | None = Field(default=None, gt=0, description="A second model is asked where the first is silent for so long")


class CachePolicy(Part):
    """Whether an answer may be given again. `semantic`: to questions that mean the same, too."""

    mode: Literal["off", "exact", "semantic"] = "off"
    ttl_s: int = Field(default=86_400, ge=1)
    similarity: float = Field(default=0.97, gt=0, le=1, description="Cosine of the questions' embeddings")


class UseCaseBody(Part):
    """The governed configuration under which a request runs."""

    task: Literal["answer", "summary"] = "answer"
    prompt: VersionRef
    model: VersionRef
    collections: tuple[str, ...]
    matter_required: bool = False
    top_k: int = Field(default=6, ge=1, le=50)
    budget: str
    redaction_policy: VersionRef
    thresholds: dict[str, float] = Field(default_factory=dict, description="Threshold by validator; those not named have defaults")
    max_output_tokens: int = Field(default=400, ge=1)
    retention_days: int = Field(
        default=DEFAULT_RETENTION_DAYS,
        ge=SHORTEST_RETENTION_DAYS,
        description="How long the trail keeps payloads after an interaction's end. Below 184 days, see AI Act art. 19 and 26(6)",
    )
    sensitivity: Sensitivity = Field(default="internal", description="Which models may see it: those cleared for as much")
    routing: Routing = Field(default_factory=Routing)
    cache: CachePolicy = Field(default_factory=CachePolicy)
    inputs: dict[str, InputValue] = Field(default_factory=dict, description="Values for the prompt's inputs")
