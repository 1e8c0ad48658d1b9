"""The stage runner: takes records, runs handlers in order per key, publishes, and commits only what is finished.

Guarantees (architecture, *Delivery*): at least once; order per key; contiguous commit; bounded work; a retrying key holds
only itself; rebalance and shutdown lose nothing. Workers are long-lived tasks and not one task per record: at 20,000 records
a second the making of tasks would cost more than the work.
"""

import asyncio
from collections.abc import Sequence
from itertools import islice
from time import monotonic

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from chancery_contracts.envelope import encode
from chancery_contracts.event import AnyEvent, Event
from chancery_contracts.failures import Overloaded, Poison, RefusalCode, Retry
from chancery_contracts.topics import TOPIC_OF_TYPE
from prometheus_client import CollectorRegistry

from chancery_bus.backoff import backoff_s
from chancery_bus.clients import PASSING, KafkaAddress, start_consumer, start_producer
from chancery_bus.deadletters import DeadLetterLimit, dead_letter, refusal
from chancery_bus.decoding import Origins, decoded
from chancery_bus.errors import DeadLetterLimitReached, StageFailed
from chancery_bus.lanes import Lane, Lanes, Work
from chancery_bus.metrics import StageMetrics
from chancery_bus.offsets import Finishing, OffsetTracker
from chancery_bus.outbox import Outbox, Outgoing
from chancery_bus.rebalancing import Rebalancing
from chancery_bus.stage import Received, StageDefinition, Unreadable

log = structlog.get_logger()
_YIELD_EVERY = 64
"""A worker whose handlers never wait lets others have the loop after so many."""
_AT_ONCE = 128
"""Records read, decoded, handled and written before the next are looked at: as many as stay in the processor's cache on the way."""


