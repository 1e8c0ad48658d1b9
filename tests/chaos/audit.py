"""`uv run poe chaos audit`: kill -9 of the audit process, at random moments while it records; then what must hold, holds.

Events are published all along. After each kill the process is started again, and how long that takes until it records is measured: from its
start, imports and all. In between a second process is started under the same name (it must refuse), and one under another name (it shares
the work, and is killed, too). At the end every published event is on record once, every chain and tree verifies, and every checkpoint that
was ever signed or published is one of the same tree.
"""

import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

import asyncpg
import httpx
from chancery_bus import KafkaAddress, Publisher, TopicReader, ensure_topics, topic_specs
from chancery_contracts.areas import CheckpointPublished
from chancery_contracts.topics import CHECKPOINTS
from chancery_ledger import Frontier, Policy, trust
from chancery_ledger.notes import Ed25519Verifier
from chancery_local import embedded_servers
from chancery_testing.figures import Figure
from chancery_testing.interactions import interaction
from chancery_testing.processes import OPERATOR, ServiceProcess, start_audit

TENANTS = ("chaos-a", "chaos-b", "chaos-c")
RATE, LONGEST_S, RECOVERED_WITHIN_S, DRAINED_WITHIN_S = 60.0, 1.5, 60.0, 120.0
_SIZE = "SELECT coalesce(sum(size), 0)::bigint FROM audit.heads"
_SESSIONS = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'chancery-audit'"
_UNSIGNED = "SELECT count(*) FROM audit.heads h LEFT JOIN audit.logs l USING (tenant) WHERE l.size IS DISTINCT FROM h.size"
_ON_RECORD = "SELECT event_id, leaf_hash FROM audit.entries WHERE tenant = $1 ORDER BY seq"


@dataclass
class Load:
    """Publishes whole interactions until it is told to end; `published` holds what Kafka has acknowledged."""

    ending: asyncio.Event = field(default_factory=asyncio.Event)
    published: dict[str, set[str]] = field(default_factory=lambda: {tenant: set() for tenant in TENANTS})

    async def run(self, bootstrap: str) -> None:
        """At a steady rate."""
        publisher = await Publisher.start(KafkaAddress(bootstrap))
        started, number = time.monotonic(), 0
        while not self.ending.is_set():
            await self._publish(publisher, number)
            number += 1
            await asyncio.sleep(max(0.0, started + number / RATE - time.monotonic()))
        await publisher.close()

    async def _publish(self, publisher: Publisher, number: int) -> None:
        tenant = TENANTS[number % len(TENANTS)]
        for event in interaction(number, tenant):
            await publisher.publish(event)
            self.published[tenant].add(event.id)


