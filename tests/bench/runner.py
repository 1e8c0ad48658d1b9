"""The stage runner against raw aiokafka, in the same run: throughput, many in flight, latency of one stage."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from statistics import median, quantiles
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from chancery_bus import KafkaAddress, Publisher, StageDefinition, StageLimits, StageRunner, TopicReader, ensure_topics, topic_specs
from chancery_bus.admin import NewTopicSpec
from chancery_contracts import encode
from chancery_contracts.areas import UsageReported
from chancery_contracts.interactions import InteractionRefused
from chancery_contracts.topics import REFUSED, USAGE
from chancery_runtime.service import tune_collector
from chancery_testing import builders
from chancery_testing.figures import Figure
from prometheus_client import CollectorRegistry

EVENTS = 60_000
PAD = "x" * 330  # data of about 600 bytes, as in the evidence
ROUNDS = 3
WAVES, TIMED, BAD = 40, 2000, 1000
"""Waves of 256 in flight; records whose latency is taken; bad records among as many good ones."""


def _refused(number: int) -> object:
    return builders.refused(interaction=f"i{number}", reason=PAD, tenant="bench")


async def measure(bootstrap: str) -> list[Figure]:
    """Figures of the runner. The collector is tuned for both sides as services tune it."""
    tune_collector()
    namespace = f"b{uuid4().hex[:8]}"
    specs = [spec for spec in topic_specs([], namespace) if REFUSED.name in spec.name or spec.name.endswith(USAGE.name)]
    raw_out = NewTopicSpec(f"bench.{namespace}", 6)
    await ensure_topics(bootstrap, [*specs, raw_out])
    source = REFUSED.full_name(None, namespace)
    await _fill(bootstrap, source, EVENTS)
    raw, same, ours = [], [], []
    for number in range(ROUNDS):
        raw.append(EVENTS / await _raw(bootstrap, source, raw_out.name, f"raw-{namespace}-{number}"))
        same.append(EVENTS / await _raw_same_bytes(bootstrap, source, raw_out.name, f"same-{namespace}-{number}"))
        ours.append(EVENTS / await _runner(bootstrap, namespace, f"noop-{number}"))
    ideal_share = await _in_flight(bootstrap)
    p50, p99 = await _latency(bootstrap)
    delay = await _behind_bad(bootstrap)
    return [
        Figure("runner_events_per_s", median(ours), "events/s", peer=f"raw aiokafka {median(raw):.0f}/s"),
        Figure(
            "runner_share_of_raw_aiokafka",
            median(o / r for o, r in zip(ours, raw, strict=True)),
            "ratio",
            0.5,
            peer="aiokafka getmany + send_batch",
        ),
        Figure(
            "runner_share_of_aiokafka_with_the_same_bytes",
            median(o / s for o, s in zip(ours, same, strict=True)),
            "ratio",
            peer=f"the peer's loop over the records that the runner reads and writes, headers too: {median(same):.0f}/s",
        ),
        Figure("runner_256_in_flight_share_of_ideal", ideal_share, "ratio", 0.9, peer="256 / 200 ms = 1280/s"),
        Figure("stage_latency_p50_at_200_per_s", p50, "ms", 3.0, "lower"),
        Figure("stage_latency_p99_at_200_per_s", p99, "ms"),
        Figure("delay_behind_bad_records_max", delay, "ms", 1000, "lower", peer=f"{BAD} bad records among {BAD} good ones, at 200/s"),
    ]


async def _fill(bootstrap: str, topic: str, count: int) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", linger_ms=5, max_batch_size=262_144)
    await producer.start()
    futures = []
    for number in range(count):
        encoded = encode(_refused(number))
        futures.append(await producer.send(topic, encoded.value, encoded.key, headers=list(encoded.headers)))
    await asyncio.gather(*futures)
    await producer.stop()


async def _raw(bootstrap: str, source: str, target: str, group: str) -> float:
    """The evidence's loop: getmany, pydantic in and out, batches with acks=all, commit. No envelope, order or limits."""
    consumer = AIOKafkaConsumer(source, bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False, auto_offset_reset="earliest")
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, max_batch_size=131_072)
    await consumer.start()
    await producer.start()
    done, started = 0, 0.0
    while done < EVENTS:
        batches = await consumer.getmany(timeout_ms=200, max_records=2000)
        started = started or time.perf_counter()
        futures = []
        for partition, records in batches.items():
            batch = producer.create_batch()
            for record in records:
                value = InteractionRefused.model_validate_json(record.value).model_dump_json().encode()
                if batch.append(key=record.key, value=value, timestamp=None) is None:
                    futures.append(await producer.send_batch(batch, target, partition=partition.partition))
                    batch = producer.create_batch()
                    batch.append(key=record.key, value=value, timestamp=None)
            futures.append(await producer.send_batch(batch, target, partition=partition.partition))
            done += len(records)
        await asyncio.gather(*futures)
        if batches:
            await consumer.commit()
    elapsed = time.perf_counter() - started
    await consumer.stop()
    await producer.stop()
    return elapsed


