"""Finding interactions among a million: each filter alone and some together, the first page and one in the middle, values that nearly all
have and values that few have, through the service's own reader.

With row-level security, as readers without walls, kept to three matters, and kept from three matters.
"""

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles
from typing import Any

from chancery_audit.adapters.attributes import PERSON_PURPOSE
from chancery_audit.adapters.finding import PostgresFinder
from chancery_audit.adapters.sealing import KeyCache
from chancery_audit.adapters.viewing import Views, secure
from chancery_audit.domain.attributes import person_name
from chancery_audit.domain.views import View
from chancery_audit.domain.wanted import CostRange, Pseudonym, Wanted
from chancery_contracts.event import system_clock
from chancery_runtime.keys import LocalKeyring
from chancery_runtime.principals import Walls
from chancery_storage import Connection, Database, load_queries, plan_afresh
from chancery_testing.figures import Figure

INTERACTIONS, TENANT, MATTERS, USE_CASES, CONVERSATIONS = 1_000_000, "bank", 20_000, 50, 300_000
PERSONS, ACTORS, DOCUMENTS, VERSIONS = 40_000, 5_000, 5_000, 20
ROUNDS = 60
SOME = frozenset(f"matter-{number}" for number in (7, 7_000, 17_000))
READERS = {"": Walls(), "_kept_to_matters": Walls(matters=SOME), "_kept_from_matters": Walls(excepted=SOME)}
BEGUN = datetime(2025, 1, 1, tzinfo=UTC)
LOAD_TIMEOUT_S = 900
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
_ATTRIBUTES = """
INSERT INTO attributes (tenant, kind, name, begun_at, scope)
SELECT $1, $2, name, $3::timestamptz + n * interval '30 seconds', 'interaction/i-' || n
FROM (SELECT n, {name} AS name FROM generate_series(1, $4::int) AS n) AS told WHERE name IS NOT NULL ORDER BY name, n
"""
# Pseudorandom, and the same in every run: multipliers without a factor in common with what they are taken modulo.
_NAMES = (
    ("actor", f"CASE n % 2 WHEN 0 THEN 'batch' ELSE 'user-' || (n::bigint * 7919 % {ACTORS}) END"),
    ("reviewer", "CASE WHEN n % 1000 = 0 THEN 'reviewer-' || n / 1000 % 50 END"),
    ("prompt", f"CASE WHEN n % 20000 = 7 THEN 'rare@2' ELSE 'answer@' || 1 + n::bigint * {VERSIONS} / ($4::int + 1) END"),
    ("model", "CASE n % 10 WHEN 0 THEN 'small@3' WHEN 1 THEN 'small@2' ELSE 'large@1' END"),
    ("document", "CASE WHEN n % 5 < 3 THEN 'terms@4' END"),
    ("document", f"'doc-' || (n::bigint * 7907 % {DOCUMENTS}) || '@' || 1 + n % 4"),
    ("document", f"'doc-' || ((n::bigint * 7901 + 1) % {DOCUMENTS}) || '@' || 1 + n % 3"),
    ("verdict", "CASE WHEN n % 1000 = 0 THEN 'escalate' WHEN n % 40 = 1 THEN 'withhold' ELSE 'release' END"),
    ("outcome", "CASE WHEN n % 500 = 0 THEN NULL WHEN n % 100 = 3 THEN 'refused' WHEN n % 40 = 1 THEN 'withheld' ELSE 'released' END"),
    ("refusal", "CASE WHEN n % 50000 = 3 THEN 'dead_lettered' WHEN n % 100 = 3 THEN 'budget_exceeded' END"),
)
_COSTS = """
INSERT INTO costs (tenant, scope, currency, begun_at, micros)
SELECT $1, 'interaction/i-' || n, 'USD', $2::timestamptz + n * interval '30 seconds',
    CASE WHEN n % 20000 = 0 THEN 5000000 + n ELSE 50 + n::bigint * 7919 % 20000 END FROM generate_series(1, $3::int) AS n WHERE n % 500 > 0
"""
Filters = dict[str, Any]
WORST = "two_of_many_that_never_meet"
"""The one kind of query that reads all rows of a name to find none: no target."""


