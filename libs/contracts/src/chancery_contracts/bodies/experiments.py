"""Comparisons of variants on live traffic."""

from pydantic import Field

from chancery_contracts.base import Part, VersionRef
from chancery_contracts.identifiers import IDENTIFIER_PATTERN


class Variant(Part):
    """One arm. What it does not name is the use case's own."""

    name: str = Field(pattern=IDENTIFIER_PATTERN)
    weight: int = Field(ge=0, le=10_000)
    prompt: VersionRef | None = None
    model: VersionRef | None = None


class ExperimentBody(Part):
    """An A/B test of one use case; the first variant is the control. It runs while its entry is live."""

    use_case: str = Field(pattern=IDENTIFIER_PATTERN)
    variants: tuple[Variant, ...] = Field(min_length=2, max_length=8)
    salt: str = Field(min_length=1, max_length=64, description="Another salt assigns anew")
