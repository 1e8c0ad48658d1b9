"""What becomes of an order: a change to be published, or a version that says the same already. Pure; the log decides after."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chancery_contracts.canonical import body_sha256
from chancery_contracts.governance import (
    Change,
    Commented,
    EvidenceAttached,
    LabelMoved,
    RegistryEnvironment,
    ReviewRequested,
    VariantStopped,
    VersionActivated,
    VersionDrafted,
    VersionRetired,
    VersionReviewed,
)
from chancery_contracts.governed import LARGEST_VERSION, Version

from chancery_registry.domain.bodies import read_body
from chancery_registry.domain.orders import (
    Activate,
    Attach,
    Comment,
    Draft,
    MoveLabel,
    Order,
    RequestReview,
    Retire,
    Review,
    RollBack,
    StopVariant,
)
from chancery_registry.domain.pins import Ground, contested, faults
from chancery_registry.domain.policies import approval_for
from chancery_registry.domain.roles import Right
from chancery_registry.errors import Conflict, Fault, NoPart, NotThere, Unsound
from chancery_registry.ports import Scene


@dataclass(frozen=True, slots=True)
class Standing:
    """Nothing to do: this version has this body."""

    version: int


Decided = Change | Standing


def draft(order: Draft, scene: Scene) -> Decided:
    """The next number; the newest version where it has this very body."""
    _, kind, name = scene.thing
    read_body(kind, name, order.body)
    versions, sha256 = scene.history.versions, body_sha256(order.body)
    newest = versions.get(max(versions, default=0))
    if newest is not None and newest.sha256 == sha256 and newest.usable(scene.now):
        return Standing(newest.number)
    if order.based_on is not None:
        _version(scene, order.based_on)
    return scene.change(
        VersionDrafted, version=max(versions, default=0) + 1, based_on=order.based_on, body=order.body, body_sha256=sha256,
        comment=order.comment, origin=order.origin,
    )  # fmt: skip


def request_review(order: RequestReview, scene: Scene) -> Decided:
    """Roles, and evidence that must be there before, are those of the approval policy at this moment."""
    _version(scene, order.version)
    tenant, kind, _ = scene.thing
    approval = approval_for(scene.books.catalogue, tenant, kind, scene.now)
    missing = scene.books.missing(scene.thing, order.version, approval.evidence)
    if missing:
        raise Unsound("evidence is missing", [Fault("", form) for form in missing])
    return scene.change(ReviewRequested, version=order.version, roles=approval.roles, comment=order.comment)


def review(order: Review, scene: Scene) -> Decided:
    """In a role that the reviewer has. Whether it is their own work, the fold says."""
    version = _version(scene, order.version)
    if order.role is not None and order.role not in scene.member.approves_as:
        raise NoPart(f"not {order.role}")
    role = order.role or _open_role(version, scene)
    tenant, kind, _ = scene.thing
    if not approval_for(scene.books.catalogue, tenant, kind, scene.now).may_give(role, scene.member.name):
        raise NoPart(f"not on the list of reviewers as {role}")
    return scene.change(VersionReviewed, version=order.version, decision=order.decision, role=role, comment=order.comment)


def _open_role(version: Version, scene: Scene) -> str:
    asked = [role for role in version.roles if role in scene.member.approves_as]
    if not asked:
        if version.stage == "in_review":
            raise NoPart(f"approval is asked for from {', '.join(version.roles)}")
        raise Conflict("the version is not in review", scene.history.sequence)
    return next((role for role in asked if role not in version.approvals), asked[0])


def attach(order: Attach, scene: Scene) -> Decided:
    """At any time: what comes after approval is on record, too."""
    _version(scene, order.version)
    return scene.change(EvidenceAttached, version=order.version, evidence=order.evidence)


def comment(order: Comment, scene: Scene) -> Decided:
    """On a thing that is there."""
    if order.version is not None:
        _version(scene, order.version)
    elif not scene.history.versions:
        raise NotThere
    return scene.change(Commented, version=order.version, comment=order.comment)


def move_label(order: MoveLabel, scene: Scene) -> Decided:
    """Labels are names for people; services go by what is live and what is pinned."""
    if order.version is not None:
        _version(scene, order.version)
    elif order.label not in scene.history.labels:
        raise NotThere
    return scene.change(LabelMoved, label=order.label, version=order.version)


def activate(order: Activate, scene: Scene) -> Decided:
    """Once what it rests on may go live with it."""
    version = _version(scene, order.version)
    since = _soon(order.effective_from, scene)
    _check(version, scene, order.environment, since)
    return scene.change(
        VersionActivated, version=order.version, environment=order.environment, effective_from=since, reason=order.reason
    )  # fmt: skip


def roll_back(order: RollBack, scene: Scene) -> Decided:
    """At once; what it pins must still be there, for it would fail otherwise."""
    to = order.to if order.to is not None else _before(scene, order.environment)
    version = _version(scene, to)
    _check(version, scene, order.environment, scene.now)
    return scene.change(
        VersionActivated, version=to, environment=order.environment, effective_from=scene.now, reason=order.reason, emergency=True
    )  # fmt: skip


def _before(scene: Scene, environment: RegistryEnvironment) -> int:
    """What was live last before that which is live now, and may be used still."""
    history, at = scene.history, scene.now
    live = history.live(at, environment)
    turns = sorted(
        (one.effective_from, one.sequence, one.version)
        for one in history.activations
        if one.environment == environment and one.effective_from <= at
    )
    founded = sorted(one.number for one in history.versions.values() if one.founded_from is not None and one.founded_from <= at)
    for number in [*(turn[2] for turn in reversed(turns)), *reversed(founded)]:
        if (live is None or number != live.number) and history.versions[number].usable(at):
            return number
    raise Conflict("nothing was live before that could be live again", history.sequence)


def retire(order: Retire, scene: Scene) -> Decided:
    """For good, in every environment."""
    _version(scene, order.version)
    return scene.change(VersionRetired, version=order.version, effective_from=_soon(order.effective_from, scene), reason=order.reason)


def stop_variant(order: StopVariant, scene: Scene) -> Decided:
    """Its share goes to the control, which was approved before the experiment; so nobody needs to approve it."""
    number = order.version if order.version is not None else max(scene.history.versions, default=0)
    _version(scene, number)
    return scene.change(
        VariantStopped, version=number, variant=order.variant, effective_from=_soon(None, scene), reason=order.reason
    )  # fmt: skip


def _version(scene: Scene, number: int) -> Version:
    found = scene.history.versions.get(number) if 1 <= number <= LARGEST_VERSION else None
    if found is None:
        raise NotThere
    return found


def _soon(wanted: datetime | None, scene: Scene) -> datetime:
    """When everybody can know. What is asked for earlier than now is refused, and not moved: somebody means the past."""
    if wanted is not None and wanted < scene.now:
        raise Unsound("the past is not changed", [Fault("/effective_from", "lies in the past")])
    return max(wanted or scene.now, scene.now + scene.lead)


def _check(version: Version, scene: Scene, environment: RegistryEnvironment, at: datetime) -> None:
    tenant, kind, name = scene.thing
    body = read_body(kind, name, version.body)
    ground = Ground(scene.books.catalogue, tenant, at, environment)
    found = [*faults(body, ground), *contested(name, body, ground)]
    if found:
        raise Unsound("what this version rests on may not go live", found)


Decide = Callable[[Any, Scene], Decided]


@dataclass(frozen=True, slots=True)
class Handler:
    """Who may, what is made, and how it is decided."""

    right: Right
    makes: type[Change]
    decide: Decide


HANDLERS: Mapping[type[Order], Handler] = {
    Draft: Handler("draft", VersionDrafted, draft),
    RequestReview: Handler("draft", ReviewRequested, request_review),
    Review: Handler("review", VersionReviewed, review),
    Attach: Handler("note", EvidenceAttached, attach),
    Comment: Handler("note", Commented, comment),
    MoveLabel: Handler("operate", LabelMoved, move_label),
    Activate: Handler("operate", VersionActivated, activate),
    Retire: Handler("operate", VersionRetired, retire),
    RollBack: Handler("operate", VersionActivated, roll_back),
    StopVariant: Handler("operate", VariantStopped, stop_variant),
}
