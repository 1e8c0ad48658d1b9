"""Finding interactions among a million: each filter alone, the first page and one in the middle, through the service's own reader.

With row-level security, as readers without walls, kept to three matters, and kept from three matters.
"""

import random
import time
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from statistics import quantiles

from chancery_audit.adapters.finding import PostgresFinder, Wanted
from chancery_audit.adapters.sealing import KeyCache
from chancery_audit.adapters.viewing import Views, secure
from chancery_audit.domain.views import View
from chancery_contracts.event import system_clock
from chancery_runtime.keys import LocalKeyring
from chancery_runtime.principals import Walls
from chancery_storage import Database, load_queries, plan_afresh
from chancery_testing.figures import Figure

INTERACTIONS, TENANT, MATTERS, USE_CASES, CONVERSATIONS = 1_000_000, "bank", 20_000, 50, 300_000
ROUNDS = 60
SOME = frozenset(f"matter-{number}" for number in (7, 7_000, 17_000))
READERS = {"": Walls(), "_kept_to_matters": Walls(matters=SOME), "_kept_from_matters": Walls(excepted=SOME)}
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


async def measure(database_url: str, keyring: Path) -> list[Figure]:
    """Figures of `PostgresFinder`."""
    database = await Database.open(database_url, schema="audit_bench_find", setup=plan_afresh)
    await database.migrate("chancery_audit")
    queries = load_queries("chancery_audit")
    views = Views(database, queries, await secure(database, queries, on=True))
    finder = PostgresFinder(views, queries, KeyCache(LocalKeyring.open(keyring), 10))
    await _load(database)
    chosen = random.Random(20261124)
    figures = []
    for (reader, walls), name, after in product(
        READERS.items(), ("use_case", "matter", "conversation", "from", "to", "state open", "state erased", "none"), (False, True)
    ):
        took = [await _timed(finder, View(TENANT, walls), name, chosen, after=after) for _ in range(ROUNDS)]
        page = "middle" if after else "first"
        figures.append(Figure(f"find_p95_by_{name.replace(' ', '_')}_{page}_page{reader}", quantiles(took, n=20)[18], "ms", 200, "lower"))
    await database.close()
    return figures


async def _load(database: Database) -> None:
    started = system_clock()
    async with database.transaction() as connection:
        await connection.execute(_SCOPES, TENANT, BEGUN, USE_CASES, INTERACTIONS, timeout=600)
        for kind, many in (("matter", MATTERS), ("conversation", CONVERSATIONS)):
            await connection.execute(_PLACES, TENANT, kind, many, INTERACTIONS, timeout=600)
    async with database.statement() as connection:  # places have noted their matters in the scopes: every row is written twice
        await connection.execute("VACUUM ANALYZE scopes", timeout=600)
        await connection.execute("VACUUM ANALYZE places", timeout=600)
    assert system_clock() - started < timedelta(minutes=9)


async def _timed(finder: PostgresFinder, view: View, name: str, chosen: random.Random, *, after: bool) -> float:
    number = chosen.randrange(INTERACTIONS)
    moment = BEGUN + number * timedelta(seconds=30)
    by = {
        "use_case": {"use_case": f"case-{number % USE_CASES}"},
        "matter": {"matter": f"matter-{number % MATTERS}"},
        "conversation": {"conversation": f"conversation-{number % CONVERSATIONS}"},
        "from": {"since": moment},
        "to": {"until": moment},
        "state open": {"state": "open"},
        "state erased": {"state": "erased"},
        "none": {},
    }[name]
    place = f"i-{chosen.randrange(1, INTERACTIONS)}" if after else None
    started = time.perf_counter()
    await finder.interactions(Wanted(view, after=place, **by))
    return (time.perf_counter() - started) * 1000
