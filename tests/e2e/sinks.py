"""Everything that the stack writes, to search it."""

import stat

import asyncpg
import chancery_local
import httpx
import psutil
from chancery_bus import TopicReader
from chancery_bus.admin import topic_names
from chancery_bus.clients import start_consumer, stop_consumer

ALLOWED = ("chancery.interactions.requested.", "chancery.interactions.completed.")
"""The two raw topics and their dead letters: the only topics where raw text may stand."""


async def records(stack, topic):
    """Every record of a topic, as it lies there."""
    reader = await TopicReader.start(stack.kafka, [topic])
    ends = {partition: end for partition, end in (await reader.ends()).items() if end > 0}
    await reader.close()
    if not ends:
        return []
    consumer = await start_consumer(stack.kafka, group=None)
    consumer.assign(list(ends))
    found = []
    await consumer.seek_to_beginning(*ends)
    while any([await consumer.position(partition) < end for partition, end in ends.items()]):
        for batch in (await consumer.getmany(timeout_ms=500)).values():
            found += batch
    await stop_consumer(consumer)
    return found


async def sinks(stack, home):
    """(place, bytes) of every topic but the raw ones, every table's row, every log, every metric."""
    for topic in sorted(await topic_names(stack.kafka)):
        if not topic.startswith(ALLOWED):
            for record in await records(stack, topic):
                yield f"topic {topic}", b"\n".join([record.value or b"", record.key or b"", *(value for _, value in record.headers)])
    connection = await asyncpg.connect(chancery_local.status(home).database_url)
    tables = await connection.fetch("SELECT table_schema, table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE'")
    for schema, table in tables:
        if schema not in {"pg_catalog", "information_schema"}:
            for row in await connection.fetch(f'SELECT * FROM "{schema}"."{table}"'):
                yield f"table {schema}.{table}", b"\n".join(v if isinstance(v, bytes) else str(v).encode() for v in row.values())
    await connection.close()
    for log in (home / "logs").iterdir():
        yield f"log {log.name}", log.read_bytes()
    async with httpx.AsyncClient() as client:
        for name, url in stack.urls.items():
            yield f"metrics {name}", (await client.get(f"{url}/metrics")).content


KAFKAS_OWN = (".index", ".timeindex", ".txnindex", ".snapshot")
"""Offsets and times by offset, most of them empty to ten megabytes: no record's bytes."""


def files(home):
    """(place, bytes) of every file under the stack's folder; PostgreSQL's pages and write-ahead log too: what the vault holds is sealed.

    Not the segments of the raw topics, which `sinks` leaves out too, and whose other records `records` reads.
    """
    for path in home.rglob("*"):
        if path.suffix in KAFKAS_OWN or any(part.startswith(ALLOWED) for part in path.parts):
            continue
        try:
            if stat.S_ISREG(path.lstat().st_mode):
                yield f"file {path.relative_to(home)}", path.read_bytes()
        except FileNotFoundError:  # servers tidy up
            continue


def processes(home):
    """(place, bytes) of the arguments and the environment of every process of the stack."""
    for one in chancery_local.status(home).processes:
        if one.pid is not None:
            process = psutil.Process(one.pid)
            for each in (process, *process.children(recursive=True)):
                yield f"process {one.name}", repr((each.cmdline(), each.environ())).encode()
