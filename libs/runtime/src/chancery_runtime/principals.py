"""Who calls: a role, whose data, behind which walls. A service says what a role may do; keys and tokens only say who somebody is."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field

TOKEN_HOLDER = "token-holder"  # noqa: S105  # a role's name
"""The role of whoever bears the operator token: the only one that no key and no identity provider can give."""
ELSEWHERE = "elsewhere"
"""The role of whoever has no part in the audit trail: their roles are in the registry."""


@dataclass(frozen=True, slots=True)
class Walls:
    """Matters that a principal is kept to (None: all) and kept from. What names two matters needs both."""

    matters: frozenset[str] | None = None
    excepted: frozenset[str] = frozenset()

    @property
    def open(self) -> bool:
        """No walls at all."""
        return self.matters is None and not self.excepted

    def admit(self, named: Collection[str]) -> bool:
        """Whether something that names these matters may be seen. Who is kept to matters sees nothing that names none."""
        matters = frozenset(named)
        kept = self.matters is None or (bool(matters) and matters <= self.matters)
        return kept and not matters & self.excepted


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who is authenticated. `name` goes on record: a key's name and id, or a token's subject; never a personal datum."""

    name: str
    role: str
    tenants: frozenset[str] | None
    """None: every tenant."""
    walls: Walls = field(default_factory=Walls)
    registry_roles: frozenset[str] = frozenset()
    """What they may do in the registry: `author`, `operator`, and roles that approve."""


Way = Callable[[str], Awaitable[Principal | None]]
"""One way to authenticate a bearer's token. None: this is not its kind. Raises Problem (401, 403), Retry (it cannot tell now)."""
