"""The report that an order about a person ends in: where something was, what became of it, what is left and until when. It names nobody."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chancery_contracts.stores import STORES, Store
from chancery_contracts.subjects import Answer, Phase, Purpose, StoreResult, result_state
from chancery_contracts.topics import TOPICS

NOTE_TITLE = "chancery subject report v1"
"""The first line of what is signed: no checkpoint begins so, and no report can pass for one."""
MOST_PLACES = 1_000
KEYS = (
    "A person's values in the vault are sealed under keys of that person, which are destroyed. Backups of the database hold those keys "
    "wrapped under the tenant's key: restored into this system they are erased again from what the `privacy` topic tells; a copy elsewhere "
    "opens until the tenant's key version that wrapped it is rotated and destroyed, or until the backup lapses. Payloads of the trail "
    "share the key of their interaction, which stays: of these, too, a backup's copy opens until then. Processes forget unwrapped keys "
    "within the bounded life of their caches."
)
NOT_COVERED = (
    "what was on its way when the order was placed, and what came after it: ask again",
    "reasons and names that people put into holds, orders and the registry in clear words: they are to be without personal data",
    "spellings that were not given: initials, a surname alone, a misspelling, unless redaction linked them to the person",
    "names that are written so that letters are others' look-alikes or escaped (`\\u00eb`), or with markup inside (`<b>Ann</b> Lee`)",
    "copies outside of this system: exports and evidence packs handed out, backups, the model providers' own logs",
    "names of files, documents' ids and other opaque identifiers that somebody made of a name",
)


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """What is known of an order beside its answers."""

    tenant: str
    order: str
    purpose: Purpose
    reason: str
    legal_ground: str | None
    requested_by: str
    placed_at: datetime
    identifiers: int
    pseudonyms: int
    tenant_held: bool
    held_matters: tuple[str, ...]
    holds: tuple[str, ...]


def merged(answers: Iterable[tuple[Phase, Answer]], *, erasing: bool) -> list[StoreResult]:
    """One result a store: parts add up."""
    by_store: dict[str, list[StoreResult]] = defaultdict(list)
    for phase, answer in answers:
        for one in answer.results:
            # What the vault knows is told first, and again when it is destroyed: of an erasure the second counts.
            if phase == "resolve" and erasing:
                continue
            by_store[one.store].append(one)
    return [_sum(store, pieces, erasing=erasing) for store, pieces in sorted(by_store.items())]


def _sum(store: str, pieces: Sequence[StoreResult], *, erasing: bool) -> StoreResult:
    found, erased, left, unreadable = (sum(getattr(one, name) for one in pieces) for name in ("found", "erased", "left", "unreadable"))
    return StoreResult(
        store=store, state=result_state(found, erased, left, erasing=erasing), found=found, erased=erased, left=left, unreadable=unreadable,
        places=tuple(place for one in pieces for place in one.places),
        matters=tuple(sorted({name for one in pieces for name in one.matters})),
        contents=tuple(text for one in pieces for text in one.contents),
    )  # fmt: skip


def report_of(facts: OrderFacts, results: Sequence[StoreResult], now: datetime) -> dict[str, Any]:
    """As JSON."""
    erasing = facts.purpose == "erase"
    state = "partly" if any(one.left or one.unreadable for one in results) else "done"
    by_name = {one.name: one for one in STORES}
    return {
        "version": 1, "tenant": facts.tenant, "order": facts.order, "purpose": facts.purpose, "state": state, "reason": facts.reason,
        "legal_ground": facts.legal_ground, "requested_by": facts.requested_by, "placed_at": facts.placed_at.isoformat(),
        "ended_at": now.isoformat(), "identifiers": facts.identifiers, "pseudonyms": facts.pseudonyms,
        "stores": [_store(one, by_name) for one in results],
        "held": {"tenant": facts.tenant_held, "matters": list(facts.held_matters), "holds": list(facts.holds)},
        "lapses": [_lapse(one, now) for one in STORES if one.reach == "lapses" and one.name.startswith("topic ")],
        "keys": KEYS if erasing else "", "not_covered": list(NOT_COVERED),
    }  # fmt: skip


def _store(one: StoreResult, register: Mapping[str, Store]) -> dict[str, Any]:
    known = register.get(one.store)
    return {
        "store": one.store, "what": known.what if known else "", "state": one.state, "found": one.found, "erased": one.erased,
        "left": one.left, "unreadable": one.unreadable, "matters": list(one.matters), "places": list(one.places[:MOST_PLACES]),
        "more_places": max(0, len(one.places) - MOST_PLACES),
    }  # fmt: skip


def _lapse(one: Store, now: datetime) -> dict[str, Any]:
    """What Kafka holds, single records of which cannot be deleted."""
    days = next((topic.retention_ms / 86_400_000 for topic in TOPICS if one.name.removesuffix(".deadletter") == f"topic {topic.name}"), 0.0)
    return {"store": one.name, "holds": one.holds, "kept": one.kept, "gone_by": (now + timedelta(days=days)).isoformat()}


def note_text(order: str, sha256: str) -> str:
    """What is signed."""
    return f"{NOTE_TITLE}\n{order}\n{sha256}\n"
