"""A thousand records that are wrong in every way that Hypothesis thinks of: each has its end, and the stage lives on."""

import asyncio
from dataclasses import dataclass, field
from uuid import uuid4

import pytest
from chancery_bus import KafkaAddress, Publisher, StageDefinition, StageLimits, StageRunner, ensure_topics, topic_specs
from chancery_bus.clients import start_consumer
from chancery_contracts import encode, encode_structured
from chancery_contracts.topics import REQUESTED
from chancery_testing import builders
from chancery_testing.waiting import eventually
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

SECRET = "GB33BUKB20201555555555"  # it must not be quoted by any reason
LETTER = "chancery_deadletter_"


@dataclass
class Bench:
    """A running stage, what it handled, and its dead letters, by place."""

    tenant: str
    publisher: Publisher
    task: "asyncio.Task[None]"
    handled: set[tuple[int, int]] = field(default_factory=set)
    letters: dict[tuple[int, int], dict[str, bytes]] = field(default_factory=dict)

    async def publish(self, record):
        value, key, headers = record
        topic = REQUESTED.full_name(self.tenant)
        if key is not None or value is not None:
            written = await self.publisher.write(topic, key=key, value=value, headers=tuple(headers))
            return written.partition, written.offset
        # Other clients send records without either; this one only in a batch.
        producer = self.publisher._producer
        batch = producer.create_batch()
        batch.append(timestamp=None, key=None, value=None, headers=headers)
        written = await (await producer.send_batch(batch, topic, partition=0))
        return written.partition, written.offset

    def ended(self, place):
        return place in self.handled or place in self.letters


@pytest.fixture(scope="module")
async def bench(kafka_bootstrap):
    tenant = f"t{uuid4().hex[:8]}"
    await ensure_topics(kafka_bootstrap, topic_specs([tenant]))
    address = KafkaAddress(kafka_bootstrap)
    handled = set()

    async def handle(received):
        if received.topic == REQUESTED.full_name(tenant):
            handled.add((received.partition, received.offset))
        return ()

    limits = StageLimits(commit_interval_s=0.1)
    definition = StageDefinition("redaction", f"bad-{tenant}", (REQUESTED,), handle, limits)
    runner = StageRunner(definition, address, namespace="live", registry=CollectorRegistry())
    task = asyncio.create_task(runner.run())
    await asyncio.wait_for(runner.assigned.wait(), 30)
    found = Bench(tenant, await Publisher.start(address), task, handled)
    following = asyncio.create_task(_follow(address, tenant, found.letters))
    yield found
    following.cancel()
    runner.stop()
    await asyncio.wait([task, following], timeout=30)
    await found.publisher.close()


async def _follow(address, tenant, letters):
    consumer = await start_consumer(address, group=None)
    try:
        consumer.subscribe([REQUESTED.deadletter_name(tenant)])
        while True:
            for records in (await consumer.getmany(timeout_ms=100)).values():
                for record in records:
                    headers = dict(record.headers)
                    place = int(headers[f"{LETTER}partition"]), int(headers[f"{LETTER}offset"])
                    letters[place] = headers | {"value": record.value}
    finally:
        await consumer.stop()


def _with(headers, name, value):
    return [(one, value if one == name else raw) for one, raw in headers]


@st.composite
def broken(draw, tenant):
    """Value, key and headers of a record; perhaps even a good one."""
    event = builders.requested(f"Please pay {SECRET}.", id=f"e{draw(st.integers(0, 50))}", tenant=tenant)
    encoded = draw(st.sampled_from([encode, encode_structured]))(event)
    value, headers = encoded.value, list(encoded.headers)
    for _ in range(draw(st.integers(0, 3))):
        match draw(st.sampled_from(["cut", "splice", "replace", "none", "drop", "header", "type", "version", "tenant", "extra", "big"])):
            case "cut":
                value = (value or b"")[: draw(st.integers(0, 200))]
            case "splice":
                at = draw(st.integers(0, len(value or b"")))
                value = (value or b"")[:at] + draw(st.binary(max_size=30)) + (value or b"")[at:]
            case "replace":
                value = draw(
                    st.sampled_from([b"", b"null", b"[]", b"{}", b"0", b'"x"', b"[" * 3000, b'{"messages": []}', b"\xff\xfe", b"{" * 999])
                )
            case "none":
                value = None
            case "drop":
                headers = headers[: draw(st.integers(0, len(headers)))]
            case "header":
                name = draw(st.sampled_from([one for one, _ in headers])) if headers else "ce_id"
                headers = _with(headers, name, draw(st.binary(max_size=200)))
            case "type":
                kinds = [b"chancery.interaction.requested.v9", b"chancery.interaction.redacted.v1", b"x", b""]
                headers = _with(headers, "ce_type", draw(st.sampled_from(kinds)))
            case "version":
                headers = _with(headers, "ce_specversion", draw(st.sampled_from([b"0.3", b"2.0", b""])))
            case "tenant":
                headers = _with(headers, "ce_tenant", draw(st.sampled_from([b"another-tenant", b"", b"A B", b"x" * 300])))
            case "extra":
                headers.append((draw(st.text(st.characters(codec="utf-8"), max_size=10)), draw(st.binary(max_size=50))))
            case _:
                value = b'{"use_case": "u", "messages": [{"role": "user", "content": "' + b"x" * 1_048_600 + b'"}]}'
    return value, draw(st.sampled_from([encoded.key, None, b"", b"\xff"])), headers


def _thousand(tenant):
    """Drawn first and published afterwards: Hypothesis wants nothing of the broker's timing in its choices."""
    found = []

    @settings(max_examples=100, phases=(Phase.generate,), deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(st.lists(broken(tenant), min_size=10, max_size=10))
    def gather(records):
        found.extend(records)

    gather()
    return found


async def test_every_record_is_handled_or_dead_lettered_with_a_reason_that_quotes_nothing(bench):
    records = _thousand(bench.tenant)
    assert len(records) >= 1000
    places = [await bench.publish(record) for record in records]
    good = [await bench.publish(_plain(encode(builders.requested("Behind them.", id=f"g{n}", tenant=bench.tenant)))) for n in range(20)]
    await eventually(lambda: bench.task.done() or all(bench.ended(place) for place in (*places, *good)), within_s=60)
    assert not bench.task.done()
    assert bench.handled.issuperset(good)
    for place, (value, _, _) in zip(places, records, strict=True):
        letter = bench.letters.get(place)
        assert (letter is None) == (place in bench.handled)
        if letter is not None:
            reason = letter[f"{LETTER}reason"].decode()
            assert 5 < len(reason) < 300
            assert SECRET not in reason
            assert letter["value"] == value  # nothing is lost
    assert len(bench.letters) > 300


def _plain(encoded):
    return encoded.value, encoded.key, encoded.headers


async def test_what_is_replayed_or_out_of_order_is_handled_and_stops_nobody(bench):
    records = [_plain(encode(builders.requested("Again.", id=f"r{n}", tenant=bench.tenant))) for n in range(20)]
    places = [await bench.publish(record) for record in (*records, *reversed(records), *records[::3])]
    await eventually(lambda: bench.handled.issuperset(places), within_s=20)
    assert not bench.task.done()
