"""How an owner of stores takes part in orders about a data subject: one stage a service, one `SubjectStore` a store.

Effect, the fact for the `privacy` topic, and the answer are stored in one transaction: killed at any step, an order goes on where it was.
"""

import base64
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from chancery_bus import BusHandler, Received, StageDefinition, StageLimits
from chancery_contracts.event import AnyEvent, Clock, Event
from chancery_contracts.failures import Poison
from chancery_contracts.identifiers import derived_id
from chancery_contracts.interactions import Stage
from chancery_contracts.phrases import Phrases
from chancery_contracts.privacy import PrivacyPayload
from chancery_contracts.subjects import (
    Answer,
    Identifiers,
    Phase,
    Purpose,
    StoreResult,
    SubjectAnswered,
    SubjectErasedInStore,
    SubjectSought,
)
from chancery_contracts.topics import SUBJECTS
from chancery_storage import Connection, Database, Journal

from chancery_runtime.errors import CorruptSeal, KeyDestroyed
from chancery_runtime.holds import Holds
from chancery_runtime.keys import KeyService, seal, unseal
from chancery_runtime.stages import key

JOURNAL = "subjects"
JOURNAL_KEPT = timedelta(days=2)
"""Longer than the topic keeps what is answered."""
PART_BYTES = 300_000
"""Of an answer's contents: sealed and in base64, a part stays well below what an event may have."""
PLACES_A_FACT = 2_000


@dataclass(frozen=True, slots=True)
class Sought:
    """Who is sought, and what is to be done."""

    tenant: str
    order: str
    purpose: Purpose
    phase: Phase
    identifiers: Identifiers
    phrases: Phrases = field(repr=False)
    tenant_held: bool = False
    held_matters: frozenset[str] = frozenset()

    @property
    def erasing(self) -> bool:
        """Whether something is to be destroyed."""
        return self.purpose == "erase"

    @property
    def exporting(self) -> bool:
        """Whether texts are to be given, and not their places alone."""
        return self.purpose == "export"

    def held(self, matter: str | None) -> bool:
        """Whether a hold covers what belongs to this matter."""
        return self.tenant_held or (matter is not None and matter in self.held_matters)


class SubjectStore(ABC):
    """A store, or a few that are one thing."""

    phases: frozenset[Phase] = frozenset({"act"})
    """In which it is asked."""

    @abstractmethod
    async def look(self, sought: Sought) -> Any:
        """What there is of the person; outside of any transaction, however long it takes."""

    @abstractmethod
    async def act(self, sought: Sought, found: Any, connection: Connection) -> Sequence[StoreResult]:
        """Tells what was found and, where the order says so, erases it. Raises Retry where it is not as it was looked at."""

    async def also(self, sought: Sought, found: Any, connection: Connection) -> Sequence[AnyEvent]:
        """What an erasure publishes beside, for what was found; in the transaction in which it was carried out."""
        return ()


def order_context(tenant: str, order: str) -> str:
    """Binds an order's key to it."""
    return f"subject-order/{tenant}/{order}"


def sealed_text(order_key: bytes, plaintext: bytes, context: str) -> str:
    """For an event."""
    return base64.b64encode(seal(order_key, plaintext, context.encode())).decode()


def unsealed_text(order_key: bytes, sealed: str, context: str) -> bytes:
    """Raises CorruptSeal."""
    try:
        raw = base64.b64decode(sealed, validate=True)
    except ValueError as exc:
        raise CorruptSeal("not sealed text") from exc
    return unseal(order_key, raw, context.encode())


def sought_context(tenant: str, order: str, phase: Phase) -> str:
    """Binds sealed identifiers to their place."""
    return f"subject-sought/{tenant}/{order}/{phase}"


def answer_context(tenant: str, data: "SubjectAnswered | tuple[str, Phase, str, int]") -> str:
    """Binds a sealed answer to its place."""
    order, phase, owner, part = data if isinstance(data, tuple) else (data.order, data.phase, data.owner, data.part)
    return f"subject-answered/{tenant}/{order}/{phase}/{owner}/{part}"


@dataclass(frozen=True)
class Owner:
    """A service that has stores."""

    name: str
    stage: Stage
    database: Database
    keys: KeyService
    """Of orders; a store's own are its own."""
    clock: Clock
    stores: Sequence[SubjectStore]
    holds: Holds | None = None
    """None: its stores look at holds themselves, in the transaction in which they erase."""

    @property
    def journal(self) -> Journal:
        """Of answers, which are sealed in themselves."""
        return Journal(self.database, JOURNAL)

    async def purge(self) -> int:
        """Answers that no redelivery can ask for any more."""
        return await self.journal.purge(self.clock() - JOURNAL_KEPT)


def subject_stage(owner: Owner) -> StageDefinition:
    """An order that gets lost is worse than a late one: retried until the topic forgets it."""
    limits = StageLimits(max_in_flight=2, retry_for_s=86_400.0)
    return StageDefinition(owner.stage, f"{owner.name}-subjects", (SUBJECTS,), handler(owner), limits, answers=False)


