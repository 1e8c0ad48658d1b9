"""Who may see what stands behind a pseudonym, and what they are shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from chancery_contracts.identifiers import pseudonym_scope
from chancery_runtime.principals import TOKEN_HOLDER, Principal

State = Literal["revealed", "erased", "unknown"]
REVEALERS = frozenset({"auditor", "officer"})
"""Roles, as the audit trail has them. An operator runs the service and sees no contents: neither by a key nor by the operator token."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a pseudonym is stable: one of the three."""

    matter: str | None = None
    conversation: str | None = None
    interaction: str | None = None

    @property
    def scope(self) -> str:
        """As the vault names it."""
        return pseudonym_scope(self.matter, self.conversation, self.interaction or "")


@dataclass(frozen=True, slots=True)
class Shown:
    """A pseudonym and what became of it."""

    token: str
    state: State
    value: str | None = None


def may_reveal(principal: Principal) -> bool:
    """By role; an officer is one tenant's."""
    of_one = principal.tenants is not None and len(principal.tenants) == 1
    return principal.role in REVEALERS and (principal.role != "officer" or of_one)


def admits(principal: Principal, place: Place) -> bool:
    """Whether the walls let them to this matter. Who is kept to matters sees nothing that names none."""
    return principal.walls.admit([] if place.matter is None else [place.matter])


def reader(principal: Principal) -> str:
    """As it goes on record."""
    return principal.name if principal.role == TOKEN_HOLDER else f"{principal.role}:{principal.name}"


def shown(tokens: Sequence[str], values: Mapping[str, str], erased: str) -> list[Shown]:
    """In the order asked, each once."""
    return [_shown(token, values.get(token), erased) for token in dict.fromkeys(tokens)]


def _shown(token: str, value: str | None, erased: str) -> Shown:
    if value is None:
        return Shown(token, "unknown")
    return Shown(token, "erased") if value == erased else Shown(token, "revealed", value)