async def _raw_same_bytes(bootstrap: str, source: str, target: str, group: str) -> float:
    """The loop of `_raw` over what the runner writes: the handler's data, and as many headers. Still no envelope, order or limits."""
    consumer = AIOKafkaConsumer(source, bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False, auto_offset_reset="earliest")
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, max_batch_size=131_072)
    await consumer.start()
    await producer.start()
    data = UsageReported(use_case=builders.USE_CASE, reservation_id=PAD, model=builders.MODEL, usage={}, raw_usage="{}")
    done, started = 0, 0.0
    while done < EVENTS:
        batches = await consumer.getmany(timeout_ms=200, max_records=2000)
        started = started or time.perf_counter()
        futures = []
        for partition, records in batches.items():
            batch = producer.create_batch()
            for record in records:
                InteractionRefused.model_validate_json(record.value)
                value, headers = data.model_dump_json().encode(), [*record.headers, ("ce_causation", dict(record.headers)["ce_id"])]
                if batch.append(key=record.key, value=value, timestamp=None, headers=headers) is None:
                    futures.append(await producer.send_batch(batch, target, partition=partition.partition))
                    batch = producer.create_batch()
                    batch.append(key=record.key, value=value, timestamp=None, headers=headers)
            futures.append(await producer.send_batch(batch, target, partition=partition.partition))
            done += len(records)
        await asyncio.gather(*futures)
        if batches:
            await consumer.commit()
    elapsed = time.perf_counter() - started
    await consumer.stop()
    await producer.stop()
    return elapsed


async def _runner(bootstrap: str, namespace: str, group: str) -> float:
    finished, started = asyncio.Event(), []
    seen = 0

    # The stage does nothing: it gives the same data each time, of the size that the peer writes. What is measured is the runner.
    data = UsageReported(use_case=builders.USE_CASE, reservation_id=PAD, model=builders.MODEL, usage={}, raw_usage="{}")

    async def handle(received):
        nonlocal seen
        seen += 1
        if not started:
            started.append(time.perf_counter())
        if seen == EVENTS:
            finished.set()
        event = received.event
        return [event.follow(data, stage="cost", time=event.time)]

    limits = StageLimits(max_in_flight=64, max_waiting_per_partition=4000, max_records_per_poll=2000)
    definition = StageDefinition("cost", group, (REFUSED,), handle, limits)
    runner = StageRunner(definition, KafkaAddress(bootstrap), namespace=namespace, registry=CollectorRegistry())
    task = asyncio.create_task(runner.run())
    await finished.wait()
    runner.stop()
    await task  # all acknowledged and committed
    return time.perf_counter() - started[0]


@asynccontextmanager
async def _stage(bootstrap: str, namespace: str, handle: Callable[..., Awaitable[object]], limits: StageLimits):
    definition = StageDefinition("cost", f"g{uuid4().hex[:6]}", (REFUSED,), handle, limits)
    runner = StageRunner(definition, KafkaAddress(bootstrap), namespace=namespace, registry=CollectorRegistry())
    task = asyncio.create_task(runner.run())
    await asyncio.wait_for(runner.assigned.wait(), 30)
    yield runner
    runner.stop()
    await task


async def _fresh(bootstrap: str) -> str:
    namespace = f"b{uuid4().hex[:8]}"
    specs = [spec for spec in topic_specs([], namespace) if REFUSED.name in spec.name or spec.name.endswith(USAGE.name)]
    await ensure_topics(bootstrap, specs)
    return namespace


