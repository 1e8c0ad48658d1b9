"""The fold of the registry's topic, for one governed thing: which changes count, which version is live when, by whom approved."""

from bisect import bisect_right, insort
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from chancery_contracts.areas import RegistryEntryPublished
from chancery_contracts.canonical import body_sha256
from chancery_contracts.event import AnyEvent, Event
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

Stage = Literal["draft", "in_review", "approved"]
State = Literal["draft", "in_review", "approved", "live", "retired"]
LARGEST_VERSION = 999_999_999
"""What anything here counts to: versions of founding entries are named by whoever wrote the file."""


class ChangeRefused(Exception):
    """This change does not count: read the thing's state again and decide anew."""


class OwnWork(ChangeRefused):
    """Whoever wrote a version approves or rejects it: somebody else must."""


@dataclass
class Version:
    """An immutable body and what was decided about it. `founded_from`: published by a file before there was governance."""

    number: int
    author: str
    drafted_at: datetime
    body: dict[str, Any]
    sha256: str
    stage: Stage = "draft"
    founded_from: datetime | None = None
    roles: tuple[str, ...] = ()
    approvals: dict[str, str] = field(default_factory=dict)
    """Who approved, by role."""
    retired_from: datetime | None = None
    stopped: dict[str, datetime] = field(default_factory=dict)
    """Variants of an experiment that get no more units, and from when on."""

    def usable(self, at: datetime) -> bool:
        """Not retired at a moment."""
        return self.retired_from is None or at < self.retired_from


@dataclass(frozen=True, slots=True)
class Activation:
    """A version is live in an environment from a moment on, until the next one."""

    environment: RegistryEnvironment
    effective_from: datetime
    sequence: int
    version: int


class History:
    """All of one thing. `apply` takes events in the topic's order, any of them twice."""

    def __init__(self) -> None:
        self.sequence = 0
        self.versions: dict[int, Version] = {}
        self.activations: list[Activation] = []
        self.labels: dict[str, int] = {}
        self._seen: set[str] = set()
        self._in_force: dict[RegistryEnvironment, list[tuple[datetime, int, int]]] = {}
        """By moment, sequence and version: services ask for each message."""

    def apply(self, event: AnyEvent) -> bool:
        """Whether it changed anything; False for what was applied before. Raises ChangeRefused."""
        if event.id in self._seen:
            return False
        self._take(event)
        self._seen.add(event.id)
        return True

    def attempt(self, event: AnyEvent) -> None:
        """Changes nothing. Raises ChangeRefused where `apply` would."""
        copies = [replace(one, approvals=dict(one.approvals)) for one in self.versions.values()]
        trial = History.of(self.sequence, copies, self.activations)
        trial.labels = dict(self.labels)
        trial._take(event)

    @classmethod
    def of(cls, sequence: int, versions: Iterable[Version], activations: Iterable[Activation]) -> "History":
        """As it stands somewhere else, for reading and for trying: it does not know which events it came from."""
        history = cls()
        history.sequence = sequence
        history.versions = {one.number: one for one in versions}
        for one in activations:
            history._activate(one)
        return history

    def _activate(self, activation: Activation) -> None:
        self.activations.append(activation)
        place = (activation.effective_from, activation.sequence, activation.version)
        insort(self._in_force.setdefault(activation.environment, []), place)

    def _take(self, event: AnyEvent) -> None:
        data = event.data
        _comparable(event.time)
        if isinstance(data, RegistryEntryPublished):
            self._found(data, event.time)
        elif isinstance(data, Change):
            self._change(event, data)

    def live(self, at: datetime, environment: RegistryEnvironment = "production") -> Version | None:
        """The version that is live at a moment: of the last activation in force, else the highest founded one in force."""
        activations = self._in_force.get(environment, [])
        if place := bisect_right(activations, at, key=lambda one: one[0]):
            found = self.versions[activations[place - 1][2]]
            return found if found.usable(at) else None
        founded = [one for one in self.versions.values() if one.founded_from is not None and one.founded_from <= at and one.usable(at)]
        return max(founded, key=lambda one: one.number, default=None)

    def state(self, number: int, at: datetime, environment: RegistryEnvironment = "production") -> State:
        """In words. One that was live and is replaced is `retired`, too; it may be put live again."""
        version = self.versions[number]
        if not version.usable(at):
            return "retired"
        if self.live(at, environment) is version:
            return "live"
        return "retired" if self.was_live(number, at, environment) else version.stage

    def was_live(self, number: int, at: datetime, environment: RegistryEnvironment = "production") -> bool:
        """At a moment or before."""
        version = self.versions[number]
        founded = version.founded_from is not None and version.founded_from <= at
        activated = any(one.version == number and one.environment == environment and one.effective_from <= at for one in self.activations)
        return founded or activated

    def _found(self, entry: RegistryEntryPublished, at: datetime) -> None:
        _hashed(entry.body, entry.body_sha256)
        if self.sequence:
            raise ChangeRefused("this thing is governed: draft a version")
        if entry.version > LARGEST_VERSION:
            raise ChangeRefused("the version is larger than a version may be")
        _comparable(entry.effective_from)
        if entry.version in self.versions:
            raise ChangeRefused("this version exists")
        self.versions[entry.version] = Version(
            entry.version, entry.author, at, entry.body, entry.body_sha256, "approved", entry.effective_from
        )  # fmt: skip

    def _change(self, event: AnyEvent, data: Change) -> None:
        if data.change_id != event.id:
            raise ChangeRefused("the change does not carry its event's id")
        if data.sequence != self.sequence + 1:
            raise ChangeRefused("another change came first")
        _RULES[type(data)](self, event)
        self.sequence = data.sequence

    def _usable(self, number: int, at: datetime) -> Version:
        version = self.versions.get(number)
        if version is None:
            raise ChangeRefused("there is no such version")
        if not version.usable(at):
            raise ChangeRefused("the version is retired")
        return version


