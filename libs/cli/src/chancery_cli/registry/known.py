"""What the registry knows of a thing, as far as planning needs it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chancery_contracts.governed import State

from chancery_cli.registry.naming import Thing


@dataclass(frozen=True, slots=True)
class KnownVersion:
    """An immutable version. `rejected`: sent back by a reviewer, and not put to review again since."""

    number: int
    sha256: str
    state: State
    approved: bool
    usable: bool = True
    """Not retired by somebody; one that was merely replaced is usable."""
    was_live: bool = False
    rejected: bool = False
    live_from: datetime | None = None
    """When it goes live, where that is decided and yet to come."""


@dataclass(frozen=True, slots=True)
class Known:
    """A thing at a moment. `sequence` numbers its last change; 0 where it was never changed under governance."""

    thing: Thing
    sequence: int
    versions: tuple[KnownVersion, ...]
    live: int | None
    emergency: str | None = None
    """Why the last activation was an emergency rollback, if it was one."""
    evidence: tuple[tuple[int, str], ...] = ()
    """Versions and titles of what is attached."""

    def newest(self) -> KnownVersion:
        """The highest number."""
        return max(self.versions, key=lambda one: one.number)

    def version(self, number: int) -> KnownVersion | None:
        """That one."""
        return next((one for one in self.versions if one.number == number), None)

    def holding(self, sha256: str) -> KnownVersion | None:
        """The version with that body: the live one, else the newest that may still be used."""
        found = [one for one in self.versions if one.sha256 == sha256 and one.usable]
        return max(found, key=lambda one: (one.number == self.live, one.number), default=None)


Look = Callable[[Thing], Known | None]
Body = Callable[[Thing, int], dict[str, Any]]
