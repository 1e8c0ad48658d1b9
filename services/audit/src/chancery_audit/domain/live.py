"""What was live at a moment: of each registry entry the highest version in force then, and whether it was known by then."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from chancery_contracts.areas import RegistryEntryPublished
from chancery_contracts.catalogue import SHARED


@dataclass(frozen=True, slots=True)
class Published:
    """A version as it stands in the trail."""

    tenant: str
    seq: int
    published_at: datetime
    entry: RegistryEntryPublished


@dataclass(frozen=True, slots=True)
class Live:
    """A version that was in force. `known_then`: it had been published by that moment; otherwise it was dated back."""

    published: Published
    known_then: bool


def live_at(versions: Iterable[Published], tenant: str, at: datetime) -> list[Live]:
    """By kind and name; a tenant's own goes before the shared one of that name, as in `Catalogue.in_force`."""
    best: dict[tuple[str, str], Published] = {}
    for one in versions:
        if one.entry.effective_from > at or one.tenant not in {tenant, SHARED}:
            continue
        key = one.entry.kind, one.entry.name
        standing = best.get(key)
        if standing is None or _rank(one) > _rank(standing):
            best[key] = one
    return [Live(one, one.published_at <= at) for _, one in sorted(best.items())]


def _rank(one: Published) -> tuple[bool, int]:
    return one.tenant != SHARED, one.entry.version
