"""The outbox: results on their way to Kafka, in batches a partition, each acknowledged before its cause is finished."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import DefaultPartitioner, murmur2
from chancery_contracts.envelope import Headers

from chancery_bus.errors import DeliveryFailed

_ = DefaultPartitioner  # the hash below is the one it uses, so keys land where any other Kafka client puts them


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record to write."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers


class Delivery:
    """The records of one cause; calls back once, when all are acknowledged."""

    __slots__ = ("_missing", "_on_delivered")

    def __init__(self, count: int, on_delivered: Callable[[], None]) -> None:
        self._missing = count
        self._on_delivered = on_delivered

    def acknowledged(self) -> None:
        """One more is."""
        self._missing -= 1
        if self._missing == 0:
            self._on_delivered()


_Entry = tuple[Outgoing, Delivery]


@lru_cache(maxsize=65_536)
def _hashed(key: bytes) -> int:
    return murmur2(key) & 0x7FFFFFFF  # type: ignore[no-any-return]  # the client is untyped


class Outbox:
    """Order per topic and partition is that of `put`. Bounded by the stage, which finishes only what is acknowledged."""

    def __init__(self, producer: AIOKafkaProducer, on_failure: Callable[[Exception], None]) -> None:
        self._producer = producer
        self._on_failure = on_failure
        self._unrouted: list[_Entry] = []
        self._partitions: dict[str, int] = {}
        self._lanes: dict[tuple[str, int], _Shipping] = {}
        self._router: asyncio.Task[None] | None = None
        self._round_robin = 0
        self._unacknowledged = 0

    @property
    def busy(self) -> bool:
        """True while the records of some cause are not acknowledged."""
        return self._unacknowledged > 0

    def _delivered(self, on_delivered: Callable[[], None]) -> None:
        self._unacknowledged -= 1
        on_delivered()

    def put(self, records: Sequence[Outgoing], on_delivered: Callable[[], None]) -> None:
        """Takes the records of one cause. Failures go to `on_failure`, once; nothing is acknowledged after one."""
        self._unacknowledged += 1
        delivery = Delivery(len(records), lambda: self._delivered(on_delivered))
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

    def _ship(self, record: Outgoing, delivery: Delivery) -> None:
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

    async def _send(self, lane: "_Shipping") -> None:
        try:
            while lane.entries:
                entries, lane.entries = lane.entries, []
                await self._send_batches(lane, entries)
        except Exception as exc:  # noqa: BLE001  # whatever it is, it must stop the stage: nobody awaits this task
            self._fail(exc, lane.topic)
        finally:
            lane.task = None

    async def _send_batches(self, lane: "_Shipping", entries: list[_Entry]) -> None:
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

    def _sent(self, future: "asyncio.Future[object]", deliveries: list[Delivery], topic: str) -> None:
        if future.cancelled():
            return
        error = future.exception()
        if error is not None:
            self._fail(error, topic)
            return
        for delivery in deliveries:
            delivery.acknowledged()

    def _fail(self, error: BaseException, topic: str) -> None:
        failure = DeliveryFailed(f"{topic}: {type(error).__name__}")
        failure.__cause__ = error
        self._on_failure(failure)


class _Shipping:
    """What waits for one partition of one topic."""

    __slots__ = ("entries", "partition", "task", "topic")

    def __init__(self, topic: str, partition: int) -> None:
        self.topic = topic
        self.partition = partition
        self.entries: list[_Entry] = []
        self.task: asyncio.Task[None] | None = None
