"""Through whose eyes the trail is read: one tenant's, behind the walls of a reader."""

from dataclasses import dataclass, field

from chancery_contracts.areas import RegistryEntryPublished
from chancery_runtime.principals import Walls

UNKNOWN = "*"
"""Stands for matters that are not known: hidden from everyone behind walls. It is no identifier, so that no matter has this name."""
REGISTRY_SCOPE = "registry"
"""The registry is the tenant's, and of no matter: every reader of the tenant may see it."""


def wall_scope(event_type: str, interaction: str | None, event_id: str) -> str:
    """Whose matters decide on an entry: its interaction's, else its own. The database's policy on `entries` says the same."""
    if interaction is not None:
        return f"interaction/{interaction}"
    return REGISTRY_SCOPE if event_type == RegistryEntryPublished.TYPE else f"event/{event_id}"


@dataclass(frozen=True, slots=True)
class View:
    """What every reading adapter asks for."""

    tenant: str
    walls: Walls = field(default_factory=Walls)

    def whole(self) -> "View":
        """The tenant's, without walls: for what counts and recomputes, and tells nothing of contents."""
        return View(self.tenant)

    def admits(self, matters: list[str]) -> bool:
        """Whether what names these matters may be shown."""
        return self.walls.open or (UNKNOWN not in matters and self.walls.admit(matters))


@dataclass(frozen=True, slots=True)
class Visit:
    """Who reads, as it goes on record, and through which view."""

    reader: str
    view: View

    @property
    def tenant(self) -> str:
        """Whose trail."""
        return self.view.tenant
