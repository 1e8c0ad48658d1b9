"""Who must approve what."""

from pydantic import Field

from chancery_contracts.base import Part


class ApprovalPolicyBody(Part):
    """The entry is called like the kind that it governs: `model`, `use_case` … Each role must be given by another person."""

    roles: tuple[str, ...] = Field(min_length=1, max_length=5, description="Roles whose approval a version needs before production")
    evidence: tuple[str, ...] = Field(default=(), description="Forms of evidence that must be attached before review")
    reviewers: dict[str, tuple[str, ...]] = Field(default_factory=dict, description="Principals by role, where a list is kept")
