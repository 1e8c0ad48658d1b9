"""The batch runner on real Kafka: in order, nothing lost, one batch prepared while another is written, and a dead predecessor's place."""

import asyncio
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import uuid4

import pytest
from chancery_bus import BatchLimits, BatchRunner, BatchStage, KafkaAddress, Publisher, StageFailed, TopicReader, ensure_topics, topic_specs
from chancery_contracts import Poison, Retry
from chancery_contracts.topics import REQUESTED
from chancery_testing import builders
from chancery_testing.waiting import eventually
from prometheus_client import CollectorRegistry

QUICK = BatchLimits(max_records=50, gather_ms=0, retry_first_s=0.01, retry_cap_s=0.05, commit_interval_s=0.1)


@pytest.fixture
async def tenant(kafka_bootstrap):
    name = f"t{uuid4().hex[:8]}"
    await ensure_topics(kafka_bootstrap, topic_specs([name]))
    return name


@pytest.fixture
async def publisher(kafka_bootstrap):
    publisher = await Publisher.start(KafkaAddress(kafka_bootstrap))
    yield publisher
    await publisher.close()


@dataclass
class Book:
    """What a stage over one tenant's requests wrote: tests share the broker, so that others' events are left out."""

    tenant: str
    group: str = field(default_factory=lambda: f"test-{uuid4().hex[:6]}")
    written: list[list[str]] = field(default_factory=list)
    unreadable: list[int] = field(default_factory=list)
    prepared: int = 0
    prepared_while_writing: int = 0
    writing: bool = False
    failing: list[Exception] = field(default_factory=list)
    poison: set[str] = field(default_factory=set)

    async def prepare(self, batch):
        assert batch, "nothing to prepare is not prepared"
        self.prepared += 1
        self.prepared_while_writing += self.writing
        return [received.event for received in batch]

    async def write(self, events):
        self.writing = True
        await asyncio.sleep(0.005)
        self.writing = False
        if any(event.tenant == self.tenant for event in events) and self.failing:
            raise self.failing.pop()
        mine = [event.id for event in events if event.tenant == self.tenant and event.id not in self.poison]
        if mine:
            self.written.append(mine)
        return [Poison("no") if event.id in self.poison else None for event in events]

    async def account(self, records):
        self.unreadable += [record.offset for record in records if record.topic.endswith(self.tenant)]

    @property
    def ids(self):
        return [one for batch in self.written for one in batch]

    def stage(self, limits=QUICK):
        return BatchStage("audit", self.group, (REQUESTED,), self.prepare, self.write, self.account, limits)


@asynccontextmanager
async def running(bootstrap, book, instance=None):
    runner = BatchRunner(book.stage(), KafkaAddress(bootstrap, instance=instance), namespace="live", registry=CollectorRegistry())
    task = asyncio.create_task(runner.run())
    try:
        yield runner, task
    finally:
        runner.stop()
        await asyncio.wait([task], timeout=30)


async def publish(publisher, tenant, count, conversation="one"):
    events = [builders.requested(tenant=tenant, conversation=conversation) for _ in range(count)]
    await asyncio.gather(*(publisher.publish(event) for event in events))
    return [event.id for event in events]