class Killing:
    """One run over servers of its own."""

    def __init__(self, bootstrap: str, database_url: str, folder: Path, seed: int) -> None:
        self._bootstrap = bootstrap
        self._url = database_url
        self._folder = folder
        self._random = random.Random(seed)
        self.recovered_s: list[float] = []
        self.recovered_cpu_s: list[float] = []
        self.refused = 0

    async def run(self, kills: int) -> Load:
        """Kills, then drains. The process that is left is stopped orderly."""
        await ensure_topics(self._bootstrap, topic_specs(TENANTS))
        self._sql = await asyncpg.connect(self._url)
        load = Load()
        loading = asyncio.create_task(load.run(self._bootstrap))
        second: ServiceProcess | None = None
        process = await self._started(first=True)
        for number in range(kills):
            if number == kills // 3:
                await self._second_is_refused()
            if number == kills // 2:
                second = start_audit(self._bootstrap, self._url, self._folder, "1")
            await asyncio.sleep(self._random.uniform(0.0, LONGEST_S))
            assert process.running, self._log()
            process.kill()
            if second is not None and self._random.random() < 0.5:
                second.kill()
                second = None
            process = await self._started(alone=second is None)
            print(f"  kill {number + 1}: records again after {self.recovered_s[-1]:.2f} s", file=sys.stderr, flush=True)
        if second is not None:
            second.kill()
        load.ending.set()
        await loading
        await self._drained(load)
        self._running = process
        return load

    async def _started(self, *, first: bool = False, alone: bool = True) -> ServiceProcess:
        """Starts, and waits until something is on record that was not. Alone: what the dead one's sessions still commit comes before."""
        while alone and not first and await self._sql.fetchval(_SESSIONS):  # noqa: ASYNC110  # the database has no event for it
            await asyncio.sleep(0.01)
        before = 0 if first else await self._sql.fetchval(_SIZE)
        began = time.monotonic()
        process = start_audit(self._bootstrap, self._url, self._folder)
        while await self._size() <= before or not (alone or await self._records(process)):
            assert process.running, self._log()
            assert time.monotonic() < began + RECOVERED_WITHIN_S, self._log()
            await asyncio.sleep(0.01)
        if not first:
            self.recovered_s.append(time.monotonic() - began)
            self.recovered_cpu_s.append(process.cpu_s())
        return process

    async def _size(self) -> int:
        try:
            return int(await self._sql.fetchval(_SIZE))
        except asyncpg.UndefinedTableError:
            return 0

    async def _records(self, process: ServiceProcess) -> bool:
        """Where two share the work, the process itself must say that it records."""
        try:
            async with httpx.AsyncClient() as http:
                told = (await http.get(f"http://127.0.0.1:{process.port}/metrics", timeout=2)).text
        except httpx.HTTPError:
            return False
        return any(line.startswith("chancery_audit_entries_total") and float(line.split()[-1]) > 0 for line in told.splitlines())

    async def _second_is_refused(self) -> None:
        second = start_audit(self._bootstrap, self._url, self._folder)
        status = await asyncio.to_thread(second.exit_status, 60)
        assert status == 1, f"a second process of the same name ended with {status}"
        assert "AlreadyRunning" in self._log()
        self.refused += 1

    def _log(self) -> str:
        return (self._folder / "audit-0.log").read_text("utf-8")[-4000:]

    async def _drained(self, load: Load) -> None:
        wanted = sum(map(len, load.published.values()))
        deadline = time.monotonic() + DRAINED_WITHIN_S
        while await self._sql.fetchval("SELECT count(DISTINCT (tenant, event_id)) FROM audit.entries WHERE event_id = ANY($1::text[])",
                                       [one for ids in load.published.values() for one in ids]) < wanted:  # fmt: skip
            if time.monotonic() > deadline:
                return  # what is missing will be counted
            await asyncio.sleep(0.2)
        while await self._sql.fetchval(_UNSIGNED):
            assert time.monotonic() < deadline, "the newest entries stay without a checkpoint"
            await asyncio.sleep(0.1)

    async def check(self, load: Load) -> list[Figure]:
        """What must hold, each as a count that must be 0."""
        lost, doubled, broken, checkpoints, inconsistent = 0, 0, 0, 0, 0
        published = await self._published_checkpoints()
        headers = {"Authorization": f"Bearer {OPERATOR}"}
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self._running.port}", headers=headers, timeout=60) as http:
            for tenant, ids in load.published.items():
                rows = await self._sql.fetch(_ON_RECORD, tenant)
                counted = Counter(row["event_id"] for row in rows)
                lost += len(ids - set(counted))
                doubled += sum(count - 1 for count in counted.values())
                verified = (await http.get("/v1/verify", params={"tenant": tenant})).json()
                broken += not (verified["ok"] and verified["verified"] == len(rows))
                policy = Policy(Ed25519Verifier.parse((await http.get(f"/v1/log/{tenant}/key")).text.strip()))
                notes = [row["note"] for row in await self._sql.fetch("SELECT note FROM audit.checkpoints WHERE tenant = $1", tenant)]
                notes += published[tenant]
                checkpoints += len(notes)
                inconsistent += _inconsistent([row["leaf_hash"] for row in rows], notes, policy)
            gaps = [one for one in (await http.get("/v1/completeness", params={"tenant": TENANTS[0]})).json()["partitions"] if one["gaps"]]
        self._running.stop()
        await self._sql.close()
        counts = {
            "lost_leaves": lost, "doubled_leaves": doubled, "broken_chains": broken, "inconsistent_checkpoints": inconsistent,
            "offset_gaps": len(gaps),
        }  # fmt: skip
        recovered, cpu = sorted(self.recovered_s), sorted(self.recovered_cpu_s)
        return [
            Figure("chaos_audit_kills", len(recovered), "kills", peer=f"{sum(map(len, load.published.values()))} events meanwhile"),
            *(Figure(f"chaos_audit_{name}", value, "count", 0, "lower") for name, value in counts.items()),
            Figure("chaos_audit_checkpoints_checked", checkpoints, "checkpoints"),
            Figure("chaos_audit_second_writers_refused", self.refused, "processes", 1),
            Figure("chaos_audit_recovery_p50", median(recovered), "s"),
            Figure("chaos_audit_recovery_p95", quantiles(recovered, n=20, method="inclusive")[18], "s"),
            Figure("chaos_audit_recovery_cpu_p50", median(cpu), "s", better="lower", peer="of it, processor time of the process"),
            Figure("chaos_audit_recovery_cpu_max", cpu[-1], "s", better="lower"),
            Figure("chaos_audit_recovery_max", recovered[-1], "s", 5, "lower", peer="from the start of the process until it records"),
        ]

    async def _published_checkpoints(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {tenant: [] for tenant in TENANTS}
        reader = await TopicReader.start(KafkaAddress(self._bootstrap), [CHECKPOINTS.full_name()])
        async for received in reader.until(await reader.ends()):
            if isinstance(received.event.data, CheckpointPublished):
                found[received.event.tenant].append(received.event.data.note)
        await reader.close()
        return found


def _inconsistent(leaf_hashes: Sequence[bytes], notes: Sequence[str], policy: Policy) -> int:
    """How many notes are of another tree than that of these leaves; a note that is not the log's raises."""
    wanted = [trust(note, policy).checkpoint for note in notes]
    sizes, edge, roots = {one.size for one in wanted}, Frontier(), dict[int, bytes]()
    for one in leaf_hashes:
        edge.append(one)
        if edge.size in sizes:
            roots[edge.size] = edge.root()
    return sum(roots.get(one.size) != one.root for one in wanted)


async def _run(kills: int, seed: int, bootstrap: str, url: str, folder: Path) -> list[Figure]:
    killing = Killing(bootstrap, url, folder, seed)
    return await killing.check(await killing.run(kills))


def measure(*, short: bool, seed: int) -> list[Figure]:
    """Figures of one run."""
    with tempfile.TemporaryDirectory(prefix="chancery-chaos-", ignore_cleanup_errors=True) as folder, embedded_servers() as servers:
        return asyncio.run(_run(6 if short else 100, seed, servers.kafka_bootstrap, servers.database_url, Path(folder)))
