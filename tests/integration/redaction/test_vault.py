"""The vault on real PostgreSQL: concurrent writers agree, scopes stay apart, nothing raw is stored, one end an interaction."""

import asyncio

import pytest
from chancery_redaction.adapters.interactions import PostgresInteractions
from chancery_redaction.adapters.vault import PostgresVault
from chancery_redaction.ports import Scope, Wanted
from chancery_runtime.keys import LocalKeyring, new_key
from chancery_storage import Database, load_queries

VALUES = [("PERSON", f"Canary Person{number}") for number in range(12)]
QUERIES = load_queries("chancery_redaction")
KEYS = LocalKeyring(new_key())


@pytest.fixture(scope="module")
async def database(database_url):
    database = await Database.open(database_url, schema="redaction", max_size=20)
    await database.migrate("chancery_redaction")
    yield database
    await database.close()


async def _tokens(database, scope, values):
    async with database.transaction() as connection:
        return await PostgresVault(connection, QUERIES, KEYS).tokens(scope, [Wanted(*value) for value in values])


async def test_sixty_four_at_once_agree(database):
    scope = Scope("acme", "matter:shared")
    found = await asyncio.gather(*(_tokens(database, scope, VALUES[number % 5 :]) for number in range(64)))
    for value in VALUES:
        assert len({tokens[value] for tokens in found if value in tokens}) == 1
    assert len(set((await _tokens(database, scope, VALUES)).values())) == len(VALUES)


async def test_scopes_and_tenants_share_no_token_and_open_no_others_value(database):
    scopes = [Scope("acme", "matter:a"), Scope("acme", "matter:b"), Scope("other", "matter:a")]
    tokens = [set((await _tokens(database, scope, VALUES)).values()) for scope in scopes]
    assert not tokens[0] & tokens[1]
    assert not tokens[0] & tokens[2]
    async with database.transaction() as connection:
        assert await PostgresVault(connection, QUERIES, KEYS).values(scopes[2], sorted(tokens[0])) == {}


async def test_values_come_back(database):
    scope = Scope("acme", "matter:back")
    tokens = await _tokens(database, scope, VALUES[:2])
    async with database.transaction() as connection:
        values = await PostgresVault(connection, QUERIES, KEYS).values(scope, sorted(tokens.values()))
    assert values == {tokens[value]: value[1] for value in VALUES[:2]}


async def test_an_interaction_begins_and_ends_once(database):
    async with database.transaction() as connection:
        book = PostgresInteractions(connection, QUERIES)
        assert [await book.begin("acme", "i1", event) for event in ("e1", "e1", "e2")] == [True, True, False]
        assert await book.begin("other", "i1", "e9")
        assert [await book.complete("acme", "i1", "live", cause) for cause in ("c1", "c1", "c2")] == [True, True, False]
        assert await book.complete("acme", "i1", "replay1", "c3")


async def test_no_value_stands_in_any_table(database):
    await _tokens(database, Scope("acme", "matter:canary"), VALUES)
    async with database.reading() as connection:
        tables = await connection.fetch("SELECT table_name FROM information_schema.tables WHERE table_schema = 'redaction'")
        for (table,) in tables:
            for row in await connection.fetch(f'SELECT * FROM "{table}"'):
                content = b"".join(v if isinstance(v, bytes) else str(v).encode() for v in row.values())
                assert b"Canary Person" not in content
