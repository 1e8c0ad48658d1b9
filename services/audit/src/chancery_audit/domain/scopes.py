"""What a data key covers, as far as retention, holds and erasure must know it."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from chancery_contracts.event import AnyEvent
from chancery_contracts.identifiers import is_identifier
from chancery_contracts.interactions import InteractionCompleted
from chancery_contracts.privacy import HoldPlaced, HoldReleased
from chancery_contracts.topics import REGISTRY, TOPIC_OF_TYPE

from chancery_audit.domain.entries import KEPT_TOPICS, Entry, KeyScope
from chancery_audit.domain.views import UNKNOWN

Place = tuple[str, str, str, str]
"""Tenant, `matter` or `conversation`, its name, the scope."""


@dataclass
class ScopeNote:
    """What a batch tells of a scope. Times are the broker's: a publisher's own do not make anything old."""

    interaction: str | None
    begun_at: datetime
    use_case: str = ""
    ended_at: datetime | None = None


@dataclass
class Notes:
    """Of one batch."""

    scopes: dict[KeyScope, ScopeNote] = field(default_factory=dict)
    places: set[Place] = field(default_factory=set)
    concerns: dict[KeyScope, str] = field(default_factory=dict)
    """The matter that a kept event without interaction tells of: `*` where it may be more than one, empty where it is the whole tenant."""


def facts_of(note: ScopeNote) -> list[Hashable]:
    """What a scope's row says once this is noted: a later note that says no more changes nothing."""
    facts: list[Hashable] = ["scope"]
    if note.use_case:
        facts.append("use_case")
    if note.ended_at is not None:
        facts.append(note.ended_at)
    return facts


def notes_of(entries: Iterable[Entry]) -> Notes:
    """The registry's entries and those of holds, erasures and reads are kept for ever: no scope is noted for them."""
    notes = Notes()
    for entry in entries:
        event = entry.received.event
        topic = TOPIC_OF_TYPE[event.type]
        if topic in KEPT_TOPICS and event.interaction is None:
            notes.concerns[entry.scope] = _concern(event)
        if topic is REGISTRY or topic in KEPT_TOPICS:
            continue
        scope = entry.scope
        at = datetime.fromtimestamp(entry.received.timestamp_ms / 1000, UTC)
        _note(notes.scopes.setdefault(scope, ScopeNote(event.interaction, at)), event, at)
        notes.places.update(
            (scope[0], kind, name, scope[1])
            for kind, name in (("matter", event.matter), ("conversation", event.conversation))
            if name is not None
        )
    return notes


def _concern(event: AnyEvent) -> str:
    """A hold without matter is the whole tenant's, and covers everybody's. All else without matter may name what others must not see."""
    return event.matter or ("" if isinstance(event.data, HoldPlaced | HoldReleased) else UNKNOWN)


def _note(note: ScopeNote, event: AnyEvent, at: datetime) -> None:
    note.use_case = note.use_case or _use_case(event)
    if event.type == InteractionCompleted.TYPE:
        note.ended_at = at


def _use_case(event: AnyEvent) -> str:
    """Requests name it, later events pin a version of it. What is no name is not noted: a text may hold what a database refuses."""
    found = getattr(event.data, "use_case", None)
    name = found if isinstance(found, str) else getattr(found, "name", "")
    return name if is_identifier(name) else ""