def handler(owner: Owner) -> BusHandler:
    """What the stage does with an event."""
    journal = owner.journal

    async def handle(received: Received) -> Sequence[AnyEvent]:
        if not isinstance(received.event.data, SubjectSought):
            return []
        event: Event[SubjectSought] = received.event  # type: ignore[assignment]  # its data were looked at
        stores = [one for one in owner.stores if event.data.phase in one.phases]
        if not stores:
            return []
        cause = key(event)
        async with owner.database.statement() as connection:
            stored = await journal.find(connection, cause)
        if stored is not None:
            return stored
        order_key = await _order_key(event, owner.keys)
        if order_key is None:
            return []
        sought = opened(event, order_key)
        looked = [(store, await store.look(sought)) for store in stores]
        # Behind the look, which may take long: an order may be hours old, and a hold younger.
        sought = await _with_holds(owner, sought)
        async with owner.database.transaction() as connection:
            results = [result for store, found in looked for result in await store.act(sought, found, connection)]
            beside = [made for store, found in looked if sought.erasing for made in await store.also(sought, found, connection)]
            made = [*beside, *_facts(event, owner, results, sought), *_answers(event, owner, results, order_key)]
            return await journal.store(connection, cause, made, owner.clock())

    return handle


async def _with_holds(owner: Owner, sought: Sought) -> Sought:
    """Those that the order was told with, and those in force now. Raises Retry where they cannot be known."""
    if owner.holds is None or not sought.erasing:
        return sought
    held = await owner.holds.in_force(sought.tenant)
    return replace(sought, tenant_held=sought.tenant_held or held.tenant, held_matters=sought.held_matters | held.matters)


async def _order_key(event: Event[SubjectSought], keys: KeyService) -> bytes | None:
    """None: the order is over, and its key destroyed. Raises KeyServiceDown; Poison where somebody else made it."""
    try:
        return await keys.unwrap(event.tenant, base64.b64decode(event.data.wrapped_key), order_context(event.tenant, event.data.order))
    except KeyDestroyed:
        return None
    except (CorruptSeal, ValueError) as exc:
        raise Poison("the order's key does not open: it is none of ours", answer=False) from exc


def opened(event: Event[SubjectSought], order_key: bytes) -> Sought:
    """Raises Poison where somebody else made it."""
    data = event.data
    try:
        plain = unsealed_text(order_key, data.sealed, sought_context(event.tenant, data.order, data.phase))
    except CorruptSeal as exc:
        raise Poison("what the order seals does not open: it is none of ours", answer=False) from exc
    identifiers = Identifiers.model_validate_json(plain)
    return Sought(
        event.tenant, data.order, data.purpose, data.phase, identifiers, Phrases(identifiers.values), data.tenant_held,
        frozenset(data.held_matters),
    )  # fmt: skip


def _facts(event: Event[SubjectSought], owner: Owner, results: Sequence[StoreResult], sought: Sought) -> Iterator[AnyEvent]:
    """For ever on record: how much, where; never what."""
    for result in results if sought.erasing else ():
        if result.state == "nothing_found" or (not result.erased and not result.left):
            continue
        for start in range(0, max(1, len(result.places)), PLACES_A_FACT):
            data = SubjectErasedInStore(
                order=sought.order, store=result.store, found=result.found, erased=result.erased, left=result.left, state=result.state,
                places=result.places[start : start + PLACES_A_FACT],
            )  # fmt: skip
            yield _event(event, owner, data, f"{result.store}/{start}")


def _answers(event: Event[SubjectSought], owner: Owner, results: Sequence[StoreResult], order_key: bytes) -> Iterator[AnyEvent]:
    parts = list(split(results))
    for number, part in enumerate(parts):
        context = answer_context(event.tenant, (event.data.order, event.data.phase, owner.name, number))
        sealed = sealed_text(order_key, Answer(results=tuple(part)).model_dump_json().encode(), context)
        data = SubjectAnswered(
            order=event.data.order, phase=event.data.phase, owner=owner.name, part=number, last=number == len(parts) - 1, sealed=sealed
        )
        yield _event(event, owner, data, f"answer/{number}")


def split(results: Sequence[StoreResult]) -> Iterator[list[StoreResult]]:
    """Parts that fit an event: a result's later pieces bring its further contents, places and pseudonyms, and count nothing again."""
    part: list[StoreResult] = []
    size = 0
    for piece in (piece for result in results for piece in _pieces(result)):
        weight = len(piece.model_dump_json().encode())
        if part and size + weight > PART_BYTES:
            yield part
            part, size = [], 0
        part.append(piece)
        size += weight
    yield part


def _pieces(result: StoreResult) -> Iterator[StoreResult]:
    lists: Mapping[str, Sequence[Any]] = {name: getattr(result, name) for name in ("contents", "places", "tokens")}
    bare = result.model_copy(update={"contents": (), "places": (), "tokens": ()})
    again = bare.model_copy(update={"found": 0, "erased": 0, "left": 0, "unreadable": 0})
    first = True
    for name, items in lists.items():
        for chunk in _chunks(items):
            yield (bare if first else again).model_copy(update={name: tuple(chunk)})
            first = False
    if first:
        yield bare


def _chunks(items: Sequence[Any]) -> Iterator[list[Any]]:
    chunk: list[Any] = []
    size = 0
    for item in items:
        weight = len((item if isinstance(item, str) else item.model_dump_json()).encode()) + 3
        if chunk and size + weight > PART_BYTES // 2:
            yield chunk
            chunk, size = [], 0
        chunk.append(item)
        size += weight
    if chunk:
        yield chunk


def _event(cause: Event[SubjectSought], owner: Owner, data: PrivacyPayload, ordinal: str) -> AnyEvent:
    name = derived_id(f"{cause.tenant}/{cause.id}/{ordinal}", owner.name)
    return Event(
        id=name, source=f"chancery/{owner.name}", time=owner.clock(), tenant=cause.tenant, data=data, causation=cause.id,
        namespace=cause.namespace,
    )  # fmt: skip
