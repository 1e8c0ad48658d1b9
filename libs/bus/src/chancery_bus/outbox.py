"""The outbox: results on their way to Kafka, in batches a partition, each acknowledged before its cause is finished."""

import asyncio
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Generic, TypeVar

import msgspec
from aiokafka import AIOKafkaProducer
from chancery_contracts.envelope import Headers

from chancery_bus.errors import DeliveryFailed
from chancery_bus.murmur import murmur2

C = TypeVar("C")


class Outgoing(msgspec.Struct, frozen=True):
    """A record to write."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers


class Delivery(Generic[C]):
    """The records of one cause, and how many of them are not acknowledged."""

    __slots__ = ("cause", "missing")

    def __init__(self, cause: C, count: int) -> None:
        self.cause = cause
        self.missing = count


_Entry = tuple[Outgoing, Delivery[C]]


@lru_cache(maxsize=65_536)
def _hashed(key: bytes) -> int:
    return murmur2(key) & 0x7FFFFFFF


class Outbox(Generic[C]):
    """Order per topic and partition is that of `put`. Bounded by the stage, which finishes only what is acknowledged."""

    def __init__(self, producer: AIOKafkaProducer, on_delivered: Callable[[C], None], on_failure: Callable[[Exception], None]) -> None:
        self._producer = producer
        self._on_delivered = on_delivered
        self._on_failure = on_failure
        self._unrouted: list[_Entry[C]] = []
        self._partitions: dict[str, int] = {}
        self._lanes: dict[tuple[str, int], _Shipping[C]] = {}
        self._router: asyncio.Task[None] | None = None
        self._round_robin = 0
        self._unacknowledged = 0

    @property
    def busy(self) -> bool:
        """True while the records of some cause are not acknowledged."""
        return self._unacknowledged > 0

    def put(self, cause: C, records: Sequence[Outgoing]) -> None:
        """Takes the records of one cause; `on_delivered` hears of it once all are acknowledged, `on_failure` of a failure."""
        self._unacknowledged += 1
        delivery = Delivery(cause, len(records))
        for record in records:
            if self._router is None and record.topic in self._partitions:
                self._ship(record, delivery)
            else:
                self._unrouted.append((record, delivery))
        if self._unrouted and self._router is None:
            self._router = asyncio.get_running_loop().create_task(self._route())

    async def _route(self) -> None:
        """Looks up how many partitions a topic has, the first time; keeps order by routing everything behind it too."""
        try:
            while self._unrouted:
                record, delivery = self._unrouted[0]
                if record.topic not in self._partitions:
                    self._partitions[record.topic] = len(await self._producer.partitions_for(record.topic))
                self._unrouted.pop(0)
                self._ship(record, delivery)
        except Exception as exc:  # noqa: BLE001  # whatever it is, it must stop the stage: nobody awaits this task
            self._fail(exc, self._unrouted[0][0].topic)
        finally:
            self._router = None

    def _ship(self, record: Outgoing, delivery: Delivery[C]) -> None:
        partition = self._partition(record)
        lane = self._lanes.get((record.topic, partition))
        if lane is None:
            lane = self._lanes[(record.topic, partition)] = _Shipping(record.topic, partition)
        lane.entries.append((record, delivery))
        if lane.task is None:
            lane.task = asyncio.get_running_loop().create_task(self._send(lane))

    def _partition(self, record: Outgoing) -> int:
        count = self._partitions[record.topic]
        if record.key is None:
            self._round_robin += 1
            return self._round_robin % count
        return _hashed(record.key) % count

    async def _send(self, lane: "_Shipping[C]") -> None:
        try:
            while lane.entries:
                entries, lane.entries = lane.entries, []
                await self._send_batches(lane, entries)
        except Exception as exc:  # noqa: BLE001  # whatever it is, it must stop the stage: nobody awaits this task
            self._fail(exc, lane.topic)
        finally:
            lane.task = None

    async def _send_batches(self, lane: "_Shipping[C]", entries: list[_Entry[C]]) -> None:
        position = 0
        while position < len(entries):
            batch, start = self._producer.create_batch(), position
            while position < len(entries):
                record = entries[position][0]
                if batch.append(timestamp=None, key=record.key, value=record.value, headers=list(record.headers)) is None:
                    break
                position += 1
            sent = [delivery for _, delivery in entries[start:position]]
            future = await self._producer.send_batch(batch, lane.topic, partition=lane.partition)
            future.add_done_callback(lambda done, sent=sent: self._sent(done, sent, lane.topic))

    def _sent(self, future: "asyncio.Future[object]", deliveries: list[Delivery[C]], topic: str) -> None:
        if future.cancelled():
            return
        error = future.exception()
        if error is not None:
            self._fail(error, topic)
            return
        for delivery in deliveries:
            delivery.missing -= 1
            if delivery.missing == 0:
                self._unacknowledged -= 1
                self._on_delivered(delivery.cause)

    def _fail(self, error: BaseException, topic: str) -> None:
        failure = DeliveryFailed(f"{topic}: {type(error).__name__}")
        failure.__cause__ = error
        self._on_failure(failure)


class _Shipping(Generic[C]):
    """What waits for one partition of one topic."""

    __slots__ = ("entries", "partition", "task", "topic")

    def __init__(self, topic: str, partition: int) -> None:
        self.topic = topic
        self.partition = partition
        self.entries: list[_Entry[C]] = []
        self.task: asyncio.Task[None] | None = None