class StageRunner:
    """Runs one stage until stopped or failed. `run` returns after `stop`, or raises what went wrong."""

    def __init__(self, definition: StageDefinition, address: KafkaAddress, *, namespace: str, registry: CollectorRegistry) -> None:
        self.definition = definition
        self.group = f"chancery.{namespace}.{definition.group}"
        self.assigned = asyncio.Event()
        self._handle = definition.handle
        self._limits = definition.limits
        self._address = address
        self._namespace = namespace
        self._metrics = StageMetrics(registry, definition.group)
        self._lanes = Lanes()
        self._trackers: dict[TopicPartition, OffsetTracker] = {}
        self._paused: set[TopicPartition] = set()
        self._running = 0
        self._stopping = asyncio.Event()
        self._failure: asyncio.Future[None] | None = None
        self._poison_limit = DeadLetterLimit(definition.limits.deadletters_per_minute)
        self._reject_limit = DeadLetterLimit(definition.limits.rejects_per_minute)
        self._origins = Origins()
        self._consumer: AIOKafkaConsumer
        self._producer: AIOKafkaProducer
        self._outbox: Outbox[Finishing]
        self._names: dict[tuple[str, str], str] = {}
        self._finished = 0

    def stop(self) -> None:
        """Asks `run` to finish what runs, commit and return."""
        self._stopping.set()

    async def run(self) -> None:
        """Raises StageFailed, DeadLetterLimitReached, DeliveryFailed, KafkaUnreachable."""
        self._failure = asyncio.get_running_loop().create_future()
        self._producer = await start_producer(self._address)
        self._outbox = Outbox(self._producer, self._finish, self._fail)
        try:
            self._consumer = await start_consumer(self._address, group=self.group)
            try:
                await self._run_until_stopped()
            finally:
                await self._consumer.stop()
        finally:
            await self._producer.stop()

    async def _run_until_stopped(self) -> None:
        assert self._failure is not None
        pattern = "|".join(topic.pattern(self._namespace) for topic in self.definition.sources)
        self._consumer.subscribe(pattern=pattern, listener=Rebalancing(self.on_revoked, self.on_assigned))
        tasks = [asyncio.create_task(self._poll()), asyncio.create_task(self._commit_regularly())]
        workers = [asyncio.create_task(self._work()) for _ in range(self._limits.max_in_flight)]
        stopping = asyncio.create_task(self._stopped())
        waiting: list[asyncio.Future[None]] = [*tasks, *workers, stopping, self._failure]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in [*tasks, *workers]:
                if task.done() and (error := task.exception()) is not None:
                    raise StageFailed(f"{self.definition.name}: {type(error).__name__}") from error
            if self._failure.done():
                await self._failure
            await self._wind_down(tasks)
        finally:
            for future in waiting:
                future.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    async def _stopped(self) -> None:
        await self._stopping.wait()

    async def _wind_down(self, tasks: Sequence["asyncio.Task[None]"]) -> None:
        for task in tasks:
            task.cancel()
        await self._drain(set(self._trackers))
        await self._commit(set(self._trackers))
        self._count()

    # -- reading ---------------------------------------------------------------------------------------------------------

    async def _poll(self) -> None:
        at_once = min(_AT_ONCE, self._limits.max_records_per_poll)
        while True:
            self._count()
            self._pause_and_resume()
            batches = await self._consumer.getmany(timeout_ms=200, max_records=at_once)
            now = monotonic()
            for partition, records in batches.items():
                tracker = self._trackers.get(partition)
                if tracker is None:
                    self._put_back(partition, records)
                    continue
                self._take(partition, tracker, records, now)
            if batches:
                await self._gather(sum(map(len, batches.values())) == at_once)
            else:
                self._observe(now)

    async def _gather(self, behind: bool) -> None:
        """Lets the workers start before more is read, and more arrive. Paused before anything is awaited: none is asked for."""
        if not self._limits.gather_ms or behind:  # there is more
            await asyncio.sleep(0)
            return
        self._consumer.pause(*(self._mine() - self._paused))
        await asyncio.sleep(self._limits.gather_ms / 1000)
        self._consumer.resume(*(self._mine() - self._paused))

    def _mine(self) -> set[TopicPartition]:
        """Assigned now: when new topics are found, the client has no assignment before our listener hears of it."""
        assigned: set[TopicPartition] = self._consumer.assignment()
        return self._trackers.keys() & assigned

    def _put_back(self, partition: TopicPartition, records: Sequence[ConsumerRecord]) -> None:
        """Revoked while we waited for them; or, read around a rebalance, ours again: then they are read again."""
        if partition in self._consumer.assignment():
            self._consumer.seek(partition, records[0].offset)

    def _take(self, partition: TopicPartition, tracker: OffsetTracker, records: Sequence[ConsumerRecord], now: float) -> None:
        topic, tenant = self._origins.of(partition.topic)
        add, take = self._lanes.add, tracker.take
        for record in records:
            take(record.offset)
            event = decoded(record, topic, tenant)
            key = event.key if isinstance(event, Event) else f"{record.topic}/{record.partition}/{record.offset}"
            add(key, Work(record, partition, event, tracker, now))

    def _pause_and_resume(self) -> None:
        high = self._limits.max_waiting_per_partition
        for partition in self._mine():
            tracker = self._trackers[partition]
            if partition not in self._paused and tracker.unfinished >= high:
                self._consumer.pause(partition)
                self._paused.add(partition)
            elif partition in self._paused and tracker.unfinished <= high // 2:
                self._consumer.resume(partition)
                self._paused.discard(partition)

    def _observe(self, now: float) -> None:
        self._metrics.in_flight.set(self._running)
        lag = 0
        for partition in self._mine():
            end, state = self._consumer.highwater(partition), self._consumer.last_stable_offset(partition)
            position = self._trackers[partition].oldest
            lag += max(0, (end or state or 0) - position) if position is not None else 0
        self._metrics.lag.set(lag)
        oldest = [lane.head.taken_at for lane in self._lanes.each()]
        self._metrics.oldest_age_s.set(now - min(oldest) if oldest else 0)

    # -- working ---------------------------------------------------------------------------------------------------------

    async def _work(self) -> None:
        since_yield = 0
        while True:
            lane = self._lanes.pop_ready()
            if lane is None:
                since_yield = 0
                await self._lanes.wait_ready()
                continue
            self._running += 1
            try:
                await (self._attempt_together(lane) if lane.rest and self.definition.together else self._attempt(lane))
            finally:
                self._running -= 1
            since_yield += 1
            if since_yield >= _YIELD_EVERY:
                since_yield = 0
                await asyncio.sleep(0)

    async def _attempt(self, lane: Lane) -> None:
        """Runs the lane's head once, then moves the lane on, back, or into a pause."""
        work = lane.head
        if work.tracker.revoked:
            self._lanes.advance(lane)
            return
        record, event = work.record, work.event
        if isinstance(event, Poison) and self.definition.on_unreadable is None:
            self._bury(work, event, rejected=True)
            self._lanes.advance(lane)
            return
        work.attempts += 1
        started = monotonic()
        work.first_tried_at = work.first_tried_at or started
        try:
            if isinstance(event, Poison):
                events = await self._look_on(record, event)
            else:
                events = await self._handle(Received(event, record.topic, record.partition, record.offset, record.timestamp))
        except Retry as fault:
            self._retry(lane, work, fault, monotonic())
        except Poison as fault:
            self._bury(work, fault, rejected=False)
            self._lanes.advance(lane)
        except Overloaded as fault:
            self._pause(lane, work, fault)
        else:
            self._metrics.handler_s.observe(monotonic() - started)
            self._publish(work, [self._outgoing(event) for event in events])
            self._lanes.advance(lane)

    async def _attempt_together(self, lane: Lane) -> None:
        """Runs the lane's head and those behind it side by side, started in their order. What must be tried again holds the lane."""
        room = max(0, self._limits.max_in_flight - self._running)
        works = [lane.head, *islice(lane.rest or (), room)]
        started = monotonic()
        self._running += len(works) - 1
        try:
            outcomes = await asyncio.gather(*(self._try(work, started) for work in works if not work.tracker.revoked))
        finally:
            self._running -= len(works) - 1
        again = []
        for work, outcome in outcomes:
            if isinstance(outcome, Retry | Overloaded):
                again.append((work, outcome))
            elif isinstance(outcome, Poison):
                self._bury(work, outcome, rejected=False)
            else:
                self._metrics.handler_s.observe(monotonic() - started)
                self._publish(work, [self._outgoing(event) for event in outcome])
        self._lanes.settle(lane, works, [work for work, _ in again])
        if again:
            work, fault = again[0]
            if isinstance(fault, Retry):
                self._retry(lane, work, fault, monotonic())
            else:
                self._pause(lane, work, fault)

    async def _try(self, work: Work, started: float) -> tuple[Work, Sequence[AnyEvent] | Retry | Poison | Overloaded]:
        record, event = work.record, work.event
        assert isinstance(event, Event)  # an unreadable record has a key of its own
        work.attempts += 1
        work.first_tried_at = work.first_tried_at or started
        try:
            return work, await self._handle(Received(event, record.topic, record.partition, record.offset, record.timestamp))
        except (Retry, Poison, Overloaded) as fault:
            return work, fault

    async def _look_on(self, record: ConsumerRecord, fault: Poison) -> Sequence[AnyEvent]:
        assert self.definition.on_unreadable is not None
        await self.definition.on_unreadable(Unreadable(record.topic, record.partition, record.offset, record.timestamp, fault.reason))
        return ()

    def _retry(self, lane: Lane, work: Work, fault: Retry, now: float) -> None:
        limits = self._limits
        if now - work.first_tried_at >= limits.retry_for_s:
            words = f"gave up after {work.attempts} tries: {fault.reason}"
            self._bury(work, Poison(words, code=fault.code), rejected=False, counted=False)
            self._lanes.advance(lane)
            return
        self._metrics.retries.inc()
        delay = backoff_s(work.attempts, limits.retry_first_s, limits.retry_cap_s)
        log.info("event_retried", stage=self.definition.name, attempts=work.attempts, reason=fault.reason, delay_s=round(delay, 3))
        self._hold(lane, work, delay, pause=False)

    def _pause(self, lane: Lane, work: Work, fault: Overloaded) -> None:
        """It was no attempt."""
        log.warning("stage_overloaded", stage=self.definition.name, reason=fault.reason)
        work.attempts -= 1
        self._hold(lane, work, self._limits.overloaded_pause_s, pause=True)

    def _hold(self, lane: Lane, work: Work, delay_s: float, *, pause: bool) -> None:
        """Only this key waits; with `pause`, its partition is not read meanwhile."""
        if pause and not work.tracker.revoked and work.partition in self._mine() - self._paused:
            self._consumer.pause(work.partition)
            self._paused.add(work.partition)
        asyncio.get_running_loop().call_later(delay_s, self._lanes.make_ready, lane)

    def _bury(self, work: Work, fault: Poison, *, rejected: bool, counted: bool = True) -> None:
        """Dead-letters a record and answers its requester. `rejected`: it was the publisher's mistake."""
        from_publisher = rejected and self._origins.of(work.record.topic)[0].pii == "raw"
        limit = self._reject_limit if from_publisher else self._poison_limit
        if counted and not limit.admit(asyncio.get_running_loop().time()):
            raise DeadLetterLimitReached(f"{self.definition.name}: {fault.reason}")
        self._metrics.deadletters.inc()
        name, namespace = self.definition.name, self._namespace
        log.warning("event_deadlettered", stage=name, topic=work.record.topic, offset=work.record.offset, reason=fault.reason)
        records = [dead_letter(work, stage=name, reason=fault.reason, namespace=namespace)]
        if self.definition.answers and fault.answer:
            code: RefusalCode = fault.code
            answer = refusal(work, stage=name, group=self.definition.group, code=code, reason=fault.reason, namespace=namespace)
            records += [] if answer is None else [answer]
        self._publish(work, records)

    # -- publishing and committing -----------------------------------------------------------------------------------------

    def _outgoing(self, event: AnyEvent) -> Outgoing:
        named = (event.data.TYPE, event.tenant)
        name = self._names.get(named)
        if name is None:
            name = self._names[named] = TOPIC_OF_TYPE[event.data.TYPE].full_name(event.tenant, self._namespace)
        encoded = encode(event)
        return Outgoing(name, encoded.key, encoded.value, encoded.headers)

    def _publish(self, work: Work, records: list[Outgoing]) -> None:
        finishing = Finishing(work.tracker, work.record.offset)
        if records:
            self._outbox.put(finishing, records)
        else:
            self._finish((finishing,))

    def _finish(self, delivered: Sequence[Finishing]) -> None:
        for done in delivered:
            done.tracker.finish(done.offset)
        self._finished += len(delivered)

    def _fail(self, error: Exception) -> None:
        if self._failure is not None and not self._failure.done():
            self._failure.set_exception(error)

    async def _commit_regularly(self) -> None:
        while True:
            await asyncio.sleep(self._limits.commit_interval_s)
            await self._commit(set(self._trackers))

    async def _commit(self, partitions: set[TopicPartition]) -> None:
        offsets = {p: offset for p in partitions if (offset := self._trackers[p].to_commit()) is not None}
        if not offsets:
            return
        trackers = {p: self._trackers[p] for p in offsets}
        try:
            await self._consumer.commit(offsets)
        except PASSING as exc:
            # Nothing is lost: what was not committed comes again, and its effects are made once.
            self._metrics.commit_failures.inc()
            log.warning("commit_refused", stage=self.definition.name, error=type(exc).__name__)
            return
        for partition, offset in offsets.items():
            trackers[partition].committed(offset)

    def _count(self) -> None:
        """Tells the metric of what was finished: once a poll and not once an event."""
        if self._finished:
            self._metrics.events.inc(self._finished)
            self._finished = 0

    # -- rebalancing -------------------------------------------------------------------------------------------------------

    async def on_revoked(self, partitions: set[TopicPartition]) -> None:
        """Lets what runs finish, drops what waits, commits; called before the partitions go."""
        mine = partitions & set(self._trackers)
        if not mine:
            return
        self._metrics.rebalances.inc()
        await self._drain(mine)
        await self._commit(mine)
        for partition in mine:
            self._trackers.pop(partition).revoked = True
            self._paused.discard(partition)

    async def on_assigned(self, partitions: set[TopicPartition]) -> None:
        """Starts afresh: positions come from the last commit."""
        for partition in partitions:
            self._trackers[partition] = OffsetTracker()
        self._paused.clear()
        self.assigned.set()

    async def _drain(self, partitions: set[TopicPartition]) -> None:
        """Waits, bounded, until what has started is finished; what only waits is dropped: it will be read again."""
        trackers = {id(self._trackers[p]): self._trackers[p] for p in partitions}
        self._lanes.drop(set(trackers))
        deadline = asyncio.get_running_loop().time() + self._limits.drain_s
        while asyncio.get_running_loop().time() < deadline:
            if self._running == 0 and not self._outbox.busy:
                return
            await asyncio.sleep(0.005)
