"""Builders of the registry's changes: a thing's history, written as its topic has it."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from chancery_contracts.canonical import body_sha256
from chancery_contracts.catalogue import SHARED
from chancery_contracts.event import Event
from chancery_contracts.governance import (
    Change,
    Commented,
    Evidence,
    EvidenceAttached,
    GovernedKind,
    LabelMoved,
    ReviewRequested,
    VersionActivated,
    VersionDrafted,
    VersionRetired,
    VersionReviewed,
)

from chancery_testing.builders import T0


class Pen:
    """Writes one thing's changes, each with the next number and a minute after the last; words change what a test is about."""

    def __init__(self, kind: GovernedKind = "prompt", name: str = "answer", tenant: str = SHARED, at: datetime = T0) -> None:
        self.kind, self.name, self.tenant, self.at = kind, name, tenant, at
        self.sequence = 0
        self.version = 0

    def write(self, of: type[Change], **said: Any) -> Event[Any]:
        """Any change. `actor`, `sequence`, `id` and `at` have defaults; a number that is given is not counted on from."""
        change_id = str(said.pop("id", uuid4()))
        if "sequence" not in said:
            self.sequence += 1
        if "at" not in said:
            self.at += timedelta(minutes=1)
        at = said.pop("at", self.at)
        said = {"actor": "ann", "sequence": self.sequence, "kind": self.kind, "name": self.name, "change_id": change_id} | said
        return Event(id=change_id, source="chancery/registry", time=at, tenant=self.tenant, data=of.model_validate(said))

    def draft(self, body: dict[str, Any] | None = None, **said: Any) -> Event[Any]:
        """The next version."""
        if "version" not in said:
            self.version += 1
        body = {"system": f"s{self.version}", "user": "{question}"} if body is None else body
        said = {"version": self.version, "body": body} | said
        said["body_sha256"] = said.get("body_sha256") or body_sha256(body)
        return self.write(VersionDrafted, **said)

    def ask(self, version: int | None = None, roles: tuple[str, ...] = ("prompt_owner",), **said: Any) -> Event[Any]:
        """For a review."""
        return self.write(ReviewRequested, version=version or self.version, roles=roles, **said)

    def review(self, version: int | None = None, decision: str = "approve", role: str = "prompt_owner", **said: Any) -> Event[Any]:
        """By somebody else."""
        return self.write(
            VersionReviewed, **({"version": version or self.version, "decision": decision, "role": role, "actor": "bob"} | said)
        )

    def activate(self, version: int | None = None, **said: Any) -> Event[Any]:
        """Live from that very moment on, unless said otherwise."""
        event = self.write(VersionActivated, **({"version": version or self.version, "effective_from": T0, "reason": "test"} | said))
        if "effective_from" in said:
            return event
        return Event(
            id=event.id, source=event.source, time=event.time, tenant=event.tenant,
            data=event.data.model_copy(update={"effective_from": event.time}),
        )  # fmt: skip

    def retire(self, version: int | None = None, **said: Any) -> Event[Any]:
        """From that very moment on, unless said otherwise."""
        said = {"version": version or self.version, "reason": "test"} | said
        if "effective_from" not in said:
            said["effective_from"] = self.at + timedelta(minutes=1)
        return self.write(VersionRetired, **said)

    def label(self, label: str, version: int | None, **said: Any) -> Event[Any]:
        """Points a label."""
        return self.write(LabelMoved, label=label, version=version, **said)

    def comment(self, comment: str = "words", version: int | None = None, **said: Any) -> Event[Any]:
        """Says something."""
        return self.write(Commented, comment=comment, version=version, **said)

    def attach(self, version: int | None = None, form: str = "evaluation", **said: Any) -> Event[Any]:
        """Evidence."""
        evidence = Evidence.model_validate({"form": form, "title": "t"})
        return self.write(EvidenceAttached, version=version or self.version, evidence=evidence, **said)

    def approved(self, body: dict[str, Any] | None = None) -> list[Event[Any]]:
        """A draft that went through review."""
        return [self.draft(body), self.ask(), self.review()]
