"""Who must approve what: by kind, unless an approval policy that is live says otherwise."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from chancery_contracts.bodies import ApprovalPolicyBody
from chancery_contracts.catalogue import Catalogue
from chancery_contracts.governance import GovernedKind

DEFAULT_ROLES: Mapping[GovernedKind, tuple[str, ...]] = {
    "prompt": ("prompt_owner",),
    "experiment": ("prompt_owner",),
    "model": ("model_risk",),
    "use_case": ("compliance",),
    "redaction_policy": ("compliance",),
    "tenant": ("compliance",),
    "approval_policy": ("compliance",),
    "price": ("finance",),
    "budget": ("finance",),
}


@dataclass(frozen=True, slots=True)
class Approval:
    """What a version needs before production. `reviewers`: by role, where only some may give it."""

    roles: tuple[str, ...]
    evidence: tuple[str, ...] = ()
    reviewers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def may_give(self, role: str, name: str) -> bool:
        """Whether a list of reviewers, where there is one, has this person."""
        return role not in self.reviewers or name in self.reviewers[role]


def approval_for(catalogue: Catalogue, tenant: str, kind: GovernedKind, at: datetime) -> Approval:
    """Of the tenant's own policy, else the shared one, else the default."""
    found = catalogue.in_force(tenant, "approval_policy", kind, at, ApprovalPolicyBody)
    if found is None:
        return Approval(DEFAULT_ROLES[kind])
    policy = found[1]
    return Approval(policy.roles, policy.evidence, policy.reviewers)
