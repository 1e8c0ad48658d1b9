"""What may be asked for: orders, in the imperative. What becomes of one is a change, in the past tense."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from chancery_contracts.base import Payload
from chancery_contracts.canonical import body_sha256
from chancery_contracts.governance import Change, Decision, Evidence, RegistryEnvironment, VersionDrafted


@dataclass(frozen=True, slots=True)
class Draft:
    """A new version."""

    body: dict[str, Any]
    comment: str = ""
    origin: str | None = None
    based_on: int | None = None


@dataclass(frozen=True, slots=True)
class RequestReview:
    """Put a draft to those who approve."""

    version: int
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Review:
    """Approve, or reject. `role` none: the one of the caller's that is open."""

    version: int
    decision: Decision
    role: str | None = None
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Attach:
    """Evidence to a version."""

    version: int
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Comment:
    """Words."""

    comment: str
    version: int | None = None


@dataclass(frozen=True, slots=True)
class MoveLabel:
    """A label to a version; none: away."""

    label: str
    version: int | None


@dataclass(frozen=True, slots=True)
class Activate:
    """Make live. `effective_from` none: as soon as everybody can know."""

    version: int
    reason: str
    environment: RegistryEnvironment = "production"
    effective_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class Retire:
    """For good."""

    version: int
    reason: str
    effective_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class RollBack:
    """In an emergency, at once, without new approval. `to` none: to what was live before."""

    reason: str
    to: int | None = None
    environment: RegistryEnvironment = "production"


@dataclass(frozen=True, slots=True)
class StopVariant:
    """No more units to a variant of an experiment, as soon as everybody can know. `version` none: of the newest version."""

    variant: str
    reason: str
    version: int | None = None


Order = StopVariant | Draft | RequestReview | Review | Attach | Comment | MoveLabel | Activate | Retire | RollBack
_MOVES = {"effective_from", "body", "to"}
"""What the change has otherwise than the order, or not at all."""


def same(order: Order, made: type[Change], change: Payload) -> bool:
    """Whether a change is what this order would have made: under one Idempotency-Key there is one order."""
    if not isinstance(change, made):
        return False
    if isinstance(order, Draft) and isinstance(change, VersionDrafted) and change.body_sha256 != body_sha256(order.body):
        return False
    said = {one.name: getattr(order, one.name) for one in fields(order) if one.name not in _MOVES}
    return all(value is None or getattr(change, name) == value for name, value in said.items())
