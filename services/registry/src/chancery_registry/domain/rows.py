"""Rows of the projection, made of what was told. Pure: the same records make the same rows, to the byte."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from chancery_contracts.areas import RegistryEntryPublished
from chancery_contracts.canonical import canonical_body
from chancery_contracts.catalogue import Catalogue, Thing
from chancery_contracts.governance import (
    Change,
    Commented,
    EvidenceAttached,
    LabelMoved,
    VersionActivated,
    VersionDrafted,
)
from chancery_contracts.governed import LARGEST_VERSION

from chancery_registry.domain.books import Told

Row = tuple[Any, ...]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Rows:
    """By table. `things` and `versions` are images of what stands there now; all others are added."""

    changes: list[Row] = field(default_factory=list)
    things: list[Row] = field(default_factory=list)
    versions: list[Row] = field(default_factory=list)
    activations: list[Row] = field(default_factory=list)
    labels: list[Row] = field(default_factory=list)
    evidence: list[Row] = field(default_factory=list)
    comments: list[Row] = field(default_factory=list)


def rows_of(told: Sequence[Told], catalogue: Catalogue) -> Rows:
    """Of what was just taken in: `catalogue` stands where the last of it left it."""
    rows = Rows()
    touched: dict[tuple[Thing, int], tuple[Any, ...]] = {}
    for one in told:
        rows.changes.append(_change(one))
        if one.outcome == "counted":
            _add(one, rows)
            version = _number(getattr(one.event.data, "version", None))
            if version is not None:
                touched.setdefault((one.thing, version), _drafted(one))
    counted = {one.thing for one in told if one.outcome == "counted"}
    rows.things.extend(_things(counted, catalogue))
    rows.versions.extend(_version(thing, number, said, catalogue) for (thing, number), said in touched.items())
    return rows


def _change(told: Told) -> Row:
    data, event = told.event.data, told.event
    assert isinstance(data, Change | RegistryEntryPublished)
    actor = data.actor if isinstance(data, Change) else data.author
    sequence = data.sequence if isinstance(data, Change) else None
    return (
        told.place, *told.thing, event.id, event.type, _number(sequence), _number(getattr(data, "version", None)), _text(actor),
        _moment(event.time), told.outcome, told.why, data.model_dump_json(exclude={"body"}),
    )  # fmt: skip


def _add(told: Told, rows: Rows) -> None:
    data = told.event.data
    if not isinstance(data, Change):
        return
    head, tail = (*told.thing, data.sequence), (_text(data.actor), _moment(told.event.time))
    if isinstance(data, VersionActivated):
        rows.activations.append((*head, data.environment, data.effective_from, data.version, _text(data.reason), data.emergency, *tail))
    elif isinstance(data, LabelMoved):
        rows.labels.append((*head, data.label, data.version, *tail))
    elif isinstance(data, EvidenceAttached):
        one = data.evidence
        rows.evidence.append(
            (*head, data.version, one.form, _text(one.title), _text(one.uri), one.sha256, _text(one.summary), one.passed, *tail)
        )
    elif isinstance(data, Commented):
        rows.comments.append((*head, data.version, _text(data.comment), *tail))


def _things(things: Iterable[Thing], catalogue: Catalogue) -> Iterable[Row]:
    for thing in sorted(things):
        history = catalogue.history(*thing)
        assert history is not None
        yield *thing, history.sequence


def _drafted(told: Told) -> tuple[Any, ...]:
    """What a version says of itself beside its body; nothing where this is not its beginning."""
    data = told.event.data
    if isinstance(data, VersionDrafted):
        return _number(data.based_on), _text(data.comment), _text(data.origin)
    return None, "", None


def _version(thing: Thing, number: int, said: tuple[Any, ...], catalogue: Catalogue) -> Row:
    history = catalogue.history(*thing)
    assert history is not None
    one = history.versions[number]
    return (
        *thing, number, _text(one.author), _moment(one.drafted_at), canonical_body(one.body), one.sha256, *said, one.stage,
        [_text(role) for role in one.roles], json.dumps(one.approvals, sort_keys=True), one.founded_from, one.retired_from,
    )  # fmt: skip


def _text(text: str | None) -> str | None:
    """PostgreSQL's text has no place for NUL, and whoever writes to the topic has."""
    return None if text is None else text.replace("\x00", "\ufffd")


def _number(number: int | None) -> int | None:
    """What does not count may be of any size; the whole of it stands in the record's data."""
    return number if number is not None and 0 < number <= LARGEST_VERSION else None


def _moment(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError:
        return _EPOCH
