"""Reading outside of groups: a whole topic from its beginning (tables, tails), and one record by its position."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable

import msgspec
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError
from chancery_contracts.envelope import Origin, decode
from chancery_contracts.failures import Poison, Retry
from chancery_contracts.topics import topic_named

from chancery_bus.admin import partition_counts
from chancery_bus.clients import KafkaAddress, start_consumer, stop_consumer
from chancery_bus.errors import BusError, KafkaUnreachable, RecordGone
from chancery_bus.publisher import Position
from chancery_bus.stage import Received


def received(record: ConsumerRecord) -> Received:
    """The event of a record. Raises Poison where it is none of ours."""
    _, tenant = topic_named(record.topic)
    event = decode(record.value, record.headers, Origin(tenant, record.timestamp))
    return Received(event, record.topic, record.partition, record.offset, record.timestamp)


class Poll(msgspec.Struct, frozen=True, gc=False):
    """What came at once, and how far each partition is read with it: records that are no events of ours are passed over."""

    events: list[Received]
    positions: dict[tuple[str, int], int]


class TopicReader:
    """Follows topics from a point on, without a group: every process sees every record."""

    def __init__(self, consumer: AIOKafkaConsumer, partitions: list[TopicPartition]) -> None:
        self._consumer = consumer
        self._partitions = partitions

    @classmethod
    async def start(cls, address: KafkaAddress, topics: Iterable[str], *, from_end: bool = False) -> "TopicReader":
        """At the beginning, or behind the last record. Topics that do not exist are left out. Raises KafkaUnreachable."""
        consumer = await start_consumer(address, group=None)
        partitions = [
            TopicPartition(topic, number) for topic, count in (await partition_counts(address, topics)).items() for number in range(count)
        ]
        consumer.assign(partitions)
        if partitions:
            await (consumer.seek_to_end(*partitions) if from_end else consumer.seek_to_beginning(*partitions))
        return cls(consumer, partitions)

    async def ends(self) -> dict[TopicPartition, int]:
        """The offset behind the last record, now."""
        found = await self._consumer.end_offsets(self._partitions)
        return dict(found)

    async def until(self, ends: dict[TopicPartition, int]) -> AsyncIterator[Received]:
        """Every readable event before those offsets. Unreadable ones are left out: they are dead letters elsewhere."""
        while True:
            behind = [p for p, end in ends.items() if await self._consumer.position(p) < end]
            if not behind:
                return
            async for one in self._batch():
                yield one

    async def follow(self) -> AsyncIterator[Received]:
        """Every readable event, without end."""
        while True:
            async for one in self._batch():
                yield one

    async def polls(self) -> AsyncIterator[Poll]:
        """Whole polls, without end, where something came: for whoever keeps how far it has read beside what it made of it."""
        before: dict[tuple[str, int], int] = {}
        while True:
            events = [one async for one in self._batch()]
            positions = {(one.topic, one.partition): await self._consumer.position(one) for one in self._partitions}
            if events or positions != before:
                before = positions
                yield Poll(events, positions)

    async def _batch(self) -> AsyncIterator[Received]:
        batches = await self._consumer.getmany(timeout_ms=200, max_records=500)
        for records in batches.values():
            for record in records:
                try:
                    yield received(record)
                except Poison:
                    continue

    async def close(self) -> None:
        """Disconnects."""
        await stop_consumer(self._consumer)


class TopicEnd:
    """Asks where a topic of one partition ends, over a connection of its own: behind a fetch that waits, the answer would wait as well."""

    def __init__(self, consumer: AIOKafkaConsumer, partition: TopicPartition) -> None:
        self._consumer = consumer
        self._partition = partition

    @classmethod
    async def start(cls, address: KafkaAddress, topic: str) -> "TopicEnd":
        """Raises KafkaUnreachable."""
        return cls(await start_consumer(address, group=None), TopicPartition(topic, 0))

    async def offset(self) -> int:
        """Behind the last record. Raises Retry while Kafka is away, or the topic is."""
        try:
            found = await self._consumer.end_offsets([self._partition])
        except (TimeoutError, KafkaError) as exc:
            raise Retry(f"Kafka did not answer: {type(exc).__name__}") from exc
        return int(found[self._partition])

    async def close(self) -> None:
        """Disconnects."""
        await stop_consumer(self._consumer)


class TopicFollower:
    """Reads a topic from its beginning to its end, and on from there whenever it is asked again; `take` may see a record twice."""

    def __init__(self, address: KafkaAddress, topic: str, take: Callable[[Received], None]) -> None:
        self._address = address
        self._topic = topic
        self._take = take
        self._reader: TopicReader | None = None
        self._lock = asyncio.Lock()

    async def catch_up(self, *, timeout_s: float) -> None:
        """To where the topic ends now. Raises Retry while Kafka is away."""
        async with self._lock:
            try:
                async with asyncio.timeout(timeout_s):
                    await self._read()
            except (BusError, KafkaError, TimeoutError) as exc:
                await self._drop()
                raise Retry(f"{self._topic} cannot be read to its end: {type(exc).__name__}") from exc

    async def _read(self) -> None:
        if self._reader is None:
            self._reader = await TopicReader.start(self._address, [self._topic])
        ends = await self._reader.ends()
        if not ends:
            raise KafkaUnreachable("a topic that cannot be seen is not an empty one")
        async for one in self._reader.until(ends):
            self._take(one)

    async def _drop(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            await reader.close()

    async def close(self) -> None:
        """Disconnects."""
        async with self._lock:
            await self._drop()


class RecordFetcher:
    """Fetches one record by its position; one fetch at a time over one connection."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer
        self._lock = asyncio.Lock()

    @classmethod
    async def start(cls, address: KafkaAddress) -> "RecordFetcher":
        """Raises KafkaUnreachable."""
        return cls(await start_consumer(address, group=None))

    async def fetch(self, position: Position, *, timeout_s: float = 5.0) -> Received:
        """Raises RecordGone after the topic's retention, Retry while Kafka is away."""
        partition = TopicPartition(position.topic, position.partition)
        async with self._lock:
            try:
                self._consumer.assign([partition])
                first = (await self._consumer.beginning_offsets([partition]))[partition]
                if position.offset < first:
                    raise RecordGone(f"{position.topic}/{position.partition}/{position.offset}")
                self._consumer.seek(partition, position.offset)
                record = await asyncio.wait_for(self._consumer.getone(partition), timeout_s)
            except OffsetOutOfRangeError as exc:
                raise RecordGone(f"{position.topic}/{position.partition}/{position.offset}") from exc
            except (TimeoutError, KafkaError) as exc:
                raise Retry(f"Kafka did not answer: {type(exc).__name__}") from exc
        if record.offset != position.offset:
            raise RecordGone(f"{position.topic}/{position.partition}/{position.offset}")
        return received(record)

    async def close(self) -> None:
        """Disconnects."""
        await stop_consumer(self._consumer)
