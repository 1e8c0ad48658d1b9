"""Five hundred canaries on every path, and then everything that the stack has written is searched for them, in every way to write them."""

import base64
import json
import time
from urllib.parse import quote

import asyncpg
import chancery_local
import pytest
from chancery_bus import Publisher
from chancery_bus.admin import NewTopicSpec, ensure_topics
from chancery_cli.app import app
from chancery_cli.auditing import audit_get
from chancery_client import ChanceryClient
from chancery_contracts.topics import REQUESTED
from chancery_testing.waiting import eventually
from e2e import paths
from e2e.canaries import canaries
from e2e.paths import FIRM, TENANT, Walk
from e2e.searching import Searcher
from e2e.sinks import files, processes, records, sinks
from typer.testing import CliRunner

pytestmark = pytest.mark.timeout(300)
CANARIES = canaries(seed=20, count=500)


@pytest.fixture(scope="session")
def searcher():
    return Searcher([part for one in CANARIES for part in (one.value, *one.parts)])


@pytest.fixture(scope="session")
async def walk(stack, demo, home):
    """Every path, walked once."""
    walk, started = Walk(stack, home, [one.sentence for one in CANARIES]), time.monotonic()
    publisher = await Publisher.start(stack.kafka)
    async with ChanceryClient.connect(stack.kafka_bootstrap, TENANT) as client:
        walk.interactions = await paths.released(walk, client)
        walk.interactions += await paths.refused(walk, client)
        await paths.without_a_matter(walk)
        walk.letters = len(await records(stack, REQUESTED.deadletter_name(TENANT)))
        walk.letters += await paths.dead_lettered(walk, publisher)
        walk.interactions += await paths.sent_again(walk, client, publisher)
        await paths.over_http(walk)
        await paths.killed(walk, client, publisher)
    await publisher.close()
    print(f"walked in {time.monotonic() - started:.1f} s")
    return walk


async def test_every_path_was_walked_to_its_end(walk, stack):
    assert walk.waiting == []
    ended = walk.ended
    assert set(ended["released"] + ended["sent again"]) == {"released"}
    assert set(ended["killed"]) == {"released"}
    assert {one.partition(": ")[0].partition(",")[0] == one.partition(": ")[2] for one in ended["refused"]} == {True}
    assert {202, 200, 409, 422, 404, 401} <= set(ended["over HTTP"])
    dead = REQUESTED.deadletter_name(TENANT)

    async def all_there():
        return len(await records(stack, dead)) > walk.letters  # and one of the interaction that was reused

    await eventually(all_there, within_s=30, every_s=0.5)


async def test_all_canaries_stand_where_they_may(walk, stack, searcher):
    """Else it would be no wonder that they stand nowhere else."""
    topics = [REQUESTED.full_name(tenant) for tenant in (TENANT, FIRM)] + [REQUESTED.deadletter_name(TENANT)]
    found = [
        one
        for topic in topics
        for record in await records(stack, topic)
        for one in searcher.find(record.value + repr(record.headers).encode())
    ]
    missing = {one.value for one in CANARIES} - {value for value, _ in found}
    assert len(missing) < 40  # those of HTTP requests that were refused at the door


async def test_no_canary_stands_in_any_other_place(walk, stack, home, searcher):
    def settled():
        return not audit_get(stack, "/v1/completeness", {"tenant": TENANT})["unfinished"]

    await eventually(settled, within_s=60, every_s=0.5)
    started = time.monotonic()
    leaks, searched = {}, 0
    everything = [(place, content) async for place, content in sinks(stack, home)]
    assert {"table audit.entries", "table redaction.vault", "table gateway.steps", "log redaction.log"} <= {
        place for place, _ in everything
    }
    for place, content in (*everything, *files(home), *processes(home), *((f"answer {at}", one) for at, one in enumerate(walk.answered))):
        searched += len(content)
        if found := searcher.find(content):
            leaks.setdefault(place, set()).update(found)
    assert {place: sorted(found)[:4] for place, found in sorted(leaks.items())} == {}
    print(f"{searched >> 20} MiB searched in {time.monotonic() - started:.1f} s")


async def test_whoever_reads_the_trail_reads_no_canary(walk, stack, tmp_path, searcher):
    for interaction in walk.interactions:
        told = audit_get(stack, f"/v1/interactions/{interaction}", {"tenant": TENANT, "reveal": "false"})
        assert searcher.find(json.dumps(told, ensure_ascii=False).encode()) == set()
    for words in (("find",), ("reads",), ("find", "--outcome", "refused"), ("show", walk.interactions[0])):
        result = CliRunner().invoke(app, ["audit", *words, "--tenant", TENANT, "--json"])
        assert result.exit_code == 0, result.output
        assert searcher.find(result.output.encode()) == set()
    for words in (["--interaction", walk.interactions[0]], ["--from", "2026-01-01"]):
        pack = tmp_path / "pack.zip"
        result = CliRunner().invoke(app, ["audit", "export", "--tenant", TENANT, "--out", str(pack), *words])
        assert result.exit_code == 0, result.exception
        assert _in_pack(pack, searcher) == set()


def _in_pack(pack, searcher):
    import zipfile

    with zipfile.ZipFile(pack) as archive:
        assert len(archive.namelist()) > 3
        return {one for name in archive.namelist() for one in searcher.find(archive.read(name))}


WAYS = {
    "text": str.encode,
    "capitals": lambda text: text.upper().encode(),
    "JSON": lambda text: json.dumps([text]).encode(),
    "URL": lambda text: quote(text).encode(),
    "UTF-16": lambda text: text.encode("utf-16"),
    "hex": lambda text: text.encode().hex().encode(),
    "base64": lambda text: base64.b64encode(f"it is {text}, then".encode()),
    "other separators": lambda text: text.replace(" ", "-").replace(",", "").encode(),
}


async def test_a_planted_leak_is_found_in_every_kind_of_place(walk, stack, home):
    """The last of all here: what is planted in a topic and a table stays in their files."""
    planted = dict(zip(WAYS, canaries(seed=99, count=len(WAYS)), strict=True))
    searcher = Searcher([one.value for one in planted.values()])
    await ensure_topics(stack.kafka_bootstrap, [NewTopicSpec("planted-leaks", 1)])
    publisher = await Publisher.start(stack.kafka)
    connection = await asyncpg.connect(chancery_local.status(home).database_url)
    await connection.execute("CREATE TABLE public.planted (leak bytea)")
    log = home / "logs" / "planted.log"
    try:
        leaks = [b"before " + WAYS[way](one.value) + b" after" for way, one in planted.items()]
        log.write_bytes(b"\n".join(leaks))
        for leak in leaks:
            await publisher.write("planted-leaks", key=None, value=leak, headers=())
            await connection.execute("INSERT INTO public.planted VALUES ($1)", leak)
        found = {}
        async for place, content in sinks(stack, home):
            for value, _ in searcher.find(content):
                found.setdefault(place, set()).add(value)
        places = ("log planted.log", "topic planted-leaks", "table public.planted")
        assert found == dict.fromkeys(places, frozenset(one.value for one in planted.values()))
        raw = {place.partition(" ")[2].partition("/")[0] for place, content in files(home) if searcher.find(content)}
        assert {"logs", "kafka", "postgres"} <= raw
    finally:
        log.unlink()
        await connection.execute("DROP TABLE public.planted")
        await connection.close()
        await publisher.close()
