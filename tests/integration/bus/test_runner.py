"""The stage runner on real Kafka: nothing lost, order per key, bounded work, a retrying key holds only itself."""

import asyncio
from collections import defaultdict
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
from chancery_bus import (
    DeadLetterLimitReached,
    KafkaAddress,
    Publisher,
    RecordFetcher,
    RecordGone,
    StageDefinition,
    StageFailed,
    StageLimits,
    StageRunner,
    TopicReader,
    ensure_topics,
    topic_specs,
)  # fmt: skip
from chancery_bus.publisher import Position
from chancery_contracts import Overloaded, Poison, Retry, encode, encode_structured
from chancery_contracts.topics import REDACTED, REFUSED, REQUESTED
from chancery_testing import builders
from chancery_testing.waiting import eventually
from prometheus_client import CollectorRegistry

QUICK = StageLimits(retry_first_s=0.01, retry_cap_s=0.05, retry_for_s=5, overloaded_pause_s=0.05, commit_interval_s=0.1)


@pytest.fixture
async def address(kafka_bootstrap):
    return KafkaAddress(kafka_bootstrap)


@pytest.fixture
async def tenant(kafka_bootstrap):
    name = f"t{uuid4().hex[:8]}"
    await ensure_topics(kafka_bootstrap, topic_specs([name]))
    return name


@pytest.fixture
async def publisher(address):
    publisher = await Publisher.start(address)
    yield publisher
    await publisher.close()


@asynccontextmanager
async def running(address, definition):
    runner = StageRunner(definition, address, namespace="live", registry=CollectorRegistry())
    task = asyncio.create_task(runner.run())
    waiting = asyncio.create_task(runner.assigned.wait())
    await asyncio.wait([task, waiting], timeout=30, return_when=asyncio.FIRST_COMPLETED)
    try:
        yield runner, task
    finally:
        runner.stop()
        waiting.cancel()
        await asyncio.wait([task], timeout=30)


def stage(tenant, handle, limits=QUICK, group=None):
    """A stage over one tenant's requests alone, as tests share the broker."""

    async def mine(received):
        return await handle(received) if received.event.tenant == tenant else ()

    return StageDefinition("redaction", group or f"test-{tenant}-{uuid4().hex[:6]}", (REQUESTED,), mine, limits)


async def tail(address, topic):
    return await TopicReader.start(address, [topic])


async def collect(reader, wanted, count, within_s=20.0):
    """The first `count` events of a topic that are wanted."""
    found = []

    async def read():
        async for received in reader.follow():
            if wanted(received.event):
                found.append(received)
                if len(found) >= count:
                    return

    await asyncio.wait_for(read(), within_s)
    return found


