"""Pseudonyms through the service's own vault on real PostgreSQL: none twice, none in two matters; every text comes back to the letter,
whole and in a stream; services of one matter that begin together agree.
"""

import asyncio
import json
import multiprocessing
import random
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from multiprocessing.synchronize import Barrier
from pathlib import Path
from statistics import mean

from chancery_redaction.adapters.vault import PostgresVault
from chancery_redaction.domain.masking import Draft, Masked
from chancery_redaction.domain.parts import settled
from chancery_redaction.domain.restoring import restore
from chancery_redaction.domain.spans import Span
from chancery_redaction.domain.streaming import StreamRestorer
from chancery_redaction.domain.views import view
from chancery_redaction.handlers import masked_exactly
from chancery_redaction.ports import Scope, Wanted
from chancery_runtime.keys import LocalKeyring
from chancery_storage import Database, load_queries
from chancery_testing.figures import Figure

VALUES, MATTERS, TEXTS, BYTEWISE = 1_000_000, 1_000, 100_000, 2_000
SERVICES, SHARED = 64, 1_000
BATCH, TEXTS_AT_ONCE = 1_000, 250
TENANT, SCHEMA, QUERIES = "bank", "redaction_bench", load_queries("chancery_redaction")
_COUNTS = """
SELECT count(*) AS rows, count(DISTINCT (scope, token)) AS in_matters, count(DISTINCT token) AS in_tenant,
    avg(length(token) - length('<PERSON_>'))::float8 AS letters FROM vault WHERE tenant = $1
"""


def measure(database_url: str, keyring: Path) -> list[Figure]:
    """Figures of `PostgresVault` and of masking and restoring over it."""
    LocalKeyring.open(keyring)
    return [
        *asyncio.run(_many(database_url, keyring)),
        *asyncio.run(_round_trips(database_url, keyring)),
        *_services(database_url, keyring),
    ]


@asynccontextmanager
async def _vaults(database_url: str, keyring: Path):
    database, keys = await Database.open(database_url, schema=SCHEMA, max_size=2), LocalKeyring.open(keyring)
    await database.migrate("chancery_redaction")

    @asynccontextmanager
    async def vault():
        async with database.transaction() as connection:
            yield PostgresVault(connection, QUERIES, keys)

    try:
        yield database, vault
    finally:
        await database.close()


async def _many(database_url: str, keyring: Path) -> list[Figure]:
    """The same persons in every matter, as far as there are as many."""
    each = VALUES // MATTERS
    async with _vaults(database_url, keyring) as (database, vault):
        started = time.perf_counter()
        for matter in range(MATTERS):
            for first in range(0, each, BATCH):
                wanted = [Wanted("PERSON", _person(number)) for number in range(first, min(first + BATCH, each))]
                async with vault() as one:
                    await one.tokens(Scope(TENANT, f"matter:{matter}"), wanted)
        took = time.perf_counter() - started
        async with database.reading() as connection:
            counts = await connection.fetchrow(_COUNTS, TENANT, timeout=600)
    assert counts["rows"] == VALUES
    return [
        Figure("pseudonyms_made", counts["rows"], "pseudonyms", VALUES),
        Figure("pseudonyms_twice_in_a_matter", counts["rows"] - counts["in_matters"], "pseudonyms", 0, "lower"),
        Figure("pseudonyms_in_two_matters", counts["rows"] - counts["in_tenant"], "pseudonyms", 0, "lower"),
        Figure("pseudonym_letters_mean", counts["letters"], "letters", None, "lower"),
        Figure("pseudonyms_made_per_second", VALUES / took, "pseudonyms/s"),
    ]


def _person(number: int) -> str:
    return f"Person{number // 50} Name{number % 50}"


