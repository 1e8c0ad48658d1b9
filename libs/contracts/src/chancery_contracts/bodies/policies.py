"""Budgets and redaction policies."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from chancery_contracts.base import Part
from chancery_contracts.patterns import ENTITY_TYPE, nameable, runnable


class BudgetBody(Part):
    """A hard limit: what is spent and what is reserved never exceed it."""

    limit_micros: int = Field(ge=0)
    currency: str = "USD"
    period: Literal["day", "month", "total"] = "total"


class PolicyPattern(Part):
    """A pattern of a tenant's own, in RE2's syntax (no look-around, no back-references): it can never take long, whatever the text."""

    name: str
    regex: Annotated[str, Field(max_length=1_000), AfterValidator(runnable)]
    entity_type: str = Field(pattern=ENTITY_TYPE)
    score: float = Field(default=0.9, gt=0, le=1)


class RedactionPolicyBody(Part):
    """What is masked, from which score on. The fields after `refuse_injections` came later: their defaults mask as before."""

    entity_types: tuple[str, ...]
    score_threshold: float = Field(default=0.4, ge=0, le=1)
    allow_list: tuple[str, ...] = ()
    refuse_injections: bool = True
    amounts: Literal["keep", "generalise"] = "keep"
    dates: Literal["keep", "shift", "generalise"] = "keep"
    """`shift`: by a constant of the matter, back again in the answer. Dates of birth are masked by their type."""
    names: tuple[Annotated[str, Field(max_length=200), AfterValidator(nameable)], ...] = Field(
        default=(), max_length=20_000, description="Masked as PERSON wherever they stand as whole words, in either case"
    )
    patterns: tuple[PolicyPattern, ...] = Field(default=(), max_length=100, description="Masked whatever `entity_types` says")
    thresholds: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(
        default_factory=dict, description="Score by type, instead of `score_threshold`"
    )
    languages: tuple[str, ...] = Field(
        default=("en",), min_length=1, description="ISO 639-1; one that redaction does not know refuses the request"
    )
    profile: Literal["default", "judgment"] = Field(
        default="default", description="`judgment`: what identifies, for publishing court decisions"
    )