class TestDelivery:
    async def test_every_event_comes_out_once_in_order_per_key(self, address, tenant, publisher):
        async def handle(received):
            await asyncio.sleep(0.001 * (hash(received.event.id) % 5))
            return [received.event.follow(builders.redacted().data, stage="redaction", time=received.event.time)]

        sent = defaultdict(list)
        async with running(address, stage(tenant, handle)):
            for number in range(300):
                event = builders.requested(tenant=tenant, conversation=f"c{number % 7}")
                sent[event.conversation].append(event.id)
                await publisher.publish(event)
            reader = await tail(address, REDACTED.full_name())
            got = await collect(reader, lambda event: event.tenant == tenant, 300)
            await reader.close()
        by_key = defaultdict(list)
        for received in got:
            by_key[received.event.conversation].append(received.event.causation)
        assert by_key == sent

    async def test_what_waits_in_one_key_is_handed_over_together_where_asked_and_keeps_its_order(self, address, tenant, publisher):
        events = [builders.requested(str(number), tenant=tenant, conversation="one") for number in range(40)]
        for event in events:
            await publisher.publish(event)
        waiting, written, batches, faults = [], [], [], [Retry("away"), Retry("away")]

        async def handle(received):
            waiting.append((received.event.id, done := asyncio.get_running_loop().create_future()))
            return await done

        async def write():
            while True:
                await asyncio.sleep(0.01)
                batch, fault = waiting.copy(), faults.pop() if waiting and faults else None
                waiting.clear()
                batches.append(len(batch))
                for name, done in batch:
                    written.extend([] if fault else [name])
                    done.set_exception(fault) if fault else done.set_result(())

        definition = stage(tenant, handle)
        definition = StageDefinition("redaction", definition.group, (REQUESTED,), definition.handle, QUICK, together=True)
        writer = asyncio.create_task(write())
        async with running(address, definition):
            await eventually(lambda: len(written) == 40)
        writer.cancel()
        assert written == [event.id for event in events]
        assert max(batches) > 10

    async def test_both_modes_are_read(self, address, tenant, publisher):
        seen = []

        async def handle(received):
            seen.append(received.event)
            return ()

        binary, structured = builders.requested(tenant=tenant), builders.requested(tenant=tenant)
        async with running(address, stage(tenant, handle)):
            for encoded in (encode(binary), encode_structured(structured)):
                await publisher.write(REQUESTED.full_name(tenant), key=None, value=encoded.value, headers=encoded.headers)
            await eventually(lambda: len(seen) == 2)
        assert {event.id for event in seen} == {binary.id, structured.id}

    async def test_a_second_member_takes_over_and_nothing_is_lost(self, address, tenant, publisher):
        seen = set()

        async def handle(received):
            await asyncio.sleep(0.002)
            seen.add(received.event.id)
            return ()

        group = f"shared-{tenant}"
        wanted = set()
        async with running(address, stage(tenant, handle, group=group)):
            for _ in range(200):
                wanted.add((await _publish(publisher, tenant)).id)
            async with running(address, stage(tenant, handle, group=group)):
                for _ in range(200):
                    wanted.add((await _publish(publisher, tenant)).id)
            for _ in range(50):
                wanted.add((await _publish(publisher, tenant)).id)
            await eventually(lambda: seen == wanted, within_s=30)

    async def test_new_tenants_are_found_while_the_stage_pauses_between_its_answers(self, address, tenant, publisher):
        """As their topics are found, the client has no assignment for a moment: a stage that pauses then must not stop."""
        seen = set()

        async def handle(received):
            seen.add(received.event.id)
            return ()

        limits = StageLimits(gather_ms=2, max_waiting_per_partition=1, commit_interval_s=0.1)
        definition = StageDefinition("redaction", f"new-{tenant}", (REQUESTED,), handle, limits)
        wanted = set()
        async with running(address, definition) as (_, task):
            for number in range(3):
                new = f"{tenant}-{number}"
                await ensure_topics(address.bootstrap, topic_specs([new]))
                first = (await _publish(publisher, new)).id
                wanted.add(first)

                async def found(first=first):
                    wanted.add((await _publish(publisher, tenant)).id)
                    return first in seen or task.done()

                await eventually(found, within_s=30, every_s=0.01)
            await eventually(lambda: wanted <= seen or task.done(), within_s=30)
            assert not task.done()

    async def test_after_a_stop_work_goes_on_where_it_was(self, address, tenant, publisher):
        seen = []

        async def handle(received):
            seen.append(received.event.id)
            return ()

        group = f"again-{tenant}"
        first, second = [builders.requested(tenant=tenant) for _ in range(2)]
        async with running(address, stage(tenant, handle, group=group)):
            await publisher.publish(first)
            await eventually(lambda: seen == [first.id])
        await publisher.publish(second)
        async with running(address, stage(tenant, handle, group=group)):
            await eventually(lambda: len(seen) >= 2)
        assert seen == [first.id, second.id]


async def _publish(publisher, tenant, **attributes):
    event = builders.requested(tenant=tenant, **attributes)
    await publisher.publish(event)
    return event


