"""The whole pipeline, extractive model, all embedded: latency at 5/s, sustained rate, memory, time of `up`.

Peer (measured on the machine of the design's evidence, not here): LiteLLM's proxy with its Presidio guardrail, 21/s, without
retrieval, validation or durable audit.
"""

import asyncio
import os
import tempfile
import time
from pathlib import Path
from statistics import median, quantiles

import chancery_local
from chancery_bus import Publisher, TopicReader
from chancery_cli.connection import Connection, connect
from chancery_cli.documents import index_documents, read_document
from chancery_cli.provisioning import SAMPLES
from chancery_contracts import Event
from chancery_contracts.event import system_clock
from chancery_contracts.interactions import InteractionCompleted, InteractionRequested, Message
from chancery_contracts.topics import COMPLETED, REQUESTED
from chancery_testing.figures import Figure

TENANT = "meridian-bank"
TEXT = (
    "Hello, this is Eleanor Whitcombe writing from Bristol. You can reach me at eleanor.whitcombe@example.com or on 07700 900 123, and my "
    "account is GB29 NWBK 6016 1331 9268 19. I am buying a house next month with my partner and I need to know before Friday: what is "
    "the daily transfer limit for personal customers?"
)
SECONDS_SLOW, RATE_SLOW = 30, 5
COUNT_FAST, RATE_FAST = 900, 45
DOCUMENTS, WARM = "*.md", True
"""Which documents are indexed, and whether the timed `up` is a second one, on a warm folder."""


def measure() -> list[Figure]:
    """Figures of the pipeline, on a stack of its own."""
    with tempfile.TemporaryDirectory(prefix="chancery-bench-") as folder:
        os.environ["CHANCERY_HOME"] = folder
        if WARM:
            chancery_local.up(Path(folder))
            chancery_local.down(Path(folder))
        started = time.perf_counter()
        chancery_local.up(Path(folder))
        up_s = time.perf_counter() - started
        try:
            return [
                Figure("up_warm" if WARM else "up_first", up_s, "s", 20, "lower"),
                *asyncio.run(_measure(connect(Path(folder)), Path(folder))),
            ]
        finally:
            chancery_local.down(Path(folder))


async def _measure(connection: Connection, folder: Path) -> list[Figure]:
    documents = [read_document(path, TENANT) for path in sorted((SAMPLES / TENANT).rglob(DOCUMENTS))]
    await index_documents(connection.kafka, documents, lambda _: None)
    await _run(connection, "warm", 20, 5)
    slow = await _run(connection, "slow", SECONDS_SLOW * RATE_SLOW, RATE_SLOW)
    fast = await _run(connection, "fast", COUNT_FAST, RATE_FAST)
    cuts = quantiles([took for took, _ in slow], n=100)
    ends = sorted(end for _, end in fast)
    middle = ends[len(ends) // 10 : -len(ends) // 10]
    rate = (len(middle) - 1) / ((middle[-1] - middle[0]) / 1000)
    state = chancery_local.status(folder)
    assert state is not None
    memory = sum(chancery_local.resident_bytes(one.pid) for one in state.processes if one.pid) / 1_048_576
    return [
        Figure("pipeline_latency_p50_at_5_per_s", median(took for took, _ in slow), "ms", 60, "lower"),
        Figure("pipeline_latency_p99_at_5_per_s", cuts[98], "ms", 200, "lower"),
        Figure("pipeline_sustained", rate, "requests/s", 30, peer="LiteLLM proxy with Presidio 21/s, without retrieval, validation, audit"),
        Figure("stack_memory", memory, "MB", 3072, "lower"),
    ]


async def _run(connection: Connection, run: str, count: int, rate: float) -> list[tuple[int, int]]:
    """Latency and end, in the broker's milliseconds, of each request. Open loop: publishing does not wait for answers."""
    publisher = await Publisher.start(connection.kafka)
    reader = await TopicReader.start(connection.kafka, [REQUESTED.full_name(TENANT), COMPLETED.full_name(TENANT)], from_end=True)
    begun: dict[str, int] = {}
    ended: dict[str, int] = {}
    prefix = f"bench-{run}-"

    async def follow() -> None:
        async for received in reader.follow():
            interaction = received.event.interaction or ""
            if not interaction.startswith(prefix):
                continue
            if isinstance(received.event.data, InteractionCompleted):
                assert received.event.data.outcome == "released", received.event.data
                ended[interaction] = received.timestamp_ms
                if len(ended) == count:
                    return
            else:
                begun[interaction] = received.timestamp_ms

    following = asyncio.create_task(follow())
    start = time.perf_counter()
    for number in range(count):
        await asyncio.sleep(max(0.0, start + number / rate - time.perf_counter()))
        interaction = f"{prefix}{number}"
        data = InteractionRequested(use_case="bank-faq", messages=(Message(role="user", content=TEXT),), actor="bench")
        await publisher.publish(
            Event(id=interaction, source="bench", time=system_clock(), tenant=TENANT, data=data, interaction=interaction)
        )
    await asyncio.wait_for(following, 120)
    await publisher.close()
    await reader.close()
    return [(ended[one] - begun[one], ended[one]) for one in ended]