async def _round_trips(database_url: str, keyring: Path) -> list[Figure]:
    chosen = random.Random(20261125)
    wrong: Counter[str] = Counter()
    took = {"mask": 0.0, "restore": 0.0}
    async with _vaults(database_url, keyring) as (_, vault):
        for first in range(0, TEXTS, TEXTS_AT_ONCE):
            texts = [_text(chosen) for _ in range(min(TEXTS_AT_ONCE, TEXTS - first))]
            scope = Scope(TENANT, f"conversation:{first // TEXTS_AT_ONCE % 40}")
            started = time.perf_counter()
            drafts = [_draft(text, persons) for text, persons in texts]
            async with vault() as one:
                masked = await masked_exactly(drafts, scope, one)
            took["mask"] += time.perf_counter() - started
            async with vault() as one:
                values = await one.values(scope, sorted({finding.token for there in masked for finding in there.findings}))
            started = time.perf_counter()
            _check(texts, masked, values, wrong)
            took["restore"] += time.perf_counter() - started
            _check_streams([text for text, _ in texts], masked, values, chosen, wrong, bytewise=first < BYTEWISE)
    return [
        Figure("round_trips", TEXTS, "texts", TEXTS),
        Figure("round_trips_not_exact", wrong["whole"], "texts", 0, "lower"),
        Figure("streams", wrong["streamed"], "streams", TEXTS),
        Figure("streams_not_exact", wrong["stream"], "streams", 0, "lower"),
        Figure("values_left_in_masked_texts", wrong["left"], "texts", 0, "lower"),
        Figure("mask_per_text_mean", took["mask"] / TEXTS * 1000, "ms"),
        Figure("restore_per_text_mean", took["restore"] / TEXTS * 1000, "ms"),
    ]


def _draft(text: str, persons: list[str]) -> Draft:
    seen = view(text)
    spans = [Span("PERSON", start, start + len(person), 1.0) for person in persons for start in _places(seen.text, person)]
    return Draft(text, tuple(settled(part for span in spans for part in seen.parts(span))))


def _places(text: str, person: str) -> Iterator[int]:
    position = text.find(person)
    while position >= 0:
        yield position
        position = text.find(person, position + len(person))


def _check(texts: list[tuple[str, list[str]]], masked: list[Masked], values: dict[str, str], wrong: Counter[str]) -> None:
    for (text, persons), there in zip(texts, masked, strict=True):
        known = {finding.token: values[finding.token] for finding in there.findings}
        wrong["whole"] += restore(there.text, known)[0] != text
        seen = view(there.text).text
        wrong["left"] += any(person in seen for person in persons)


def _check_streams(
    texts: list[str], masked: list[Masked], values: dict[str, str], chosen: random.Random, wrong: Counter[str], *, bytewise: bool
) -> None:
    """What is JSON is streamed as JSON. What only holds some, also within a string of JSON, is not: a stream does not know where it is."""
    for text, there in zip(texts, masked, strict=True):
        is_json = text.startswith("{")
        if '"{' in text or ('"' in text and not is_json):
            continue
        values_here = {one.token: values[one.token] for one in there.findings}
        for size in (1, 40) if bytewise else (16, 40):
            wrong["streamed"] += 1
            wrong["stream"] += _streamed(there.text.encode(), StreamRestorer(values_here, json=is_json), chosen, size) != text


def _streamed(data: bytes, restorer: StreamRestorer, chosen: random.Random, most: int) -> str:
    out, at = [], 0
    while at < len(data):
        size = chosen.randint(1, most)
        out.append(restorer.feed(data[at : at + size]))
        at += size
    return "".join([*out, restorer.finish()])


def _text(chosen: random.Random) -> tuple[str, list[str]]:
    """A text, and the persons in it, as a detector reads them."""
    persons = [_person(chosen.randrange(10_000)) for _ in range(chosen.randint(1, 4))]
    if chosen.random() < 0.2:
        persons[0] = persons[0].upper()
    if chosen.random() < 0.2:
        persons[0] = persons[0].replace("e", "é") + ' "Q"'
    return _FORMS[chosen.randrange(len(_FORMS))](persons, chosen), persons


