"""Model calls through the real generation process, over Kafka and PostgreSQL, to a simulated provider in a process of its own.

Three runs. *Faulty*: every fifth call is answered wrongly, late, in part or not at all; two models, the second takes over. What generation
says of each event is held against the provider's own journal. *Killed*: the same while generation is killed with -9 again and again.
*Steady*: no faults, an even rate; the whole is the time from just before the authorised event is published until its answer is read from
Kafka. `added` is that less what the same call takes at the same rate in the same run, sent by a bare HTTP client (its median): Kafka,
twice, and the journals are in it. `added_over_work` is the whole less what the provider says that it worked, so HTTP is in it too.
"""

import asyncio
import json
import subprocess
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import asyncpg
import httpx
import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from chancery_bus import ensure_topics, topic_specs
from chancery_contracts import AnyEvent, VersionRef, encode
from chancery_contracts.event import system_clock
from chancery_contracts.interactions import ModelQuote, PriceEvidence, Reservation
from chancery_contracts.topics import AUTHORISED, GENERATED, REFUSED, REGISTRY, USAGE
from chancery_testing.builders import FEE, authorised, registry_entry
from chancery_testing.figures import Figure
from chancery_testing.processes import start_generation, start_provider

CALLS, KILLED, KILLS = 100_000, 4_000, 4
FAULT_RATE, LATENCY_MS = 0.2, 2.0
STEADY_S, STEADY_RATE, STEADY_LATENCY_MS, DIRECT_S = 60, 50, 20.0, 10
WARM_S = 2
"""Of the steady run: what is asked before is not counted."""
CONVERSATIONS = 2_000
QUIET_S = 60.0
"""A run has failed when nothing ended for so long."""
TENANT = "calls"
TOPICS = tuple(topic.full_name() for topic in (GENERATED, REFUSED, USAGE))


class _Attempt(msgspec.Struct):
    outcome: str
    superseded: bool = False
    why: str | None = None


class _Outcome(msgspec.Struct):
    """As much of an event as is looked at."""

    attempts: list[_Attempt] = []


_read = msgspec.json.Decoder(_Outcome).decode


@dataclass
class Ended:
    """All that generation said, by the id of the authorised event. `first_at`: when its first answer or refusal was read."""

    contents: dict[str, set[bytes]] = field(default_factory=lambda: defaultdict(set))
    attempts: dict[str, list[_Attempt]] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    usage: dict[str, set[bytes]] = field(default_factory=lambda: defaultdict(set))
    first_at: dict[str, float] = field(default_factory=dict)

    def take(self, record: Any) -> None:
        """One record."""
        headers = dict(record.headers)
        cause = headers["ce_causation"].decode()
        if headers["ce_type"].startswith(b"chancery.usage."):
            self.usage[cause].add(record.value)
            return
        self.first_at.setdefault(cause, time.time())
        self.contents[cause].add(headers["ce_id"] + record.value)
        self.attempts[cause] = _read(record.value).attempts
        if headers["ce_type"].startswith(b"chancery.interaction.refused"):
            self.refused.add(cause)


@dataclass(frozen=True)
class Servers:
    """Where everything is."""

    bootstrap: str
    database_url: str
    folder: Path


async def measure(bootstrap: str, database_url: str) -> list[Figure]:
    """Figures of all three runs."""
    await ensure_topics(bootstrap, topic_specs([TENANT]))
    with tempfile.TemporaryDirectory(prefix="chancery-bench-") as folder:
        servers = Servers(bootstrap, database_url, Path(folder))
        async with _provider(servers, "faulty", latency_ms=LATENCY_MS, fault_rate=FAULT_RATE):
            figures = [*await _faulty(servers), *await _killed(servers)]
        async with _provider(servers, "steady", latency_ms=STEADY_LATENCY_MS) as base_url:
            return [*figures, *await _steady(servers, base_url)]


