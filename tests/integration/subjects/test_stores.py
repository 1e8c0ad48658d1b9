"""The register of stores is whole: a table or a topic that is not in it, or not there any more, fails here."""

import pytest
from chancery_bus import topic_specs
from chancery_contracts.stores import ANSWERING, STORES, TABLES
from chancery_runtime.subjects import handler
from chancery_storage import Database

SCHEMAS = ("audit", "redaction", "retrieval", "generation", "cost", "gateway", "registry")


@pytest.fixture(scope="module")
async def tables(database_url):
    """Of every service, as its migrations make them."""
    found = set()
    for schema in SCHEMAS:
        database = await Database.open(database_url, schema=schema)
        await database.migrate(f"chancery_{schema}")
        async with database.reading() as connection:
            rows = await connection.fetch(
                "SELECT relname FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind IN ('r', 'p', 'm')", schema
            )
        found |= {f"{schema}.{row['relname']}" for row in rows}
        await database.close()
    return found


async def test_every_table_is_registered(tables):
    assert {one.name for one in TABLES} == tables


def test_every_topic_and_its_dead_letters_are_registered():
    names = {spec.name.removeprefix("chancery.").removesuffix(".some-tenant").replace(".some-tenant.deadletter", ".deadletter")
             for spec in topic_specs(["some-tenant"])}  # fmt: skip
    assert {one.name.removeprefix("topic ") for one in STORES if one.name.startswith("topic ")} == names


def test_every_store_is_registered_once():
    assert len({one.name for one in STORES}) == len(STORES)


def test_whatever_holds_personal_data_is_reached_or_lapses():
    assert [one.name for one in STORES if (one.holds == "none") != (one.reach == "nothing")] == []


def test_who_answers_orders_is_who_has_stores_that_orders_reach(world):
    assert sorted(world.owners) == list(ANSWERING)
    assert all(handler(owner) for owner in world.owners.values())