def _hashed(body: dict[str, Any], sha256: str) -> None:
    try:
        fits = body_sha256(body) == sha256
    except (ValueError, RecursionError) as exc:
        raise ChangeRefused("the body is nothing that JSON can say") from exc
    if not fits:
        raise ChangeRefused("the body does not match its hash")


def _comparable(moment: datetime) -> None:
    """Without a zone no two moments can be compared, and at the calendar's edges none has a place in UTC: both would stop who asks."""
    if moment.utcoffset() is None or not 1900 <= moment.year <= 9000:
        raise ChangeRefused("the moment has no zone, or is of no year that anything here runs in")


def _drafted(history: History, event: Event[VersionDrafted]) -> None:
    data = event.data
    if data.version != max(history.versions, default=0) + 1:
        raise ChangeRefused("a new version has the next number")
    _hashed(data.body, data.body_sha256)
    history.versions[data.version] = Version(data.version, data.actor, event.time, data.body, data.body_sha256)


def _review_requested(history: History, event: Event[ReviewRequested]) -> None:
    version = history._usable(event.data.version, event.time)  # rules are History's own
    if version.stage != "draft":
        raise ChangeRefused("only a draft is put to review")
    version.stage, version.roles, version.approvals = "in_review", event.data.roles, {}


def _reviewed(history: History, event: Event[VersionReviewed]) -> None:
    data = event.data
    version = history._usable(data.version, event.time)
    if version.stage != "in_review":
        raise ChangeRefused("the version is not in review")
    if data.actor == version.author:
        raise OwnWork("an author does not review what is their own (four eyes)")
    if data.decision == "reject":
        version.stage, version.approvals = "draft", {}
        return
    if data.role not in version.roles or data.role in version.approvals:
        raise ChangeRefused("no approval in this role is open")
    if data.actor in version.approvals.values():
        raise ChangeRefused("each role is given by another person")
    version.approvals[data.role] = data.actor
    if set(version.approvals) == set(version.roles):
        version.stage = "approved"


def _activated(history: History, event: Event[VersionActivated]) -> None:
    data = event.data
    version = history._usable(data.version, event.time)
    _comparable(data.effective_from)
    if data.effective_from < event.time:
        raise ChangeRefused("the past is not changed")
    if data.emergency and not history.was_live(data.version, event.time, data.environment):
        raise ChangeRefused("an emergency goes back to a version that was live")
    if data.environment == "production" and not data.emergency and version.stage != "approved":
        raise ChangeRefused("only an approved version goes live in production")
    history._activate(Activation(data.environment, data.effective_from, data.sequence, data.version))


def _retired(history: History, event: Event[VersionRetired]) -> None:
    version = history._usable(event.data.version, event.time)
    _comparable(event.data.effective_from)
    if event.data.effective_from < event.time:
        raise ChangeRefused("the past is not changed")
    version.retired_from = event.data.effective_from


def _stopped(history: History, event: Event[VariantStopped]) -> None:
    data = event.data
    version = history._usable(data.version, event.time)
    names = _variants(version.body) if data.kind == "experiment" else []
    if data.variant not in names[1:]:
        raise ChangeRefused("there is no such variant, or it is the control")
    if data.variant in version.stopped:
        raise ChangeRefused("the variant is stopped")
    _comparable(data.effective_from)
    if data.effective_from < event.time:
        raise ChangeRefused("the past is not changed")
    version.stopped = version.stopped | {data.variant: data.effective_from}  # never in place: trials share it


def _variants(body: dict[str, Any]) -> list[Any]:
    """Names as the body says, the control first; none where the body is not an experiment's: a draft may be anything."""
    found = body.get("variants")
    return [one.get("name") for one in found if isinstance(one, dict)] if isinstance(found, list | tuple) else []


def _evidence(history: History, event: Event[EvidenceAttached]) -> None:
    if event.data.version not in history.versions:
        raise ChangeRefused("there is no such version")


def _commented(history: History, event: Event[Commented]) -> None:
    if event.data.version is not None and event.data.version not in history.versions:
        raise ChangeRefused("there is no such version")
    if not history.versions:
        raise ChangeRefused("there is nothing of this name: words would keep a founding entry from it")


def _label(history: History, event: Event[LabelMoved]) -> None:
    data = event.data
    if data.version is None:
        if data.label not in history.labels:
            raise ChangeRefused("there is no such label")
        del history.labels[data.label]
        return
    if data.version not in history.versions:
        raise ChangeRefused("there is no such version")
    history.labels[data.label] = data.version


_RULES: Mapping[type[Change], Callable[[History, Event[Any]], None]] = {
    VersionDrafted: _drafted,
    ReviewRequested: _review_requested,
    VersionReviewed: _reviewed,
    EvidenceAttached: _evidence,
    Commented: _commented,
    LabelMoved: _label,
    VersionActivated: _activated,
    VersionRetired: _retired,
    VariantStopped: _stopped,
}