async def _faulty(servers: Servers) -> list[Figure]:
    asked = [_asking("faulty", number) for number in range(CALLS)]
    service = start_generation(servers.bootstrap, servers.database_url, servers.folder)
    try:
        async with _reading(servers) as ended:
            began = time.monotonic()
            await _publish(servers, asked)
            await _all(ended, asked, lambda: service.running, servers)
            seconds = time.monotonic() - began
        cpu_s, megabytes = service.cpu_s(), service.peak_megabytes()
    finally:
        service.stop()
    return [
        *await _verdict("calls", asked, ended, servers),
        Figure("calls_per_s_with_faults", len(asked) / seconds, "events/s", peer="starting the process and reading everything are in it"),
        Figure("calls_generation_cpu", cpu_s / len(asked) * 1e3, "ms/event", better="lower"),
        Figure("calls_generation_memory", megabytes, "MB", better="lower"),
    ]


async def _killed(servers: Servers) -> list[Figure]:
    asked = [_asking("faulty", number) for number in range(KILLED)]
    services = [start_generation(servers.bootstrap, servers.database_url, servers.folder)]
    try:
        async with _reading(servers) as ended:
            await _publish(servers, asked)
            for part in range(1, KILLS + 1):
                await _until(lambda wanted=KILLED * part // (KILLS + 2): len(ended.contents) >= wanted, ended, servers)
                services[-1].kill()
                services.append(start_generation(servers.bootstrap, servers.database_url, servers.folder))
            await _all(ended, asked, lambda: services[-1].running, servers)
    finally:
        services[-1].stop()
    return await _verdict("killed_calls", asked, ended, servers)


async def _steady(servers: Servers, base_url: str) -> list[Figure]:
    asked = [_asking("steady", number) for number in range((STEADY_S + WARM_S) * STEADY_RATE)]
    sent_at: dict[str, float] = {}
    service = start_generation(servers.bootstrap, servers.database_url, servers.folder)
    try:
        async with _reading(servers) as ended, _producer(servers, linger_ms=0) as producer:
            await _warm(servers, producer, ended)
            direct_ms = await _direct(base_url)
            async for number in _ticks(len(asked)):
                encoded, sent_at[asked[number].id] = encode(asked[number]), time.time()
                await producer.send(AUTHORISED.full_name(), encoded.value, encoded.key, headers=list(encoded.headers))
            await _all(ended, asked, lambda: service.running, servers)
    finally:
        service.stop()
    worked_s = _worked_s(servers.folder / "steady.jsonl")
    counted = [event.id for event in asked[WARM_S * STEADY_RATE :]]
    whole = [(ended.first_at[one] - sent_at[one]) * 1000 for one in counted]
    over_work = [(ended.first_at[one] - sent_at[one] - worked_s[one]) * 1000 for one in counted]
    peer = f"{STEADY_RATE}/s for {STEADY_S} s; sent to the provider by a bare client the call takes {direct_ms:.1f} ms"
    return [
        Figure("calls_added_p50", median(whole) - direct_ms, "ms", 5, "lower", peer=peer),
        Figure("calls_added_p99", quantiles(whole, n=100)[98] - direct_ms, "ms", 25, "lower", peer=peer),
        Figure("calls_added_over_work_p50", median(over_work), "ms", better="lower", peer="HTTP, both sides of it, is in these"),
        Figure("calls_added_over_work_p99", quantiles(over_work, n=100)[98], "ms", better="lower"),
        Figure("calls_whole_p50", median(whole), "ms", better="lower", peer="with the provider's time"),
    ]


async def _direct(base_url: str) -> float:
    """Median milliseconds of the same call by a bare client, beside the idle service."""
    took: list[float] = []
    body = {"model": "m", "messages": [{"role": "user", "content": f"[1] Cards\n{FEE}\n\nWhat does a card cost?"}], "max_tokens": 400}

    async def call(client: httpx.AsyncClient) -> None:
        began = time.perf_counter()
        response = await client.post(f"{base_url}/chat/completions", json=body, headers={"Idempotency-Key": "direct"})
        assert response.json()["choices"]
        took.append((time.perf_counter() - began) * 1000)

    async with httpx.AsyncClient(timeout=10) as client, asyncio.TaskGroup() as group:
        async for _ in _ticks(DIRECT_S * STEADY_RATE):
            group.create_task(call(client))
    return median(took)


async def _ticks(count: int) -> AsyncIterator[int]:
    """Numbers, at the steady rate."""
    start = time.monotonic()
    for number in range(count):
        await asyncio.sleep(max(0.0, start + number / STEADY_RATE - time.monotonic()))
        yield number


async def _warm(servers: Servers, producer: AIOKafkaProducer, ended: Ended) -> None:
    """The process is up, in its group, and connected."""
    first = _asking("steady", 0)
    encoded = encode(first)
    await producer.send_and_wait(AUTHORISED.full_name(), encoded.value, encoded.key, headers=list(encoded.headers))
    await _until(lambda: first.id in ended.contents, ended, servers)


def _worked_s(journal: Path) -> dict[str, float]:
    """What the provider says: seconds by key, over all calls."""
    worked: dict[str, float] = defaultdict(float)
    for line in journal.read_text("utf-8").splitlines():
        entry = json.loads(line)
        worked[entry["key"]] += entry["at"] * (-1 if entry["event"] == "started" else 1)
    return worked


async def _verdict(name: str, asked: Sequence[AnyEvent], ended: Ended, servers: Servers) -> list[Figure]:
    """What must hold, each as a count that must be 0."""
    ids = {event.id for event in asked}
    started: Counter[str] = Counter()
    for line in (servers.folder / "faulty.jsonl").read_text("utf-8").splitlines():
        entry = json.loads(line)
        started[entry["key"]] += entry["event"] == "started" and entry["key"] in ids
    journalled = await _journalled(servers, ids)
    answers = {cause: sum(one.outcome == "answered" and not one.superseded for one in ended.attempts[cause]) for cause in ended.attempts}
    released = ids - ended.refused
    counts = {
        "lost": len(ids - ended.contents.keys()),
        "doubled": sum(len(ended.contents[one]) > 1 for one in ids & ended.contents.keys()),
        "answers_from_other_than_one_attempt": sum(answers.get(one) != 1 for one in released),
        "attempts_not_told": sum(max(0, started[one] - len(ended.attempts.get(one, ()))) for one in ids),
        "attempts_journalled_and_not_told": sum(journalled[one] != len(ended.attempts.get(one, ())) for one in ids),
        "usage_missing_or_doubled": sum(len(ended.usage.get(one, ())) != 1 for one in released),
    }
    told = Counter(one.outcome for cause in ids for one in ended.attempts.get(cause, ()))
    return [
        Figure(f"{name}_asked", len(ids), "events", peer=f"{started.total()} calls at the provider: {dict(told)}"),
        Figure(f"{name}_refused", len(ended.refused), "events", better="lower", peer="no attempt was answered in time"),
        *(Figure(f"{name}_{what}", value, "count", 0, "lower") for what, value in counts.items()),
    ]


async def _journalled(servers: Servers, ids: set[str]) -> Counter[str]:
    connection = await asyncpg.connect(servers.database_url)
    rows = await connection.fetch("SELECT cause_id, count(*) AS calls FROM generation.calls GROUP BY cause_id")
    await connection.close()
    return Counter({row["cause_id"]: row["calls"] for row in rows if row["cause_id"] in ids})


def _asking(kind: str, number: int) -> AnyEvent:
    """An authorised event of use case `kind`, with money for both its models."""
    models = (VersionRef(name=f"{kind}-first", version=1), VersionRef(name=f"{kind}-second", version=1))
    price = PriceEvidence(source="test", currency="USD", input_micros_per_mtok=1, output_micros_per_mtok=1)
    quotes = tuple(ModelQuote(model=model, worst_micros=1, price_source="test") for model in models)
    return authorised(
        use_case=VersionRef(name=kind, version=1), model=models[0], tenant=TENANT, conversation=f"c{number % CONVERSATIONS}",
        time=system_clock(),
        reservation=Reservation(reservation_id=f"r{number}", budget="b", amount_micros=2, price=price, quotes=quotes),
    )  # fmt: skip


@asynccontextmanager
async def _provider(servers: Servers, kind: str, *, latency_ms: float, fault_rate: float = 0.0) -> AsyncIterator[str]:
    """A provider, and the registry entries of a use case on two of its models."""
    process, base_url = start_provider(servers.folder, kind, latency_ms=latency_ms, fault_rate=fault_rate)
    try:
        async with _producer(servers) as producer:
            for entry in _entries(kind, base_url):
                encoded = encode(entry)
                await producer.send_and_wait(REGISTRY.full_name(), encoded.value, encoded.key, headers=list(encoded.headers))
        yield base_url
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()


def _entries(kind: str, base_url: str) -> list[AnyEvent]:
    pins = {"prompt": {"name": kind, "version": 1}, "redaction_policy": {"name": "r", "version": 1}, "collections": ["c"], "budget": "b"}
    first, second = ({"name": f"{kind}-{place}", "version": 1} for place in ("first", "second"))
    body = {"provider": "openai", "provider_model": kind, "base_url": base_url, "timeout_s": 1.0, "max_attempts": 3}
    routing = {"fallbacks": [second], "deadline_s": 8.0}
    return [
        registry_entry("model", first["name"], body, tenant=TENANT),
        registry_entry("model", second["name"], body | {"region": "other"}, tenant=TENANT),
        registry_entry("prompt", kind, {"system": "Cite.", "user": "{passages}\n\n{question}"}, tenant=TENANT),
        registry_entry("use_case", kind, {"model": first, "routing": routing, **pins}, tenant=TENANT),
    ]


@asynccontextmanager
async def _producer(servers: Servers, linger_ms: int = 5) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(bootstrap_servers=servers.bootstrap, acks="all", linger_ms=linger_ms, max_batch_size=262_144)
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def _publish(servers: Servers, events: Sequence[AnyEvent]) -> None:
    async with _producer(servers) as producer:
        for begin in range(0, len(events), 500):
            futures = []
            for event in events[begin : begin + 500]:
                encoded = encode(event)
                futures.append(await producer.send(AUTHORISED.full_name(), encoded.value, encoded.key, headers=list(encoded.headers)))
            await asyncio.gather(*futures)


@asynccontextmanager
async def _reading(servers: Servers) -> AsyncIterator[Ended]:
    """What generation publishes from now on."""
    consumer, ended = AIOKafkaConsumer(*TOPICS, bootstrap_servers=servers.bootstrap, auto_offset_reset="latest"), Ended()
    await consumer.start()
    for partition in consumer.assignment():
        await consumer.position(partition)

    async def follow() -> None:
        async for record in consumer:
            ended.take(record)

    following = asyncio.create_task(follow())
    try:
        yield ended
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await consumer.stop()


async def _all(ended: Ended, asked: Sequence[AnyEvent], running: Any, servers: Servers) -> None:
    """Every event has ended, and the usage of every answer is there."""
    ids = {event.id for event in asked}

    def done() -> bool:
        assert running(), _log(servers)
        return len(ended.contents) >= len(ids) and ids <= ended.contents.keys() and ids - ended.refused <= ended.usage.keys()

    await _until(done, ended, servers)


async def _until(holds: Any, ended: Ended, servers: Servers) -> None:
    seen, since = -1, time.monotonic()
    while not holds():
        if len(ended.contents) + len(ended.usage) != seen:
            seen, since = len(ended.contents) + len(ended.usage), time.monotonic()
        if time.monotonic() - since > QUIET_S:
            print(f"nothing ended for {QUIET_S} s, after {len(ended.contents)} events\n{_log(servers)[-4000:]}", flush=True)
            return
        await asyncio.sleep(0.05)


def _log(servers: Servers) -> str:
    return (servers.folder / "generation.log").read_text("utf-8", errors="replace")
