"""What the API answers with."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from chancery_contracts.governance import GovernedKind, RegistryEnvironment
from chancery_contracts.governed import State
from pydantic import BaseModel, Field

from chancery_registry.domain.books import Outcome


class ThingView(BaseModel):
    """One line of a list."""

    name: str
    sequence: int
    newest: int | None
    live: dict[RegistryEnvironment, int]
    labels: dict[str, int]


class ThingList(BaseModel):
    """By name. `next` is the `after` of the next page; none: this is the last."""

    tenant: str
    kind: GovernedKind
    things: list[ThingView]
    next: str | None


class EvidenceView(BaseModel):
    """What speaks for or against a version."""

    form: str
    title: str
    uri: str | None
    sha256: str | None
    summary: str
    passed: bool | None
    actor: str
    at: datetime


class VersionView(BaseModel):
    """A version, and what was decided about it. `state` is production's. `body` where it was asked for."""

    version: int
    state: State
    states: dict[RegistryEnvironment, State]
    stage: str
    author: str
    drafted_at: datetime
    body_sha256: str
    based_on: int | None
    comment: str
    origin: str | None
    founded_from: datetime | None
    retired_from: datetime | None
    roles: list[str]
    approvals: dict[str, str]
    evidence: list[EvidenceView]
    body: dict[str, Any] | None = None


class ActivationView(BaseModel):
    """From a moment on."""

    environment: RegistryEnvironment
    version: int
    effective_from: datetime
    sequence: int
    reason: str
    emergency: bool
    actor: str
    at: datetime


class LabelView(BaseModel):
    """A label's move."""

    sequence: int
    label: str
    version: int | None
    actor: str
    at: datetime


class CommentView(BaseModel):
    """Words about a version, or the whole."""

    sequence: int
    version: int | None
    comment: str
    actor: str
    at: datetime


class HistoryView(BaseModel):
    """A record of the topic. `place`: its offset. `why`: where it did not count."""

    place: int
    sequence: int | None
    type: str
    version: int | None
    actor: str
    at: datetime
    outcome: Outcome
    why: str | None
    change_id: str
    data: dict[str, Any]


class WholeThing(BaseModel):
    """All of it. `history` in the topic's order; `history_before` asks for what came before, none: this is the beginning."""

    tenant: str
    kind: GovernedKind
    name: str
    sequence: int
    live: dict[RegistryEnvironment, int]
    labels: dict[str, int]
    versions: list[VersionView]
    activations: list[ActivationView]
    label_moves: list[LabelView]
    comments: list[CommentView]
    history: list[HistoryView]
    history_before: int | None


class DifferenceView(BaseModel):
    """One member."""

    pointer: str
    op: Literal["added", "removed", "changed"]
    before: Any = None
    after: Any = None


class DiffView(BaseModel):
    """Between two versions' bodies."""

    from_: int = Field(serialization_alias="from")
    to: int
    text: str
    changes: list[DifferenceView]


class LiveVersion(BaseModel):
    """The version that was live at a moment, who approved it and on what evidence."""

    tenant: str
    kind: GovernedKind
    name: str
    at: datetime
    environment: RegistryEnvironment
    since: datetime
    version: VersionView


class LiveThing(BaseModel):
    """One line of what was live. `owner`: the tenant, or `shared`."""

    owner: str
    kind: GovernedKind
    name: str
    version: int
    body_sha256: str
    since: datetime


class LiveList(BaseModel):
    """Everything that was live at a moment."""

    tenant: str
    at: datetime
    environment: RegistryEnvironment
    things: list[LiveThing]


class Receipt(BaseModel):
    """What became of an order. `sequence`: where the thing stands with it. `change_id` none: nothing had to change."""

    tenant: str
    kind: GovernedKind
    name: str
    change_id: str | None
    type: str | None
    sequence: int
    version: int | None
    at: datetime | None
    effective_from: datetime | None
    repeated: bool


def seen(row: Mapping[str, Any], *without: str) -> dict[str, Any]:
    """A row without some of its columns."""
    return {name: value for name, value in row.items() if name not in without}