class TestBatches:
    async def test_a_backlog_is_written_once_in_order_and_prepared_ahead(self, kafka_bootstrap, tenant, publisher):
        sent, book = await publish(publisher, tenant, 400), Book(tenant)
        async with running(kafka_bootstrap, book):
            await eventually(lambda: len(book.ids) == 400, within_s=30)
        assert book.ids == sent
        assert max(map(len, book.written)) <= 50
        assert book.prepared_while_writing > 0

    async def test_what_was_written_does_not_come_again_after_a_stop(self, kafka_bootstrap, tenant, publisher):
        book = Book(tenant)
        await publish(publisher, tenant, 30)
        async with running(kafka_bootstrap, book):
            await eventually(lambda: len(book.ids) == 30, within_s=30)
        later = await publish(publisher, tenant, 1)
        async with running(kafka_bootstrap, book):
            await eventually(lambda: later[0] in book.ids, within_s=30)
        assert len(book.ids) == 31

    async def test_a_passing_fault_is_tried_again_and_what_follows_waits(self, kafka_bootstrap, tenant, publisher):
        sent, book = await publish(publisher, tenant, 120), Book(tenant)
        book.failing = [Retry("down") for _ in range(5)]
        async with running(kafka_bootstrap, book):
            await eventually(lambda: len(book.ids) == 120, within_s=30)
        assert book.ids == sent

    async def test_anything_else_stops_the_stage(self, kafka_bootstrap, tenant, publisher):
        book = Book(tenant, failing=[ValueError("unforeseen")])
        await publish(publisher, tenant, 1)
        async with running(kafka_bootstrap, book) as (_, task):
            await asyncio.wait([task], timeout=30)
            with pytest.raises(StageFailed):
                task.result()
        assert not book.ids

    async def test_one_event_that_cannot_be_recorded_is_a_dead_letter_alone(self, kafka_bootstrap, tenant, publisher):
        sent, book = await publish(publisher, tenant, 10), Book(tenant)
        book.poison = {sent[4]}
        reader = await TopicReader.start(KafkaAddress(kafka_bootstrap), [REQUESTED.deadletter_name(tenant)])
        async with running(kafka_bootstrap, book):
            await eventually(lambda: len(book.ids) == 9, within_s=30)
            await eventually(lambda: _ends(reader), within_s=30)
        await reader.close()
        assert book.ids == sent[:4] + sent[5:]

    async def test_a_record_that_is_no_event_is_told_and_passed(self, kafka_bootstrap, tenant, publisher):
        book = Book(tenant)
        for _ in range(3):
            await publisher.write(REQUESTED.full_name(tenant), key=b"k", value=b"{", headers=())
        sent = await publish(publisher, tenant, 1)
        async with running(kafka_bootstrap, book):
            await eventually(lambda: book.ids == sent and book.unreadable == [0, 1, 2], within_s=30)

    async def test_records_that_are_all_no_events_hold_up_nothing(self, kafka_bootstrap, tenant, publisher):
        book = Book(tenant)
        async with running(kafka_bootstrap, book):
            await publisher.write(REQUESTED.full_name(tenant), key=b"k", value=b"{", headers=())
            await eventually(lambda: book.unreadable == [0], within_s=30)
            sent = await publish(publisher, tenant, 1)
            await eventually(lambda: book.ids == sent, within_s=30)

    async def test_two_share_the_work_and_nothing_is_lost_when_one_comes_or_goes(self, kafka_bootstrap, tenant, publisher):
        first = Book(tenant)
        second = Book(tenant, group=first.group)
        sent = []
        async with running(kafka_bootstrap, first) as (one, _):
            await eventually(one.assigned.is_set, within_s=30)
            async with running(kafka_bootstrap, second) as (two, _):
                for number in range(60):
                    sent += await publish(publisher, tenant, 5, f"c{number}")
                await eventually(two.assigned.is_set, within_s=30)
                sent += await publish(publisher, tenant, 5)
            sent += await publish(publisher, tenant, 5)
            await eventually(lambda: set(first.ids) | set(second.ids) == set(sent), within_s=30)


async def _ends(reader):
    return sum((await reader.ends()).values()) == 1


MEMBER = """
import asyncio, sys
from aiokafka import AIOKafkaConsumer

async def main(bootstrap, group, topic):
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, group_id=group, client_id="chancery.7", session_timeout_ms=30_000)
    await consumer.start()
    while not consumer.assignment():
        await asyncio.sleep(0.01)
    print("joined", flush=True)
    await asyncio.sleep(60)

asyncio.run(main(*sys.argv[1:]))
"""


class TestSuccession:
    async def test_what_comes_back_does_not_wait_for_its_dead_predecessor_and_finds_new_topics(self, kafka_bootstrap, tenant, publisher):
        """The dead one keeps its place in the group for half a minute; it is dismissed."""
        book = Book(tenant)
        arguments = (kafka_bootstrap, f"chancery.live.{book.group}", REQUESTED.full_name(tenant))
        dead = await asyncio.create_subprocess_exec(sys.executable, "-c", MEMBER, *arguments, stdout=asyncio.subprocess.PIPE)
        assert dead.stdout is not None
        assert await asyncio.wait_for(dead.stdout.readline(), 30) == b"joined\n"
        dead.kill()
        await dead.wait()
        sent = await publish(publisher, tenant, 3)
        async with running(kafka_bootstrap, book, instance="7"):
            await eventually(lambda: book.ids == sent, within_s=15)
            book.tenant = f"{tenant}-new"
            await ensure_topics(kafka_bootstrap, topic_specs([book.tenant]))
            sent += await publish(publisher, book.tenant, 1)
            await eventually(lambda: book.ids == sent, within_s=30)
