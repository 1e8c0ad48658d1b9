"""What an interaction can be found by, beside use case, matter, conversation and time: told by typed events, and nothing personal.

A name that is no opaque id (a reviewer's e-mail address, say) is not noted: notes stand in clear in the database. A person is noted as
a keyed hash of its pseudonym alone.
"""

import hmac
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from chancery_contracts.areas import CostPosted, ReviewDecided
from chancery_contracts.base import Payload
from chancery_contracts.event import AnyEvent
from chancery_contracts.identifiers import pseudonym_scope
from chancery_contracts.interactions import (
    InteractionAuthorised,
    InteractionCompleted,
    InteractionGenerated,
    InteractionGrounded,
    InteractionRedacted,
    InteractionRefused,
    InteractionRequested,
    InteractionValidated,
)  # fmt: skip

from chancery_audit.domain.versions import is_opaque, versioned

Kind = Literal["actor", "reviewer", "prompt", "model", "document", "verdict", "outcome", "refusal", "person"]
VERSIONED: tuple[Kind, ...] = ("prompt", "model", "document")
"""Kinds whose names are `name@version`."""
Told = tuple[Kind, str]
Attribute = tuple[str, Kind, str, str]
"""Tenant, kind, name, scope."""
MAX_MICROS = 2**53 - 1
"""More than this of one posting counts as this: sums stay within the database's integers."""
_CURRENCY = re.compile(r"[A-Z]{3,8}")


@dataclass
class AttributeNotes:
    """Of one batch. Costs are what was settled, by tenant, scope and currency."""

    attributes: set[Attribute] = field(default_factory=set)
    costs: dict[tuple[str, str, str], int] = field(default_factory=dict)


def attribute_notes(events: Iterable[AnyEvent], person_keys: Mapping[str, bytes]) -> AttributeNotes:
    """What a batch tells. `person_keys`: a tenant's, for keyed hashes."""
    notes = AttributeNotes()
    for event in events:
        if event.interaction is None:
            continue
        scope = f"interaction/{event.interaction}"
        tell = TELLERS.get(type(event.data))
        if tell is not None:
            notes.attributes.update([(event.tenant, kind, name, scope) for kind, name in tell(event.data)])
        if type(event.data) is InteractionRedacted:
            notes.attributes.update(_persons(event, event.data, scope, person_keys[event.tenant]))
        elif isinstance(event.data, CostPosted) and event.data.kind == "settle" and _CURRENCY.fullmatch(event.data.currency):
            place = (event.tenant, scope, event.data.currency)
            notes.costs[place] = notes.costs.get(place, 0) + min(event.data.amount_micros, MAX_MICROS)
    return notes


def person_name(key: bytes, place: str, token: str) -> str:
    """By what a person is noted. `place` is where the pseudonym is stable: the same token elsewhere is somebody else."""
    return hmac.digest(key, f"{place}\0{token}".encode(), "sha256").hex()[:32]


def _persons(event: AnyEvent, data: InteractionRedacted, scope: str, key: bytes) -> Iterator[Attribute]:
    assert event.interaction is not None
    place = pseudonym_scope(event.matter, event.conversation, event.interaction)
    for token in {finding.token for finding in data.findings}:
        yield event.tenant, "person", person_name(key, place, token), scope


def _opaque(kind: Kind, name: str) -> Iterator[Told]:
    if is_opaque(name):
        yield kind, name


def _version(kind: Kind, name: str, version: int) -> Iterator[Told]:
    full = versioned(name, version)
    if full is not None:
        yield kind, full


# Each tells what its event adds, so that nothing is told at every stage again.


def _asked(data: InteractionRequested) -> Iterator[Told]:
    yield from _opaque("actor", data.actor)


def _grounded(data: InteractionGrounded) -> Iterator[Told]:
    for name, version in {(one.document_id, one.document_version) for one in data.passages}:
        yield from _version("document", name, version)


def _authorised(data: InteractionAuthorised) -> Iterator[Told]:
    yield from _version("model", data.model.name, data.model.version)


def _generated(data: InteractionGenerated) -> Iterator[Told]:
    """The model that was authorised is told already; a fallback that was called is not, whether it answered or failed."""
    yield from _version("prompt", data.prompt.name, data.prompt.version)
    for name, version in {(attempt.model.name, attempt.model.version) for attempt in data.attempts if attempt.model != data.model}:
        yield from _version("model", name, version)


def _validated(data: InteractionValidated) -> Iterator[Told]:
    yield "verdict", data.verdict


def _refused(data: InteractionRefused) -> Iterator[Told]:
    yield "refusal", data.code


def _completed(data: InteractionCompleted) -> Iterator[Told]:
    yield "outcome", data.outcome


def _decided(data: ReviewDecided) -> Iterator[Told]:
    yield from _opaque("reviewer", data.reviewer)


TELLERS: Mapping[type[Payload], Callable[[Any], Iterable[Told]]] = {
    InteractionRequested: _asked,
    InteractionGrounded: _grounded,
    InteractionAuthorised: _authorised,
    InteractionGenerated: _generated,
    InteractionValidated: _validated,
    InteractionRefused: _refused,
    InteractionCompleted: _completed,
    ReviewDecided: _decided,
}
TELLING: Sequence[str] = sorted({InteractionRedacted.TYPE, CostPosted.TYPE, *(payload.TYPE for payload in TELLERS)})
"""Types of events that tell anything."""