class TestFailures:
    async def test_a_retrying_key_holds_only_itself(self, address, tenant, publisher):
        order, tries = [], []

        async def handle(received):
            if received.event.conversation == "slow" and len(tries) < 5:
                tries.append(received.event.id)
                raise Retry("not yet")
            order.append(received.event.id)
            return ()

        async with running(address, stage(tenant, handle)):
            held = [await _publish(publisher, tenant, conversation="slow") for _ in range(2)]
            free = [await _publish(publisher, tenant) for _ in range(20)]
            await eventually(lambda: len(order) == 22)
        assert tries == [held[0].id] * 5
        assert order[-2:] == [held[0].id, held[1].id] or order.index(held[0].id) > order.index(free[0].id)
        assert order.index(held[0].id) < order.index(held[1].id)

    async def test_poison_is_dead_lettered_with_its_bytes_and_the_requester_is_answered(self, address, tenant, publisher):
        async def handle(received):
            raise Poison("never will work", code="invalid_request")

        refusals = await tail(address, REFUSED.full_name())
        async with running(address, stage(tenant, handle)):
            event = await _publish(publisher, tenant)
            [refusal] = await collect(refusals, lambda one: one.interaction == event.interaction, 1)
        await refusals.close()
        letters = await _records(address, REQUESTED.deadletter_name(tenant))
        assert (refusal.event.data.code, refusal.event.data.stage, refusal.event.causation) == ("invalid_request", "redaction", event.id)
        assert [letter.value for letter in letters] == [encode(event).value]
        headers = dict(letters[0].headers)
        assert headers["ce_id"].decode() == event.id
        assert headers["chancery_deadletter_reason"] == b"never will work"
        assert headers["chancery_deadletter_attempts"] == b"1"

    async def test_tries_end_and_the_requester_hears_why(self, address, tenant, publisher):
        async def handle(received):
            raise Retry("the vault is down", code="redaction_unavailable")

        limits = StageLimits(retry_first_s=0.01, retry_cap_s=0.02, retry_for_s=0.2)
        refusals = await tail(address, REFUSED.full_name())
        async with running(address, stage(tenant, handle, limits)):
            event = await _publish(publisher, tenant)
            [refusal] = await collect(refusals, lambda one: one.interaction == event.interaction, 1)
        await refusals.close()
        assert refusal.event.data.code == "redaction_unavailable"
        assert "the vault is down" in refusal.event.data.reason

    async def test_overload_pauses_and_is_no_attempt(self, address, tenant, publisher):
        calls = []

        async def handle(received):
            calls.append(received.event.id)
            if len(calls) < 4:
                raise Overloaded("too much")
            return ()

        async with running(address, stage(tenant, handle)):
            event = await _publish(publisher, tenant)
            await eventually(lambda: len(calls) == 4)
        assert calls == [event.id] * 4

    async def test_anything_else_stops_the_stage_and_the_event_comes_again(self, address, tenant, publisher):
        async def broken(received):
            raise ZeroDivisionError

        group, seen = f"loud-{tenant}", []

        async def handle(received):
            seen.append(received.event.id)
            return ()

        async with running(address, stage(tenant, broken, group=group)) as (_, task):
            event = await _publish(publisher, tenant)
            await asyncio.wait([task], timeout=20)
            assert isinstance(task.exception(), StageFailed)
        async with running(address, stage(tenant, handle, group=group)):
            await eventually(lambda: seen == [event.id])

    async def test_too_many_dead_letters_stop_the_stage(self, address, tenant, publisher):
        async def handle(received):
            raise Poison("bad deploy")

        limits = StageLimits(deadletters_per_minute=3)
        async with running(address, stage(tenant, handle, limits)) as (_, task):
            for _ in range(6):
                await _publish(publisher, tenant)
            await asyncio.wait([task], timeout=20)
            assert isinstance(task.exception(), StageFailed)
            assert isinstance(task.exception().__cause__, DeadLetterLimitReached)


class TestBounds:
    async def test_no_more_than_the_limit_run_at_once_and_waiting_is_bounded(self, address, tenant, publisher):
        now, most = set(), []
        go = asyncio.Event()

        async def handle(received):
            now.add(received.event.id)
            most.append(len(now))
            await go.wait()
            now.discard(received.event.id)
            return ()

        limits = StageLimits(max_in_flight=4, max_waiting_per_partition=10, max_records_per_poll=10)
        async with running(address, stage(tenant, handle, limits)) as (runner, _):
            for _ in range(200):
                await _publish(publisher, tenant)
            await eventually(lambda: len(now) == 4)
            taken = sum(tracker.unfinished for tracker in runner._trackers.values())
            assert taken <= len(runner._trackers) * 20
            go.set()
            await eventually(lambda: len(most) == 200)
        assert max(most) == 4


class TestReading:
    async def test_a_record_is_fetched_by_its_position(self, address, tenant, publisher):
        event = builders.requested(tenant=tenant)
        position = await publisher.publish(event)
        fetcher = await RecordFetcher.start(address)
        assert (await fetcher.fetch(position)).event == event
        with pytest.raises((RecordGone, Retry)):
            await fetcher.fetch(Position(position.topic, position.partition, position.offset + 1000), timeout_s=2)
        await fetcher.close()


async def _records(address, topic):
    """Raw records of a topic, from its beginning to its end now."""
    from chancery_bus.clients import start_consumer

    reader = await tail(address, topic)
    ends = await reader.ends()
    await reader.close()
    consumer = await start_consumer(address, group=None)
    consumer.assign(list(ends))
    await consumer.seek_to_beginning(*ends)
    records = []
    while len(records) < sum(ends.values()):
        for batch in (await consumer.getmany(timeout_ms=500)).values():
            records += batch
    await consumer.stop()
    return records
