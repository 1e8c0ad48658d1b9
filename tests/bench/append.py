"""Durable append: filled topics, drained by the real audit process into PostgreSQL that flushes every commit.

Events are those of whole interactions (six each, 0.5 to 1.5 kB of data, 0.9 kB on average, four tenants). The rate counts offsets that the
trail has recorded; how far the signed checkpoint is behind is asked of the database, all along.
"""

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from aiokafka import AIOKafkaProducer
from chancery_bus import ensure_topics, topic_specs
from chancery_contracts import encode
from chancery_contracts.topics import TOPIC_OF_TYPE
from chancery_testing.figures import Figure
from chancery_testing.interactions import EACH, interaction
from chancery_testing.processes import ServiceProcess, family_cpu_s, machine_cpu_s, start_audit

TENANTS, INTERACTIONS, PROCESSES = 4, 40_000, (1, 2)
FINISH_WITHIN_S, SAMPLE_S = 300.0, 0.05
_RECORDED = "SELECT coalesce(sum(bounds[array_upper(bounds, 1)] - bounds[1]), 0)::bigint FROM audit.offset_ranges"
_BEHIND = """
SELECT coalesce(max(h.size - coalesce(l.size, 0)), 0)::bigint AS leaves,
    coalesce(max(extract(epoch FROM clock_timestamp() - e.recorded_at)), 0)::float8 AS seconds
FROM audit.heads h LEFT JOIN audit.logs l USING (tenant)
LEFT JOIN audit.entries e ON e.tenant = h.tenant AND e.seq = coalesce(l.size, 0)
"""
_DOUBLED = "SELECT count(*) - count(DISTINCT (tenant, event_id)) FROM audit.entries"


@dataclass(frozen=True)
class Drained:
    """One run."""

    rate: float
    cpu_us: float
    megabytes: float
    behind_leaves: int
    behind_s: float
    others: float


async def measure(bootstrap: str, database_url: str) -> list[Figure]:
    """Figures of appending, by one audit process."""
    await ensure_topics(bootstrap, topic_specs([_tenant(number) for number in range(TENANTS)]))
    figures = []
    with tempfile.TemporaryDirectory(prefix="chancery-bench-") as folder:
        for processes in PROCESSES:
            await _fill(bootstrap, range(len(figures) * INTERACTIONS, (len(figures) + 1) * INTERACTIONS))
            run = await _drained(bootstrap, database_url, Path(folder), processes)
            figures.append(_figures(run, "" if processes == 1 else f"_{processes}_processes"))
    return [figure for run in figures for figure in run]


def _figures(run: Drained, kind: str) -> list[Figure]:
    return [
        Figure(f"append_events_per_s{kind}", run.rate, "events/s", 10_000, peer=f"{INTERACTIONS * EACH} events of 0.9 kB through Kafka"),
        Figure(f"append_audit_cpu{kind}", run.cpu_us, "us/event", better="lower", peer="processor time of the audit processes"),
        Figure(f"append_checkpoint_behind_max{kind}", run.behind_s, "s", 1.0, "lower", peer="age of the oldest leaf without checkpoint"),
        Figure(
            f"append_checkpoint_behind_leaves{kind}", run.behind_leaves, "leaves", better="lower", peer="of the tenant that was most behind"
        ),
        Figure(f"append_cores_taken_by_others{kind}", run.others, "cores", better="lower", peer="other programs of the machine, meanwhile"),
        Figure(f"append_memory{kind}", run.megabytes, "MB", 300, "lower"),
    ]


def _tenant(number: int) -> str:
    return f"bank-{number}"


async def _fill(bootstrap: str, numbers: range) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", linger_ms=5, max_batch_size=262_144)
    await producer.start()
    for begin in range(0, len(numbers), 500):
        futures = []
        for number in numbers[begin : begin + 500]:
            for event in interaction(number, _tenant(number % TENANTS)):
                encoded, topic = encode(event), TOPIC_OF_TYPE[event.type].full_name(event.tenant)
                futures.append(await producer.send(topic, encoded.value, encoded.key, headers=list(encoded.headers)))
        await asyncio.gather(*futures)
    await producer.stop()


@asynccontextmanager
async def _audit(bootstrap: str, database_url: str, folder: Path, count: int) -> AsyncIterator[list[ServiceProcess]]:
    """So many, each with its own name."""
    processes = [start_audit(bootstrap, database_url, folder, str(number)) for number in range(count)]
    try:
        yield processes
    finally:
        for process in processes:
            process.stop()


async def _drained(bootstrap: str, database_url: str, folder: Path, count: int) -> Drained:
    """From the first recorded offset to the last. Starting processes is not in it, joining the group neither."""
    connection = await asyncpg.connect(database_url)
    before = await _recorded(connection)
    wanted = before + INTERACTIONS * EACH
    async with _audit(bootstrap, database_url, folder, count) as processes:
        deadline = time.monotonic() + FINISH_WITHIN_S
        samples: list[tuple[float, int]] = []
        leaves, seconds, cpu, others = 0, 0.0, 0.0, 0.0
        while not samples or samples[-1][1] < wanted:
            assert all(one.running for one in processes), _told(folder)
            assert time.monotonic() < deadline, f"{samples[-1][1] if samples else 0} of {wanted} events were recorded in time"
            await asyncio.sleep(SAMPLE_S)
            recorded = await _recorded(connection)
            if recorded == before:
                continue
            if not samples:
                cpu, others = sum(one.cpu_s() for one in processes), machine_cpu_s() - family_cpu_s(os.getpid())
            samples.append((time.monotonic(), recorded))
            behind = await connection.fetchrow(_BEHIND)
            assert behind is not None
            leaves, seconds = max(leaves, behind["leaves"]), max(seconds, behind["seconds"])
        (began, first), (ended, last) = samples[0], samples[-1]
        others = (machine_cpu_s() - family_cpu_s(os.getpid()) - others) / (ended - began)
        assert await connection.fetchval(_DOUBLED) == 0
        spent, megabytes = sum(one.cpu_s() for one in processes) - cpu, max(one.peak_megabytes() for one in processes)
    await connection.close()
    return Drained((last - first) / (ended - began), spent / (last - first) * 1e6, megabytes, leaves, seconds, max(0.0, others))


async def _recorded(connection: "asyncpg.Connection[asyncpg.Record]") -> int:
    try:
        return int(await connection.fetchval(_RECORDED))
    except asyncpg.UndefinedTableError:  # the process has not made its tables yet
        return 0


def _told(folder: Path) -> str:
    """What the processes said."""
    return "\n".join(log.read_text("utf-8") for log in sorted(folder.glob("*.log")))
