"""Who may do what. The whole of it stands in one table."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from chancery_runtime.principals import TOKEN_HOLDER, Principal

from chancery_registry.errors import NoPart

Right = Literal["read", "note", "draft", "review", "operate"]
"""`note`: comments, evidence. `draft`: versions, asking for review. `review`: in one's own roles. `operate`: what is live; labels."""
AUTHOR, OPERATOR = "author", "operator"
NOT_APPROVING = frozenset({AUTHOR, OPERATOR})
"""Roles that no approval policy may name: four eyes would be two."""
_OF_ROLE: Mapping[str, frozenset[Right]] = {
    AUTHOR: frozenset({"read", "note", "draft"}),
    OPERATOR: frozenset({"read", "note", "operate"}),
}
_OF_APPROVERS: frozenset[Right] = frozenset({"read", "note", "review"})
_OF_TRAIL: Mapping[str, frozenset[Right]] = {
    # Whoever may read the trail may read what it is about. Who bears the operator token runs the place, and approves nothing.
    "auditor": frozenset({"read"}),
    "officer": frozenset({"read"}),
    "operator": frozenset({"read"}),
    TOKEN_HOLDER: frozenset({"read", "note", "draft", "operate"}),
}


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who has a part in the registry. `name` goes on record."""

    name: str
    rights: frozenset[Right]
    approves_as: frozenset[str]
    tenants: frozenset[str] | None
    """None: all."""


def member(principal: Principal) -> Member:
    """Raises NoPart. The registry is of whole tenants: who is kept to matters, or from some, has no part in it."""
    rights = _OF_TRAIL.get(principal.role, frozenset())
    for role in principal.registry_roles:
        rights |= _OF_ROLE.get(role, _OF_APPROVERS)
    if not rights or not principal.walls.open:
        raise NoPart("no role in the registry")
    return Member(person(principal.name), rights, principal.registry_roles - NOT_APPROVING, principal.tenants)


def person(name: str) -> str:
    """A key's name without its id: whoever has two keys of one name has two eyes. A token's subject stays."""
    before, slash, after = name.rpartition("/")
    return before if slash and before != "oidc" and len(after) == 16 else name