async def measure(database_url: str, keyring: Path) -> list[Figure]:
    """Figures of `PostgresFinder`."""
    keys = LocalKeyring.open(keyring)
    database = await Database.open(database_url, schema="audit_bench_find", setup=plan_afresh)
    await database.migrate("chancery_audit")
    queries = load_queries("chancery_audit")
    views = Views(database, queries, await secure(database, queries, on=True))
    finder = PostgresFinder(views, queries, KeyCache(keys, 10))
    await _load(database, await keys.derive(TENANT, PERSON_PURPOSE))
    chosen = random.Random(20261124)
    figures = []
    for reader, walls in READERS.items():
        view = View(TENANT, walls)
        seen = [one.interaction for one in await finder.interactions(Wanted(view, limit=1_000))] if walls.matters else None
        for name, filters in FILTERS.items():
            for page, after in (("first", None), ("middle", seen or INTERACTIONS)):
                took = [await _timed(finder, view, filters(chosen), _place(chosen, after)) for _ in range(ROUNDS)]
                target = None if name == WORST else 200
                figures.append(Figure(f"find_p95_by_{name}_{page}_page{reader}", quantiles(took, n=20)[18], "ms", target, "lower"))
    await database.close()
    return figures


async def _load(database: Database, person_key: bytes) -> None:
    started = system_clock()
    async with database.transaction() as connection:
        await connection.execute(_SCOPES, TENANT, BEGUN, USE_CASES, INTERACTIONS, timeout=LOAD_TIMEOUT_S)
        for kind, many in (("matter", MATTERS), ("conversation", CONVERSATIONS)):
            await connection.execute(_PLACES, TENANT, kind, many, INTERACTIONS, timeout=LOAD_TIMEOUT_S)
        for kind, name in _NAMES:
            sql = _ATTRIBUTES.format(name=name)
            await connection.execute(sql, TENANT, kind, BEGUN, INTERACTIONS, timeout=LOAD_TIMEOUT_S)
        await _load_persons(connection, person_key)
        await connection.execute(_COSTS, TENANT, BEGUN, INTERACTIONS, timeout=LOAD_TIMEOUT_S)
    async with database.statement() as connection:
        for table in ("scopes", "places", "attributes", "costs"):
            await connection.execute(f"VACUUM ANALYZE {table}", timeout=LOAD_TIMEOUT_S)
    assert system_clock() - started < timedelta(seconds=2 * LOAD_TIMEOUT_S)


async def _load_persons(connection: Connection, key: bytes) -> None:
    """Half of the interactions name somebody."""
    hashes = [person_name(key, *_person(number)) for number in range(PERSONS)]
    await connection.execute("CREATE TEMPORARY TABLE persons (number int PRIMARY KEY, name text) ON COMMIT DROP")
    await connection.copy_records_to_table("persons", records=enumerate(hashes))
    sql = _ATTRIBUTES.format(
        name=f"CASE n % 2 WHEN 0 THEN (SELECT p.name FROM persons p WHERE p.number = n::bigint * 7919 % {PERSONS}) END"
    )
    await connection.execute(sql, TENANT, "person", BEGUN, INTERACTIONS, timeout=LOAD_TIMEOUT_S)


def _person(number: int) -> tuple[str, str]:
    return f"matter:matter-{number % MATTERS}", f"<PERSON_{number}>"


def _named(**names: str) -> Callable[[random.Random], Filters]:
    return lambda _: {"named": names}


def _cost(least: int, most: int) -> CostRange:
    return CostRange("USD", least, most)


def _moment(chosen: random.Random) -> datetime:
    return BEGUN + chosen.randrange(INTERACTIONS) * timedelta(seconds=30)


