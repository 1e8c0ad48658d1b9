"""A pseudonym means one value in the whole of a tenant, on real PostgreSQL; rows of before that share one keep it."""

import asyncio
from importlib.resources import files

import pytest
from chancery_redaction.adapters.vault import PostgresVault
from chancery_redaction.domain import pseudonyms
from chancery_redaction.ports import Scope, Wanted
from chancery_runtime.keys import LocalKeyring, new_key
from chancery_storage import Database, load_queries

QUERIES = load_queries("chancery_redaction")
KEYS = LocalKeyring(new_key())
MIGRATIONS = sorted(files("chancery_redaction").joinpath("migrations").iterdir(), key=lambda one: one.name)


@pytest.fixture
async def database(database_url):
    database = await Database.open(database_url, schema="redaction_names", max_size=16)
    await database.migrate("chancery_redaction")
    yield database
    async with database.transaction() as connection:
        await connection.execute("TRUNCATE vault, subjects")
    await database.close()


async def _tokens(database, tenant, matter, values):
    async with database.transaction() as connection:
        wanted = [Wanted("PERSON", one) for one in values]
        return set((await PostgresVault(connection, QUERIES, KEYS).tokens(Scope(tenant, matter), wanted)).values())


async def test_matters_share_no_name_however_few_short_ones_there_are(database, monkeypatch):
    monkeypatch.setattr(pseudonyms, "SHORTEST", 1)
    values = [f"Canary {number}" for number in range(40)]
    found = [await _tokens(database, "acme", f"matter:{number}", values) for number in range(4)]
    assert len(set().union(*found)) == sum(len(one) for one in found) == 160
    assert await _tokens(database, "acme", "matter:2", values) == found[2]


async def test_matters_that_are_written_at_once_share_none_either(database, monkeypatch):
    monkeypatch.setattr(pseudonyms, "SHORTEST", 2)
    values = [f"Canary {number}" for number in range(12)]
    found = await asyncio.gather(*(_tokens(database, "acme", f"matter:{number % 8}", values) for number in range(16)))
    assert found[:8] == found[8:]
    assert len(set().union(*found)) == 8 * 12


async def test_tenants_do_not_stand_in_each_others_way(database, monkeypatch):
    monkeypatch.setattr(pseudonyms, "SHORTEST", 1)
    values = [f"Canary {number}" for number in range(30)]
    for tenant in ("one", "two"):
        names = await _tokens(database, tenant, "matter:m", values)
        assert sum(len(name) == len("<PERSON_7>") for name in names) > 10


async def test_rows_of_before_that_share_a_name_keep_it_and_nobody_else_gets_it(database_url):
    database = await Database.open(database_url, schema="redaction_names_old")
    insert = """INSERT INTO vault (tenant, scope, token, entity_type, value_hash, sealed_value)
        VALUES ('acme', $1, $2, 'PERSON', $3, 'x'), ('acme', $4, $2, 'PERSON', $3, 'x')"""
    key = await KEYS.derive("acme", "pseudonym")
    new = pseudonyms.token("PERSON", pseudonyms.value_hash(key, "matter:c", "PERSON", "Canary"))
    async with database.transaction() as connection:
        for one in MIGRATIONS[: [one.name for one in MIGRATIONS].index("0004_pre_names.sql")]:
            await connection.execute(one.read_text("utf-8"))
        await connection.execute(insert, "matter:a", new, b"1" * 32, "matter:b")
        for one in MIGRATIONS:
            if one.name >= "0004":
                await connection.execute(one.read_text("utf-8"))
    assert await _tokens(database, "acme", "matter:c", ["Canary"]) != {new}
    async with database.reading() as connection:
        assert await connection.fetchval("SELECT count(*) FROM vault WHERE token = $1", new) == 2
    await database.close()
