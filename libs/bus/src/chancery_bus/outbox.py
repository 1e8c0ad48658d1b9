"""The outbox: results on their way to Kafka, in batches a partition, each acknowledged before its cause is finished."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Generic, Protocol, TypeVar

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder
from chancery_contracts.envelope import Headers

from chancery_bus.errors import DeliveryFailed
from chancery_bus.murmur import murmur2

_QUEUED = 2
"""Batches of a partition given to the client at once: one on its way, one behind it. What comes meanwhile makes the next one larger."""


class Cause(Protocol):
    """What results come from. `missing`: how many of them are not acknowledged."""

    missing: int


C = TypeVar("C", bound=Cause)


class Outgoing(msgspec.Struct, frozen=True, gc=False):
    """A record to write."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers


@lru_cache(maxsize=65_536)
def _hashed(key: bytes) -> int:
    return murmur2(key) & 0x7FFFFFFF


class Outbox(Generic[C]):
    """Order per topic and partition is that of `put`. Bounded by the stage, which finishes only what is acknowledged."""

    def __init__(
        self, producer: AIOKafkaProducer, on_delivered: Callable[[Sequence[C]], None], on_failure: Callable[[Exception], None]
    ) -> None:
        self._producer = producer
        self._on_delivered = on_delivered
        self._on_failure = on_failure
        self._unrouted: list[tuple[Outgoing, C]] = []
        self._topics: dict[str, list[_Shipping[C]]] = {}
        self._router: asyncio.Task[None] | None = None
        self._round_robin = 0
        self._unacknowledged = 0

    @property
    def busy(self) -> bool:
        """True while the records of some cause are not acknowledged."""
        return self._unacknowledged > 0

    def put(self, cause: C, records: Sequence[Outgoing]) -> None:
        """Takes the records of one cause; `on_delivered` hears of those of which all are acknowledged, `on_failure` of a failure."""
        self._unacknowledged += 1
        cause.missing = len(records)
        for record in records:
            shippings = self._topics.get(record.topic)
            if shippings is None or self._router is not None:
                self._unrouted.append((record, cause))
            else:
                self._ship(shippings, record, cause)
        if self._unrouted and self._router is None:
            self._router = asyncio.get_running_loop().create_task(self._route())

    async def _route(self) -> None:
        """Looks up how many partitions a topic has, the first time; keeps order by routing everything behind it too."""
        try:
            while self._unrouted:
                record, cause = self._unrouted[0]
                shippings = self._topics.get(record.topic)
                if shippings is None:
                    partitions = await self._producer.partitions_for(record.topic)
                    shippings = self._topics[record.topic] = [_Shipping(record.topic, number) for number in range(len(partitions))]
                self._unrouted.pop(0)
                self._ship(shippings, record, cause)
        except Exception as exc:  # noqa: BLE001  # whatever it is, it must stop the stage: nobody awaits this task
            self._fail(exc, self._unrouted[0][0].topic)
        finally:
            self._router = None

    def _ship(self, shippings: "list[_Shipping[C]]", record: Outgoing, cause: C) -> None:
        if record.key is not None:
            number = _hashed(record.key)
        else:
            self._round_robin = number = self._round_robin + 1
        shipping = shippings[number % len(shippings)]
        if shipping.batch is None or not shipping.add(record, cause):
            shipping.begin(self._producer.create_batch())
            shipping.add(record, cause)
        if shipping.task is None:
            shipping.task = asyncio.get_running_loop().create_task(self._send(shipping))

    async def _send(self, shipping: "_Shipping[C]") -> None:
        try:
            while shipping.batches:
                while len(shipping.sent) >= _QUEUED:
                    await asyncio.wait((shipping.sent[0],))
                    shipping.sent.popleft()
                batch, causes = shipping.take()
                future = await self._producer.send_batch(batch, shipping.topic, partition=shipping.partition)
                future.add_done_callback(partial(self._sent, causes, shipping.topic))
                shipping.sent.append(future)
        except Exception as exc:  # noqa: BLE001  # whatever it is, it must stop the stage: nobody awaits this task
            self._fail(exc, shipping.topic)
        finally:
            shipping.task = None

    def _sent(self, causes: list[C], topic: str, future: "asyncio.Future[object]") -> None:
        if future.cancelled():
            return
        error = future.exception()
        if error is not None:
            self._fail(error, topic)
            return
        delivered = []
        for cause in causes:
            cause.missing -= 1
            if not cause.missing:
                delivered.append(cause)
        self._unacknowledged -= len(delivered)
        self._on_delivered(delivered)

    def _fail(self, error: BaseException, topic: str) -> None:
        failure = DeliveryFailed(f"{topic}: {type(error).__name__}")
        failure.__cause__ = error
        self._on_failure(failure)


class _Shipping(Generic[C]):
    """What waits for one partition of one topic: written into its batch at once, while it is at hand."""

    def __init__(self, topic: str, partition: int) -> None:
        self.topic = topic
        self.partition = partition
        self.task: asyncio.Task[None] | None = None
        self.sent: deque[asyncio.Future[object]] = deque()
        self.batches: deque[tuple[BatchBuilder, list[C]]] = deque()
        self.batch: BatchBuilder | None = None
        self._causes: list[C] = []

    def begin(self, batch: BatchBuilder) -> None:
        """What is added from now on goes into this batch."""
        self.batch, self._causes = batch, []
        self.batches.append((batch, self._causes))

    def add(self, record: Outgoing, cause: C) -> bool:
        """False where the batch is full. An empty one takes a record of any size."""
        assert self.batch is not None
        if self.batch.append(timestamp=None, key=record.key, value=record.value, headers=list(record.headers)) is None:
            return False
        self._causes.append(cause)
        return True

    def take(self) -> tuple[BatchBuilder, list[C]]:
        """The oldest batch, for good."""
        taken = self.batches.popleft()
        if taken[0] is self.batch:
            self.batch = None
        return taken
