"""An order's way: decide on what is known, write it to the topic, see whether it counted. The log's order settles what races."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from time import perf_counter
from uuid import uuid4

from chancery_contracts.base import MAX_DATA_BYTES
from chancery_contracts.catalogue import Thing
from chancery_contracts.envelope import encode
from chancery_contracts.event import AnyEvent, Clock, Event
from chancery_contracts.governance import Change
from chancery_contracts.governed import ChangeRefused, OwnWork
from chancery_contracts.identifiers import derived_id
from chancery_runtime.metrics import counter, histogram

from chancery_registry.domain.books import Told
from chancery_registry.domain.orders import Order, same
from chancery_registry.domain.roles import Member
from chancery_registry.errors import Conflict, KeyReused, MovedOn, NoPart, NotKnownYet, RegistryError, Unsound
from chancery_registry.handlers import HANDLERS, Standing
from chancery_registry.ports import Log, Scene


@dataclass(frozen=True, slots=True)
class Asked:
    """An order about a thing, by somebody; `if_match`: where they saw the thing stand."""

    thing: Thing
    member: Member
    order: Order
    if_match: int | None = None
    key: str | None = None

    def change_id(self) -> str:
        """The same for the same key of the same person and thing; fresh where there is none."""
        if self.key is None:
            return str(uuid4())
        return derived_id("/".join((*self.thing, self.member.name, self.key)), "registry")


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of it. `event` none: a version said the same already."""

    sequence: int
    version: int | None
    event: AnyEvent | None = None
    repeated: bool = False


class Commands:
    """Takes orders. Those about one thing wait for each other here; against other processes the log decides."""

    def __init__(self, log: Log, clock: Clock, *, lead_s: float, deadline_s: float) -> None:
        self._log = log
        self._clock = clock
        self._lead = timedelta(seconds=lead_s)
        self._deadline_s = deadline_s
        self._turns = _Turns()
        self._taken = counter("chancery_registry_commands_total", "Orders, by what became of them", ("order", "outcome"))
        self._seconds = histogram("chancery_registry_command_seconds", "From an order to its answer")

    async def __call__(self, asked: Asked) -> Answer:
        """Raises RegistryError, Retry."""
        name, began, outcome = type(asked.order).__name__, perf_counter(), "counted"
        change_id = asked.change_id()
        try:
            async with asyncio.timeout(self._deadline_s):
                async with self._turns.of(asked.thing):
                    return await self._take(asked, change_id)
        except TimeoutError as exc:
            outcome = "unknown"
            raise NotKnownYet(change_id) from exc
        except RegistryError as exc:
            outcome = type(exc).__name__
            raise
        finally:
            self._taken.labels(name, outcome).inc()
            self._seconds.observe(perf_counter() - began)

    async def _take(self, asked: Asked, change_id: str) -> Answer:
        handler = HANDLERS[type(asked.order)]
        if handler.right not in asked.member.rights:
            raise NoPart(f"may not {handler.right}")
        await self._log.catch_up()
        before = self._log.books.told(asked.thing[0], change_id)
        if before is not None:
            return _again(before, asked)
        scene = Scene(self._log.books, asked.thing, asked.member, self._clock(), self._lead, change_id)
        if asked.if_match is not None and asked.if_match != scene.history.sequence:
            raise MovedOn(scene.history.sequence)
        decided = handler.decide(asked.order, scene)
        if isinstance(decided, Standing):
            return Answer(scene.history.sequence, decided.version, repeated=True)
        return await self._write(_event(decided, scene), scene)

    async def _write(self, event: AnyEvent, scene: Scene) -> Answer:
        _attempt(event, scene)
        # Shielded: an order that is given up must not leave half a record, nor take a neighbour's batch with it.
        place = await asyncio.shield(asyncio.ensure_future(self._log.publish(event)))
        await self._log.reached(place)
        told = self._log.books.told(scene.thing[0], event.id)
        if told is None:
            raise NotKnownYet(event.id)
        return _answer(told, self._log.books.history(scene.thing).sequence)


def _event(change: Change, scene: Scene) -> AnyEvent:
    event = Event(id=change.change_id, source="chancery/registry", time=scene.now, tenant=scene.thing[0], data=change)
    if len(encode(event).value) > MAX_DATA_BYTES:
        raise Unsound("the body is larger than an event may be")
    return event


def _attempt(event: AnyEvent, scene: Scene) -> None:
    """The fold's own rules, before anything is written: what would not count is not published."""
    try:
        scene.history.attempt(event)
    except OwnWork as exc:
        raise NoPart(str(exc)) from exc
    except ChangeRefused as exc:
        raise Conflict(str(exc), scene.history.sequence) from exc


def _again(told: Told, asked: Asked) -> Answer:
    data = told.event.data
    if told.thing != asked.thing or not same(asked.order, HANDLERS[type(asked.order)].makes, data):
        raise KeyReused
    answer = _answer(told, data.sequence if isinstance(data, Change) else 0)
    return Answer(answer.sequence, answer.version, answer.event, repeated=True)


def _answer(told: Told, sequence: int) -> Answer:
    if told.outcome == "refused":
        raise Conflict(told.why or "the change does not count", sequence, told.event.id)
    data = told.event.data
    assert isinstance(data, Change)
    return Answer(data.sequence, getattr(data, "version", None), told.event)


class _Turns:
    """A lock a thing, for as long as somebody wants it."""

    def __init__(self) -> None:
        self._locks: dict[Thing, tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def of(self, thing: Thing) -> AsyncIterator[None]:
        lock, waiting = self._locks.get(thing, (asyncio.Lock(), 0))
        self._locks[thing] = lock, waiting + 1
        try:
            async with lock:
                yield
        finally:
            lock, waiting = self._locks[thing]
            if waiting == 1:
                del self._locks[thing]
            else:
                self._locks[thing] = lock, waiting - 1