async def _in_flight(bootstrap: str) -> float:
    """256 handlers of 200 ms at once, keys enough: the share of the ideal 1,280/s."""
    namespace, count = await _fresh(bootstrap), 256 * WAVES
    await _fill(bootstrap, REFUSED.full_name(None, namespace), count)
    times: list[float] = []
    finished = asyncio.Event()

    async def handle(received):
        await asyncio.sleep(0.2)
        times.append(time.perf_counter())
        if len(times) == count:
            finished.set()
        return ()

    async with _stage(bootstrap, namespace, handle, StageLimits(max_in_flight=256, max_waiting_per_partition=1024)):
        await finished.wait()
    times.sort()
    skipped = count // 4
    rate = (count - 2 * skipped) / (times[-skipped] - times[skipped])
    return rate / 1280


async def _latency(bootstrap: str) -> tuple[float, float]:
    """Milliseconds from the acknowledged input record to the output record's arrival at a reader, at 200/s."""
    namespace, count = await _fresh(bootstrap), TIMED
    sent: dict[str, float] = {}
    took: list[float] = []

    async def handle(received):
        event = received.event
        data = UsageReported(use_case=builders.USE_CASE, reservation_id="r", model=builders.MODEL, usage={}, raw_usage="{}")
        return [event.follow(data, stage="cost", time=event.time)]

    publisher = await Publisher.start(KafkaAddress(bootstrap), namespace)
    reader = await TopicReader.start(KafkaAddress(bootstrap), [USAGE.full_name(None, namespace)])

    async def read():
        async for received in reader.follow():
            took.append(time.perf_counter() - sent[received.event.causation])
            if len(took) == count:
                return

    async with _stage(bootstrap, namespace, handle, StageLimits()):
        reading = asyncio.create_task(read())
        publishing = set()
        start = time.perf_counter()
        for number in range(count):
            await asyncio.sleep(max(0.0, start + number / 200 - time.perf_counter()))
            event = _refused(number)
            sent[event.id] = time.perf_counter()
            task = asyncio.create_task(publisher.publish(event))
            publishing.add(task)
            task.add_done_callback(publishing.discard)
        await asyncio.wait_for(reading, 60)
    await reader.close()
    await publisher.close()
    cuts = quantiles(took[count // 10 :], n=100)
    return cuts[49] * 1000, cuts[98] * 1000


def _broken(chosen: random.Random, number: int) -> tuple[bytes | None, bytes | None, list[tuple[str, bytes]]]:
    """Value, key and headers of a record that no stage can use; each two hundredth is over 1 MiB."""
    encoded = encode(_refused(number))
    value, headers = encoded.value, list(encoded.headers)
    match chosen.randrange(5) if number % 200 else 5:
        case 0:
            value = value[: chosen.randrange(len(value))]
        case 1:
            value = b"[" * 3000
        case 2:
            headers = headers[: chosen.randrange(3)]
        case 3:
            headers = [(name, chosen.randbytes(40)) for name, _ in headers]
        case 4:
            headers = [(name, b"chancery.interaction.refused.v9" if name == "ce_type" else raw) for name, raw in headers]
        case _:
            value = b"x" * 1_048_600
    return value, encoded.key, headers


async def _behind_bad(bootstrap: str) -> float:
    """The longest that a good record waits for its handler, in milliseconds, among as many bad ones."""
    namespace, count = await _fresh(bootstrap), BAD
    sent: dict[str, float] = {}
    took: list[float] = []
    finished, chosen = asyncio.Event(), random.Random(7)

    async def handle(received):
        took.append(time.perf_counter() - sent[received.event.id])
        if len(took) == count:
            finished.set()
        return ()

    publisher = await Publisher.start(KafkaAddress(bootstrap), namespace)
    limits = StageLimits(deadletters_per_minute=10_000)
    async with _stage(bootstrap, namespace, handle, limits):
        start = time.perf_counter()
        for number in range(count):
            await asyncio.sleep(max(0.0, start + number / 100 - time.perf_counter()))
            value, key, headers = _broken(chosen, number)
            await publisher.write(REFUSED.full_name(None, namespace), key=key, value=value, headers=tuple(headers))
            event = _refused(number)
            sent[event.id] = time.perf_counter()
            await publisher.publish(event)
        await asyncio.wait_for(finished.wait(), 60)
    await publisher.close()
    return max(took) * 1000