FILTERS: dict[str, Callable[[random.Random], Filters]] = {
    "none": lambda _: {},
    "use_case": lambda chosen: {"use_case": f"case-{chosen.randrange(USE_CASES)}"},
    "matter": lambda chosen: {"matter": f"matter-{chosen.randrange(MATTERS)}"},
    "conversation": lambda chosen: {"conversation": f"conversation-{chosen.randrange(CONVERSATIONS)}"},
    "from": lambda chosen: {"since": _moment(chosen)},
    "to": lambda chosen: {"until": _moment(chosen)},
    "state_open": lambda _: {"state": "open"},
    "state_erased": lambda _: {"state": "erased"},
    "actor": lambda chosen: {"named": {"actor": f"user-{chosen.randrange(ACTORS)}"}},
    "actor_of_half": _named(actor="batch"),
    "reviewer": lambda chosen: {"named": {"reviewer": f"reviewer-{chosen.randrange(50)}"}},
    "prompt_of_all_in_20_versions": _named(prompt="answer"),
    "prompt_version": lambda chosen: {"named": {"prompt": f"answer@{chosen.randrange(1, VERSIONS + 1)}"}},
    "prompt_rare": _named(prompt="rare"),
    "model_of_80_percent": _named(model="large@1"),
    "model_in_2_versions": _named(model="small"),
    "document_of_60_percent": _named(document="terms@4"),
    "document": lambda chosen: {"named": {"document": f"doc-{chosen.randrange(DOCUMENTS)}"}},
    "document_version": lambda chosen: {"named": {"document": f"doc-{chosen.randrange(DOCUMENTS)}@{chosen.randrange(1, 4)}"}},
    "verdict_release": _named(verdict="release"),
    "verdict_escalate": _named(verdict="escalate"),
    "outcome_released": _named(outcome="released"),
    "outcome_refused": _named(outcome="refused"),
    "refusal_rare": _named(refusal="dead_lettered"),
    "person": lambda chosen: {"persons": [Pseudonym(*_person(chosen.randrange(PERSONS)))]},
    "person_of_100_places": lambda chosen: {"persons": [Pseudonym(*_person(chosen.randrange(PERSONS))) for _ in range(100)]},
    "cost_of_nearly_all": lambda _: {"cost": _cost(0, 19_000)},
    "cost_narrow": lambda chosen: {"cost": _cost(low := chosen.randrange(50, 19_000), low + 10)},
    "cost_rare": lambda _: {"cost": _cost(1_000_000, 2**53)},
    "verdict_release_and_actor": lambda chosen: {"named": {"verdict": "release", "actor": f"user-{chosen.randrange(ACTORS)}"}},
    "matter_and_verdict_release": lambda chosen: {"matter": f"matter-{chosen.randrange(MATTERS)}", "named": {"verdict": "release"}},
    "six_together": lambda chosen: {
        "use_case": f"case-{3 + 10 * chosen.randrange(USE_CASES // 10)}", "since": BEGUN, "cost": _cost(0, 15_000),
        "named": {"prompt": "answer", "model": "large@1", "verdict": "release", "outcome": "released"},
    },
    WORST: _named(model="small@3", verdict="withhold"),
}  # fmt: skip


def _place(chosen: random.Random, after: list[str] | int | None) -> str | None:
    """Somewhere among these, or among so many; the first page where there are none."""
    if isinstance(after, int):
        # Who is kept from three matters cannot begin after what lies in one of them.
        return f"i-{next(n for n in iter(lambda: chosen.randrange(1, after), None) if n * 7919 % MATTERS not in (7, 7_000, 17_000))}"
    return chosen.choice(after) if after else None


async def _timed(finder: PostgresFinder, view: View, filters: Filters, after: str | None) -> float:
    started = time.perf_counter()
    await finder.interactions(Wanted(view, after=after, **filters))
    return (time.perf_counter() - started) * 1000
