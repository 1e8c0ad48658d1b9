"""A registry in memory: the topic's own fold, asked as the service is."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from chancery_cli.errors import CommandFailed
from chancery_cli.registry.known import Known, KnownVersion
from chancery_cli.registry.naming import Thing
from chancery_contracts.areas import RegistryEntryPublished
from chancery_contracts.canonical import body_sha256
from chancery_contracts.event import Event
from chancery_contracts.governance import EvidenceAttached, ReviewRequested, VersionActivated, VersionDrafted, VersionReviewed
from chancery_contracts.governed import ChangeRefused, History

SHARED_ROLES = ("prompt_owner",)


@dataclass
class MemoryRegistry:
    """`orders`: what was asked, in order."""

    histories: dict[Thing, History] = field(default_factory=dict)
    orders: list[tuple[str, str]] = field(default_factory=list)
    evidence: dict[Thing, list[tuple[int, str]]] = field(default_factory=dict)
    reasons: dict[Thing, str] = field(default_factory=dict)
    now: datetime = datetime(2026, 5, 1, tzinfo=UTC)
    refuse: str | None = None

    def look(self, thing):
        history = self.histories.get(thing)
        if history is None:
            return None
        live = history.live(self.now)
        versions = tuple(self._version(history, one) for one in history.versions.values())
        evidence, reason = tuple(self.evidence.get(thing, ())), self.reasons.get(thing)
        return Known(thing, history.sequence, versions, None if live is None else live.number, reason, evidence)

    def _version(self, history, one):
        was_live, rejected = history.was_live(one.number, self.now), one.stage == "draft" and bool(one.roles)
        state = history.state(one.number, self.now)
        return KnownVersion(one.number, one.sha256, state, one.stage == "approved", one.usable(self.now), was_live, rejected)

    def body(self, thing, number):
        return self.histories[thing].versions[number].body

    def things(self):
        return list(self.histories)

    def order(self, thing, path, body, guard):
        """As the service: refused where the sequence is not that one."""
        self.orders.append((str(thing), path))
        if self.refuse and self.refuse in path:
            raise CommandFailed("registry: Not yours")
        history = self.histories.setdefault(thing, History())
        if guard.sequence != history.sequence:
            raise CommandFailed("registry: Moved")
        kind, *rest = path.split("/")[-1], *path.split("/")
        version = int(rest[1]) if len(rest) > 1 else 0
        make = {
            "versions": lambda: (VersionDrafted, {"version": max(history.versions, default=0) + 1, "body": body["body"],
                                                  "body_sha256": body_sha256(body["body"]), "origin": body["origin"]}),
            "review-requests": lambda: (ReviewRequested, {"version": version, "roles": SHARED_ROLES}),
            "evidence": lambda: (EvidenceAttached, {"version": version, "evidence": body}),
            "activations": lambda: (VersionActivated, {"version": version, "reason": body["reason"]}),
        }[kind]  # fmt: skip
        self.change(thing, *make())
        if kind == "evidence":
            self.evidence.setdefault(thing, []).append((version, body["title"]))
        return history.sequence

    def change(self, thing, payload, said, actor="ann"):
        history, number = self.histories.setdefault(thing, History()), str(uuid4())
        self.now += timedelta(seconds=1)
        said = {"effective_from": self.now} | said if payload is VersionActivated else said
        data = payload(change_id=number, kind=thing.kind, name=thing.name, sequence=history.sequence + 1, actor=actor, **said)
        try:
            history.apply(Event(id=number, source="test", time=self.now, tenant=thing.tenant, data=data))
        except ChangeRefused as exc:
            raise CommandFailed(f"registry: {exc}") from exc
        self.now += timedelta(seconds=1)

    def found(self, thing, body, version=1):
        """As provisioning does."""
        data = RegistryEntryPublished(
            kind=thing.kind,
            name=thing.name,
            version=version,
            effective_from=self.now,
            author="file",
            body=body,
            body_sha256=body_sha256(body),
        )
        event = Event(id=str(uuid4()), source="test", time=self.now, tenant=thing.tenant, data=data)
        self.histories.setdefault(thing, History()).apply(event)

    def approve(self, thing, version):
        self.change(thing, VersionReviewed, {"version": version, "decision": "approve", "role": SHARED_ROLES[0]}, actor="bob")

    def reject(self, thing, version):
        self.change(thing, VersionReviewed, {"version": version, "decision": "reject", "role": SHARED_ROLES[0]}, actor="bob")

    def activate(self, thing, version):
        self.change(thing, VersionActivated, {"version": version, "reason": "go"})

    def roll_back(self, thing, version, reason):
        self.change(thing, VersionActivated, {"version": version, "reason": reason, "emergency": True})
        self.reasons[thing] = reason


@pytest.fixture
def registry():
    return MemoryRegistry()
