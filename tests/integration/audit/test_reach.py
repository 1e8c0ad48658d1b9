"""The trail against the real Kafka: what the broker holds and the trail has not raises an alert."""

from datetime import timedelta
from uuid import uuid4

import pytest
from chancery_audit.adapters.signing import LogSigner
from chancery_audit.adapters.watching import Bounds, ClockWatch, Watch
from chancery_audit.handlers import HANDLERS
from chancery_bus import Extents, KafkaAddress, Publisher, Received, ensure_topics, topic_specs
from chancery_contracts.event import system_clock
from chancery_contracts.topics import REQUESTED
from chancery_storage import load_queries
from chancery_testing import builders


@pytest.fixture
async def extents(kafka_bootstrap):
    found = await Extents.start(KafkaAddress(kafka_bootstrap), HANDLERS)
    yield found
    await found.close()


@pytest.fixture
async def publisher(kafka_bootstrap):
    found = await Publisher.start(KafkaAddress(kafka_bootstrap))
    yield found
    await found.close()


class _Clock:
    by = timedelta()

    def __call__(self):
        return system_clock() + self.by


def _watch(audit, extents, clock):
    queries = load_queries("chancery_audit")
    return Watch(
        audit.database, queries, LogSigner(audit.database, queries, audit.keys, "log.example"), ClockWatch(clock), Bounds(), extents
    )


async def _found(watch, clock, tenant):
    """Two looks, six seconds apart by the watch's clock: what stands about this tenant's topics."""
    await watch.look()
    clock.by += timedelta(seconds=6)
    return {(one.finding.kind, one.finding.place) for one in await watch.look() if f".{tenant}/" in one.finding.place}


async def test_a_record_that_is_only_in_kafka_is_behind_until_it_is_on_record(kafka_bootstrap, audit, tenant, extents, publisher):
    await ensure_topics(kafka_bootstrap, topic_specs([tenant]))
    clock = _Clock()
    watch, event = _watch(audit, extents, clock), builders.requested(tenant=tenant)
    position = await publisher.publish(event)
    place = f"{REQUESTED.full_name(tenant)}/{position.partition}"
    assert await _found(watch, clock, tenant) == {("behind", place)}
    await audit.deliver([Received(event, position.topic, position.partition, position.offset, 1_760_000_000_000)])
    assert await _found(watch, clock, tenant) == set()


async def test_a_topic_that_ends_before_what_is_on_record(kafka_bootstrap, audit, tenant, extents):
    await ensure_topics(kafka_bootstrap, topic_specs([tenant]))
    topic, clock = REQUESTED.full_name(tenant), _Clock()
    await audit.deliver([Received(builders.requested(tenant=tenant), topic, 0, 0, 1_760_000_000_000)])
    assert await _found(_watch(audit, extents, clock), clock, tenant) == {("kafka_went_back", f"{topic}/0")}


async def test_a_kafka_that_does_not_answer(audit, extents):
    clock = _Clock()
    watch = _watch(audit, extents, clock)
    await extents.close()
    await watch.look()
    clock.by += timedelta(seconds=6)
    assert "kafka_unreachable" in {one.finding.kind for one in await watch.look()}


async def test_new_tenants_topics_are_found_and_foreign_ones_are_not(kafka_bootstrap, extents):
    before, tenant = await extents.ends(), f"t-{uuid4().hex[:8]}"
    await ensure_topics(kafka_bootstrap, topic_specs([tenant]))
    new = {topic for topic, _ in (await extents.ends()).keys() - before.keys()}
    assert REQUESTED.full_name(tenant) in new
    assert not [topic for topic in new if topic.endswith(".deadletter") or not topic.endswith(f".{tenant}")]
