"""The runner of a stage that only records: whole polls at a time, in one transaction each, and nothing published.

While one batch is written the next is read and prepared; they are written one after the other, in the order in which they were read, and
a partition's offsets are committed up to the last batch that is written. A passing fault is met by trying again without end: what follows
waits, so that a partition is never recorded with a hole. Memory is bounded by two batches, whatever the backlog.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from chancery_contracts.event import AnyEvent
from chancery_contracts.failures import Poison, Retry
from chancery_contracts.interactions import Stage
from chancery_contracts.topics import Topic
from prometheus_client import CollectorRegistry

from chancery_bus.backoff import backoff_s
from chancery_bus.clients import PASSING, KafkaAddress, start_consumer, start_producer
from chancery_bus.deadletters import DeadLetterLimit, dead_letter
from chancery_bus.decoding import Origins, decoded
from chancery_bus.errors import DeadLetterLimitReached, DeliveryFailed, StageFailed
from chancery_bus.lanes import Work
from chancery_bus.metrics import StageMetrics
from chancery_bus.offsets import OffsetTracker
from chancery_bus.rebalancing import Rebalancing
from chancery_bus.stage import Received, Unreadable

log = structlog.get_logger()
YIELD_EVERY = 50
"""What works through a batch lets the one that is being written go on after so many."""
P = TypeVar("P")
Q = TypeVar("Q")


@dataclass(frozen=True)
class BatchLimits:
    """Every bound, by name."""

    max_records: int = 1_000
    """Of one batch; two are in memory, and what the client has read ahead."""
    gather_ms: int = 400
    """Where less than a batch was there, nothing is read for so long: see `StageLimits`."""
    retry_first_s: float = 0.1
    retry_cap_s: float = 5.0
    deadletters_per_minute: int = 100
    commit_interval_s: float = 1.0
    drain_s: float = 8.0
    """How long batches may take to end when partitions are taken away or the service stops."""
    show_life_s: float = 60.0
    """A batch that is not written for so long: Kafka is told that we live, or the group would give our partitions away."""


@dataclass(frozen=True)
class BatchStage(Generic[P]):
    """One consumer group. `prepare` may run while an earlier batch is being written; it must not depend on what that one stores.

    `write` gives one outcome a record: None where it is done, Poison where it is to be dead-lettered.
    """

    name: Stage | Literal["registry"]
    group: str
    sources: tuple[Topic, ...]
    prepare: Callable[[Sequence[Received]], Awaitable[P]]
    write: Callable[[P], Awaitable[Sequence[Poison | None]]]
    on_unreadable: Callable[[Sequence[Unreadable]], Awaitable[None]]
    limits: BatchLimits = BatchLimits()


@dataclass
class _Batch:
    records: list[ConsumerRecord]
    """Of `received`, in the same order."""
    received: list[Received]
    unreadable: list[Unreadable]
    ends: dict[TopicPartition, int]
    """The next offset of each partition."""


class BatchRunner(Generic[P]):
    """Runs one stage until stopped or failed. `run` returns after `stop`, or raises what went wrong."""

    def __init__(self, definition: BatchStage[P], address: KafkaAddress, *, namespace: str, registry: CollectorRegistry) -> None:
        self.definition = definition
        self.group = f"chancery.{namespace}.{definition.group}"
        self.assigned = asyncio.Event()
        self._limits = definition.limits
        self._address = address
        self._namespace = namespace
        self._metrics = StageMetrics(registry, definition.group)
        self._stopping = asyncio.Event()
        self._poison_limit = DeadLetterLimit(definition.limits.deadletters_per_minute)
        self._origins = Origins()
        self._positions: dict[TopicPartition, int] = {}
        """Of assigned partitions: the offset up to which all is read."""
        self._written: dict[TopicPartition, int] = {}
        """The offset up to which all is written, where it is not committed yet."""
        self._writing: asyncio.Task[None] | None = None
        self._consumer: AIOKafkaConsumer
        self._producer: AIOKafkaProducer

    def stop(self) -> None:
        """Asks `run` to finish what is being written, commit and return."""
        self._stopping.set()

    async def run(self) -> None:
        """Raises StageFailed, DeadLetterLimitReached, DeliveryFailed, KafkaUnreachable."""
        self._producer = await start_producer(self._address)
        try:
            self._consumer = await start_consumer(self._address, group=self.group)
            try:
                await self._run_until_stopped()
            finally:
                await self._consumer.stop()
        finally:
            await self._producer.stop()

    async def _run_until_stopped(self) -> None:
        pattern = "|".join(topic.pattern(self._namespace) for topic in self.definition.sources)
        self._consumer.subscribe(pattern=pattern, listener=Rebalancing(self.on_revoked, self.on_assigned))
        tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._commit_regularly())]
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait([*tasks, stopping], return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done() and (error := task.exception()) is not None:
                    if isinstance(error, DeadLetterLimitReached | DeliveryFailed):
                        raise error
                    raise StageFailed(f"{self.definition.name}: {type(error).__name__}") from error
            tasks[0].cancel()
            await self._drain()
            await self._commit(dict(self._written))
        finally:
            waiting = [one for one in (*tasks, stopping, self._writing) if one is not None]
            for one in waiting:
                one.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    # -- reading ---------------------------------------------------------------------------------------------------------

    async def _read(self) -> None:
        while True:
            batches = await self._consumer.getmany(timeout_ms=200, max_records=self._limits.max_records)
            self._put_back({place: records for place, records in batches.items() if place not in self._positions})
            batches = {place: records for place, records in batches.items() if place in self._positions}
            taken = sum(map(len, batches.values()))
            self._observe()
            if not taken:
                await self._written_before()
                continue
            await self._take(batches)
            await self._gather(taken)

    async def _take(self, records: dict[TopicPartition, list[ConsumerRecord]]) -> None:
        """Prepares, waits for the batch before, and hands over to the writer."""
        ends = {place: found[-1].offset + 1 for place, found in records.items()}
        self._positions.update(ends)
        batch = await self._decoded(records, ends)
        prepared = await self._retried(lambda: self.definition.prepare(batch.received)) if batch.received else None
        await self._written_before()
        self._writing = asyncio.create_task(self._write(batch, prepared))

    async def _decoded(self, found: dict[TopicPartition, list[ConsumerRecord]], ends: dict[TopicPartition, int]) -> _Batch:
        """By the broker's clock: topics come side by side, and what belongs together reads best in the order in which it happened."""
        batch = _Batch([], [], [], ends)
        ordered = sorted((one for records in found.values() for one in records), key=lambda one: one.timestamp)
        for number, record in enumerate(ordered):
            if number % YIELD_EVERY == 0:
                await asyncio.sleep(0)
            event = decoded(record, *self._origins.of(record.topic))
            if isinstance(event, Poison):
                batch.unreadable.append(Unreadable(record.topic, record.partition, record.offset, record.timestamp, event.reason))
            else:
                batch.records.append(record)
                batch.received.append(Received(event, record.topic, record.partition, record.offset, record.timestamp))
        return batch

    async def _written_before(self) -> None:
        """Waits until the batch before is written, and shows life meanwhile. Raises what it failed with."""
        writing = self._writing
        while writing is not None and not writing.done():
            done, _ = await asyncio.wait([writing], timeout=self._limits.show_life_s)
            if not done:
                self._consumer.pause(*self._mine())
                self._put_back(await self._consumer.getmany(timeout_ms=0))
                self._consumer.resume(*self._mine())
        if writing is not None:
            self._writing = None
            await writing

    def _put_back(self, batches: dict[TopicPartition, list[ConsumerRecord]]) -> None:
        """What was read around a rebalance: another's, or not yet known to be ours, and then it is read again."""
        for place in batches.keys() & self._consumer.assignment():
            self._consumer.seek(place, batches[place][0].offset)

    async def _gather(self, taken: int) -> None:
        """Lets more arrive before more is read. Paused before anything is awaited: none is asked for."""
        if not self._limits.gather_ms or taken >= self._limits.max_records or self._behind():  # there is more
            return
        self._consumer.pause(*self._mine())
        await asyncio.sleep(self._limits.gather_ms / 1000)
        self._consumer.resume(*self._mine())

    def _mine(self) -> set[TopicPartition]:
        """Assigned now: while a group is being rebalanced, the client knows of none before our listener does."""
        return {place for place in self._consumer.assignment() if place in self._positions}

    def _behind(self) -> int:
        """How many records there were, by the last answers, that are not read."""
        return sum(max(0, (self._consumer.highwater(one) or 0) - self._positions[one]) for one in self._mine())

    def _observe(self) -> None:
        self._metrics.lag.set(self._behind())
        self._metrics.oldest_age_s.set(0)

    # -- writing ---------------------------------------------------------------------------------------------------------

    async def _write(self, batch: _Batch, prepared: P | None) -> None:
        loop = asyncio.get_running_loop()
        started = loop.time()
        if batch.unreadable:
            await self._retried(lambda: self.definition.on_unreadable(batch.unreadable))
        outcomes = await self._retried(lambda: self.definition.write(prepared)) if prepared is not None else []
        for record, event, fault in zip(batch.records, batch.received, outcomes, strict=True):
            if fault is not None:
                await self._bury(record, event.event, fault)
        for place, end in batch.ends.items():
            if place in self._positions:
                self._written[place] = end
        self._metrics.handler_s.observe(loop.time() - started)
        self._metrics.events.inc(len(batch.records) + len(batch.unreadable))

    async def _retried(self, call: Callable[[], Awaitable[Q]]) -> Q:
        attempts = 0
        while True:
            try:
                return await call()
            except Retry as fault:
                attempts += 1
                self._metrics.retries.inc()
                delay = backoff_s(attempts, self._limits.retry_first_s, self._limits.retry_cap_s)
                log.info("batch_retried", stage=self.definition.name, attempts=attempts, reason=fault.reason, delay_s=round(delay, 3))
                await asyncio.sleep(delay)

    async def _bury(self, record: ConsumerRecord, event: AnyEvent, fault: Poison) -> None:
        """Acknowledged before its offset counts as written."""
        if not self._poison_limit.admit(asyncio.get_running_loop().time()):
            raise DeadLetterLimitReached(f"{self.definition.name}: {fault.reason}")
        self._metrics.deadletters.inc()
        log.warning("event_deadlettered", stage=self.definition.name, topic=record.topic, offset=record.offset, reason=fault.reason)
        work = Work(record, TopicPartition(record.topic, record.partition), event, OffsetTracker(), 0.0, attempts=1)
        letter = dead_letter(work, stage=self.definition.name, reason=fault.reason, namespace=self._namespace)
        try:
            await self._producer.send_and_wait(letter.topic, letter.value, letter.key, headers=list(letter.headers))
        except PASSING as exc:
            raise DeliveryFailed(type(exc).__name__) from exc

    # -- committing and rebalancing ----------------------------------------------------------------------------------------

    async def _commit_regularly(self) -> None:
        while True:
            await asyncio.sleep(self._limits.commit_interval_s)
            await self._commit(dict(self._written))

    async def _commit(self, offsets: dict[TopicPartition, int]) -> None:
        if not offsets:
            return
        try:
            await self._consumer.commit(offsets)
        except PASSING as exc:
            # Nothing is lost: what was not committed comes again, and its effects are made once.
            self._metrics.commit_failures.inc()
            log.warning("commit_refused", stage=self.definition.name, error=type(exc).__name__)
            return
        for place, end in offsets.items():
            if self._written.get(place) == end:
                del self._written[place]

    async def on_revoked(self, partitions: set[TopicPartition]) -> None:
        """Lets the batch that is being written end, and commits; called before the partitions go."""
        mine = partitions & set(self._positions)
        if not mine:
            return
        self._metrics.rebalances.inc()
        await self._drain()
        await self._commit({place: end for place, end in self._written.items() if place in mine})
        for place in mine:
            del self._positions[place]
            self._written.pop(place, None)

    async def on_assigned(self, partitions: set[TopicPartition]) -> None:
        """Starts afresh: positions come from the last commit."""
        self._positions = dict.fromkeys(partitions, 0)
        self._written.clear()
        self.assigned.set()

    async def _drain(self) -> None:
        if self._writing is not None:
            await asyncio.wait([self._writing], timeout=self._limits.drain_s)
