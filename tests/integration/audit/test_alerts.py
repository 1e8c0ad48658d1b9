"""Alerts on the real trail: each kind is found, names its place, and is over when its cause is."""

from datetime import timedelta

import pytest
from chancery_audit.adapters.signing import LogSigner
from chancery_audit.adapters.watching import Bounds, ClockWatch, Watch
from chancery_audit.errors import LogBroken
from chancery_bus import Received
from chancery_contracts.event import system_clock
from chancery_storage import Database, load_queries, plan_afresh
from chancery_testing import builders


class Shifted:
    """The real time, and what a test adds to it."""

    def __init__(self):
        self.by = timedelta()

    def __call__(self):
        return system_clock() + self.by


@pytest.fixture
def clock():
    return Shifted()


@pytest.fixture
def signer(audit):
    return LogSigner(audit.database, load_queries("chancery_audit"), audit.keys, "log.example")


@pytest.fixture
def watch(audit, signer, clock):
    bounds = Bounds(unsigned_s=0, unfinished_s=0)
    return Watch(audit.database, load_queries("chancery_audit"), signer, ClockWatch(clock), bounds)


async def _stands(watch, clock, kind, place):
    """After two looks, as far apart as any kind's patience."""
    await watch.look()
    clock.by += timedelta(seconds=4)
    found = [one.finding for one in await watch.look() if (one.finding.kind, one.finding.place) == (kind, place)]
    clock.by -= timedelta(seconds=4)
    return found[0].words if found else None


async def test_entries_that_nobody_signs(audit, tenant, watch, clock, signer):
    await audit.take(builders.redacted(tenant=tenant))
    assert "1 entries without checkpoint" in await _stands(watch, clock, "unsigned", tenant)
    await signer.sign(tenant)
    assert await _stands(watch, clock, "unsigned", tenant) is None


async def test_an_offset_that_is_not_on_record_until_it_is(audit, tenant, watch, clock):
    topic = "chancery.interactions.redacted"
    events = [builders.redacted(tenant=tenant) for _ in range(3)]
    partition = abs(hash(tenant)) % 100_000 + 100
    await audit.deliver([Received(events[n], topic, partition, n, 1_760_000_000_000) for n in (0, 2)])
    place = f"{topic}/{partition}"
    assert await _stands(watch, clock, "offset_gap", place) == "offsets 1 to 1 are not on record"
    await audit.deliver([Received(events[1], topic, partition, 1, 1_760_000_000_000)])
    assert await _stands(watch, clock, "offset_gap", place) is None


async def test_a_gap_that_passes_by_itself_is_no_alert(audit, tenant, watch):
    topic, partition = "chancery.interactions.redacted", abs(hash(tenant)) % 100_000 + 100
    await audit.deliver([Received(builders.redacted(tenant=tenant), topic, partition, n, 1_760_000_000_000) for n in (0, 2)])
    await watch.look()
    assert f"{topic}/{partition}" not in {one.finding.place for one in watch.alerts.standing}


async def test_a_checkpoint_that_is_refused(audit, tenant, watch, clock, signer):
    await audit.take(builders.redacted(tenant=tenant))
    await signer.sign(tenant)
    await audit.run("UPDATE logs SET frontier = decode(repeat('00', 32), 'hex') WHERE tenant = $1", tenant)
    await audit.take(builders.redacted(tenant=tenant))
    with pytest.raises(LogBroken):
        await signer.sign(tenant)
    await signer.sign_grown()
    assert "not the one that was signed" in await _stands(watch, clock, "checkpoint_refused", tenant)
    await audit.tamper("DELETE FROM logs WHERE tenant = $1 AND size > 0", tenant)


async def test_an_id_with_two_contents(audit, tenant, watch, clock):
    await audit.take(builders.requested("one", tenant=tenant, id="same"))
    await audit.take(builders.requested("two", tenant=tenant, id="same"))
    assert "1 event ids" in await _stands(watch, clock, "two_contents", tenant)


async def test_an_interaction_without_an_end(audit, tenant, watch, clock):
    asked = builders.requested("one", tenant=tenant, id="i-1", interaction="i-1")
    await audit.take(asked)
    assert "1 interactions have no end" in await _stands(watch, clock, "unfinished", tenant)
    await audit.take(asked.follow(builders.completed_data(), stage="restore", time=asked.time))
    assert await _stands(watch, clock, "unfinished", tenant) is None


async def test_a_service_whose_clock_is_off_and_this_process_itself(audit, tenant, watch, clock):
    event = builders.redacted(tenant=tenant, source="chancery/redaction")
    at_ms = int(event.time.timestamp() * 1000)
    watch._clocks.look([Received(event, "t", 0, 0, at_ms + 7_000)])
    assert await _stands(watch, clock, "clock_off", "chancery/redaction") == "-7.0 s from the broker's clock"
    watch._clocks.look([Received(event, "t", 0, 0, at_ms)])
    assert await _stands(watch, clock, "clock_off", "chancery/redaction") is None
    clock.by = timedelta(seconds=60)
    assert "from the database's clock" in await _stands(watch, clock, "clock_off", "database")


async def test_a_trail_that_cannot_be_reached(audit, signer, clock):
    database = await Database.open(audit.url, schema="audit", setup=plan_afresh)
    await database.close()
    watch = Watch(database, load_queries("chancery_audit"), signer, ClockWatch(clock), Bounds())
    assert await _stands(watch, clock, "trail_unreachable", "database")
    assert (await watch.health())["kinds"] == ["trail_unreachable"]
