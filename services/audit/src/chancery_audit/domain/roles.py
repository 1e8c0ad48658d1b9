"""Who may do what. The whole of it stands in one table."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from chancery_runtime.principals import ELSEWHERE, TOKEN_HOLDER, Principal
from chancery_runtime.problems import Problem

from chancery_audit.domain.views import View, Visit

Right = Literal["watch", "envelopes", "content", "order", "grant", "self"]
"""`watch`: health, completeness, alerts, verification, hashes. `envelopes`: entries without data. `content`: data, finding, reads, exports.
`order`: holds and erasures. `grant`: keys. `self`: who am I."""
RIGHTS: Mapping[str, frozenset[Right]] = {
    "auditor": frozenset({"self", "watch", "envelopes", "content"}),
    "officer": frozenset({"self", "watch", "envelopes", "content", "order"}),
    "operator": frozenset({"self", "watch", "envelopes"}),
    ELSEWHERE: frozenset({"self"}),
    TOKEN_HOLDER: frozenset({"self", "watch", "envelopes", "grant"}),
}


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who has come in, and what they may do."""

    principal: Principal
    rights: frozenset[Right]

    @property
    def reader(self) -> str:
        """As it goes on record: `operator`, `officer:<key's name>/<key's id>`, `auditor:oidc/<subject>`."""
        one = self.principal
        return one.name if one.role == TOKEN_HOLDER else f"{one.role}:{one.name}"

    def to(self, tenant: str) -> Visit:
        """A visit to a tenant's trail. The same answer whether there is such a tenant or not. Raises Problem."""
        tenants = self.principal.tenants
        if tenants is not None and tenant not in tenants:
            raise Problem(403, "Not your tenant", "This key or token is for another tenant.")
        return Visit(self.reader, View(tenant, self.principal.walls))


def visitor(principal: Principal) -> Visitor:
    """Raises Problem where the role is none of ours, or is more than a role may be: an officer is one tenant's."""
    rights = RIGHTS.get(principal.role)
    if rights is None or (principal.role == "officer" and (principal.tenants is None or len(principal.tenants) != 1)):
        raise Problem(403, "No role here", "Roles are auditor, officer (of exactly one tenant), operator.")
    return Visitor(principal, rights)
