"""Finding interactions among a million: each filter alone, the first page and one in the middle, through the service's own reader."""

import random
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from statistics import quantiles

from chancery_audit.adapters.finding import PostgresFinder, Wanted
from chancery_audit.adapters.sealing import KeyCache
from chancery_contracts.event import system_clock
from chancery_runtime.keys import LocalKeyring
from chancery_storage import Database, load_queries, plan_afresh
from chancery_testing.figures import Figure

TENANT, USE_CASES = "bank", 50


@dataclass(frozen=True)
class Load:
    """How many there are, and how often each is looked for."""

    interactions: int
    matters: int
    conversations: int
    rounds: int


FULL = Load(1_000_000, 20_000, 300_000, 60)
SHORT = Load(10_000, 200, 3_000, 3)
BEGUN = datetime(2025, 1, 1, tzinfo=UTC)
_SCOPES = """
INSERT INTO scopes (tenant, scope, interaction, use_case, begun_at, ended_at, erased_at)
SELECT $1, 'interaction/i-' || n, 'i-' || n, 'case-' || n % $3, $2::timestamptz + n * interval '30 seconds',
    CASE WHEN n % 500 > 0 THEN $2::timestamptz + n * interval '30 seconds' END, CASE WHEN n % 997 = 0 THEN $2::timestamptz END
FROM generate_series(1, $4::int) AS n
"""
_PLACES = """
INSERT INTO places (tenant, kind, name, scope)
SELECT $1, $2, $2 || '-' || (n::bigint * 7919 % $3), 'interaction/i-' || n FROM generate_series(1, $4::int) AS n
"""


async def measure(database_url: str, keyring: Path, load: Load) -> list[Figure]:
    """Figures of `PostgresFinder`."""
    database = await Database.open(database_url, schema="audit_bench_find", setup=plan_afresh)
    await database.migrate("chancery_audit")
    finder = PostgresFinder(database, load_queries("chancery_audit"), KeyCache(LocalKeyring.open(keyring), 10))
    await _fill(database, load)
    chosen = random.Random(20261124)
    figures = []
    for name, after in product(("use_case", "matter", "conversation", "from", "to", "state open", "state erased", "none"), (False, True)):
        took = [await _timed(finder, load, name, chosen, after=after) for _ in range(load.rounds)]
        page = "middle" if after else "first"
        figures.append(Figure(f"find_p95_by_{name.replace(' ', '_')}_{page}_page", quantiles(took, n=20)[18], "ms", 200, "lower"))
    await database.close()
    return figures


async def _fill(database: Database, load: Load) -> None:
    started = system_clock()
    async with database.transaction() as connection:
        await connection.execute(_SCOPES, TENANT, BEGUN, USE_CASES, load.interactions, timeout=600)
        for kind, many in (("matter", load.matters), ("conversation", load.conversations)):
            await connection.execute(_PLACES, TENANT, kind, many, load.interactions, timeout=600)
    async with database.statement() as connection:
        await connection.execute("VACUUM ANALYZE scopes", timeout=600)
        await connection.execute("VACUUM ANALYZE places", timeout=600)
    assert system_clock() - started < timedelta(minutes=9)


async def _timed(finder: PostgresFinder, load: Load, name: str, chosen: random.Random, *, after: bool) -> float:
    number = chosen.randrange(load.interactions)
    moment = BEGUN + number * timedelta(seconds=30)
    by = {
        "use_case": {"use_case": f"case-{number % USE_CASES}"},
        "matter": {"matter": f"matter-{number % load.matters}"},
        "conversation": {"conversation": f"conversation-{number % load.conversations}"},
        "from": {"since": moment},
        "to": {"until": moment},
        "state open": {"state": "open"},
        "state erased": {"state": "erased"},
        "none": {},
    }[name]
    place = f"i-{chosen.randrange(1, load.interactions)}" if after else None
    started = time.perf_counter()
    await finder.interactions(Wanted(TENANT, after=place, **by))
    return (time.perf_counter() - started) * 1000