def _prose(persons: list[str], chosen: random.Random) -> str:
    amount = chosen.randint(1, 10**6)
    return " ".join(f"{one}'s claim of £{amount:,} is due;" for one in persons) + " 50% of <PERSON_7K2M> & PERSON_22"


def _json(persons: list[str], chosen: random.Random) -> str:
    document = {"clients": [{"name": one, "rank": number} for number, one in enumerate(persons)], "note": f"for {persons[0]}\n"}
    return json.dumps(document, ensure_ascii=chosen.random() < 0.5, indent=chosen.choice([None, 2]))


def _tool_call(persons: list[str], chosen: random.Random) -> str:
    arguments = json.dumps({"to": persons}, ensure_ascii=chosen.random() < 0.5)
    return json.dumps({"tool_calls": [{"function": {"name": "send", "arguments": arguments}}]}, ensure_ascii=chosen.random() < 0.5)


def _mail(persons: list[str], _: random.Random) -> str:
    return "From: " + persons[0] + "\n\n" + "".join(f"> > I met {one.replace(' ', chr(10) + '> > ', 1)} and **{one}**\n" for one in persons)


def _table(persons: list[str], _: random.Random) -> str:
    return "| Client | Rank |\n|---|---|\n" + "".join(f"| {one} | {number} |\n" for number, one in enumerate(persons))


def _fenced(persons: list[str], chosen: random.Random) -> str:
    return f"{persons[0]} sent:\n```json\n{_json(persons, chosen)}\n```\n"


_FORMS = (_prose, _json, _tool_call, _mail, _table, _fenced)


def _services(database_url: str, keyring: Path) -> list[Figure]:
    """Each is a process with a connection of its own; none begins before all are there."""
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(SERVICES)
    started = time.perf_counter()
    with ProcessPoolExecutor(SERVICES, context, initializer=_meet, initargs=(barrier,)) as pool:
        work = [pool.submit(_service, database_url, keyring, number) for number in range(SERVICES)]
        found = [one.result() for one in work]
    names: dict[str, set[str]] = {}
    for one in found:
        for value, name in one.items():
            names.setdefault(value, set()).add(name)
    assert len(names) == SHARED
    return [
        Figure("services_of_one_matter", len(found), "services", SERVICES),
        Figure("values_on_which_services_disagree", sum(len(one) != 1 for one in names.values()), "values", 0, "lower"),
        Figure("values_that_share_a_name", SHARED - len(set().union(*names.values())), "values", 0, "lower"),
        Figure("services_seen_by_a_value_mean", mean(sum(value in one for one in found) for value in names), "services"),
        Figure("services_took", time.perf_counter() - started, "s", None, "lower"),
    ]


_barrier: Barrier | None = None


def _meet(barrier: Barrier) -> None:
    global _barrier  # noqa: PLW0603  # one a process
    _barrier = barrier


def _service(database_url: str, keyring: Path, number: int) -> dict[str, str]:
    return asyncio.run(_ask(database_url, keyring, random.Random(number)))


async def _ask(database_url: str, keyring: Path, chosen: random.Random) -> dict[str, str]:
    """All shared values, in an order of its own, ten a transaction."""
    values = [f"Shared{number}" for number in range(SHARED)]
    chosen.shuffle(values)
    names: dict[str, str] = {}
    database, keys = await Database.open(database_url, schema=SCHEMA, max_size=1), LocalKeyring.open(keyring)
    assert _barrier is not None
    await asyncio.to_thread(_barrier.wait, 120)
    for first in range(0, SHARED, 10):
        async with database.transaction() as connection:
            wanted = [Wanted("PERSON", one) for one in values[first : first + 10]]
            found = await PostgresVault(connection, QUERIES, keys).tokens(Scope(TENANT, "matter:shared"), wanted)
        names |= {text: name for (_, text), name in found.items()}
    await database.close()
    return names
