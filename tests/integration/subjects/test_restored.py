"""Backups of the rows from before an erasure are put back, with all knowledge of it gone: the `privacy` topic tells it again."""

from datetime import timedelta

import pytest
from chancery_audit.adapters.sealing import context
from chancery_contracts.topics import PRIVACY, TOPIC_OF_TYPE
from chancery_runtime.errors import KeyDestroyed
from integration.subjects.living import ANN, BOB, IBAN, Life, by_store, shown

BACKED_UP = {
    "redaction": ("subjects", "vault", "erased_tokens"),
    "audit": ("payloads", "data_keys", "attributes", "erased_payloads"),
    "retrieval": ("documents", "passages", "vectors", "shelves", "lexemes", "erased_versions"),
}
COLUMNS = """SELECT string_agg(quote_ident(column_name), ',') FROM information_schema.columns
WHERE table_schema = $1 AND table_name = $2 AND is_generated = 'NEVER'"""


async def back_up(world):
    """As they are now, in tables beside."""
    for schema, tables in BACKED_UP.items():
        for table in tables:
            await world.sql(schema, f'CREATE TABLE public."backup_{schema}_{table}" AS SELECT * FROM "{table}"')


async def restore(world):
    """Exactly those rows, and no others."""
    for schema, tables in BACKED_UP.items():
        for table in reversed(tables):
            await world.sql(schema, f'DELETE FROM "{table}"')
        for table in tables:
            backup = f'public."backup_{schema}_{table}"'
            ((names,),) = await world.sql(schema, COLUMNS, schema, table)
            await world.sql(schema, f'INSERT INTO "{table}" ({names}) OVERRIDING SYSTEM VALUE SELECT {names} FROM {backup}')
            await world.sql(schema, f"DROP TABLE {backup}")


@pytest.fixture
async def restored(world, tenant):
    """Ann lived, was backed up, was erased, and was put back. What services do at their start has not been done yet."""
    world.told.clear()
    life = await Life(world, tenant).lived()
    await back_up(world)
    order = await world.place(tenant, "erase", ANN, IBAN)
    await world.run()
    assert (await world.ended(tenant, order))["state"] == "done"
    await restore(world)
    return life


async def start_again(world):
    """What each service does before it serves."""
    for event in [one for one in world.told if TOPIC_OF_TYPE[one.type] is PRIVACY]:
        await world.privacy.take(world.received(event))
        await world.again.learn(event)
        await world.documents.learn(event)
    await world.trail.again()
    await world.again.erase()
    await world.documents.erase_again()


async def test_the_backup_does_hold_the_person(world, restored):
    values = await world.values(restored.tenant, "matter:m-1", restored.tokens.values())
    assert set(values.values()) == {ANN, IBAN, BOB}
    assert set((await shown(world, restored, await world.officer(restored.tenant))).values()) == {"shown"}


async def test_nothing_of_it_comes_back(world, restored):
    await start_again(world)
    values = await world.values(restored.tenant, "matter:m-1", restored.tokens.values())
    assert values == {restored.tokens[ANN]: "[erased]", restored.tokens[IBAN]: "[erased]", restored.tokens[BOB]: BOB}
    states = await shown(world, restored, await world.officer(restored.tenant))
    assert states == {"requested": "erased", "redacted": "shown", "grounded": "erased", "completed": "erased"}
    assert await world.sql("retrieval", "SELECT 1 FROM passages WHERE tenant = $1", restored.tenant) == []
    order = await world.place(restored.tenant, "find", ANN, IBAN)
    await world.run()
    found = {name: one["found"] for name, one in by_store(await world.ended(restored.tenant, order)).items() if one["found"]}
    assert found == {}


async def test_it_stays_so_however_often_it_is_looked_for(world, restored):
    await start_again(world)
    assert (await world.again.erase(), await world.trail.again(), await world.documents.erase_again()) == (0, 0, 0)


async def test_a_key_that_came_back_under_another_subject_goes_by_its_pseudonym(world, restored):
    """In the backup the value was not linked to its person yet."""
    moved = "UPDATE vault SET subject = 'another', wrapped_key = NULL WHERE tenant = $1 AND token = $2"
    await world.sql("redaction", moved, restored.tenant, restored.tokens[IBAN])
    await start_again(world)
    assert (await world.sql("redaction", "SELECT sealed_value FROM vault WHERE tenant = $1 AND token = $2", restored.tenant,
                            restored.tokens[IBAN]))[0][0] == b""  # fmt: skip


async def test_a_row_of_before_that_came_back_under_another_pseudonym_goes_by_its_hash(world, restored):
    """In the backup each value was a subject of its own, under a key of its own."""
    own = "UPDATE vault SET subject = NULL, wrapped_key = 'old', token = 'x' || token WHERE tenant = $1"
    await world.sql("redaction", own, restored.tenant)
    await start_again(world)
    rows = await world.sql("redaction", "SELECT token, sealed_value <> '' AS kept FROM vault WHERE tenant = $1", restored.tenant)
    assert {row["token"]: row["kept"] for row in rows}["x" + restored.tokens[BOB]]
    assert not any(row["kept"] for row in rows if row["token"] != "x" + restored.tokens[BOB])


async def test_after_the_tenants_key_was_rotated_and_its_old_versions_destroyed_no_copy_of_a_backup_opens(world, restored):
    """Nobody has told this database of the erasure: a copy elsewhere, with the keyring."""
    version = await world.keys.rotate(restored.tenant)
    await world.keys.destroy_before(restored.tenant, version.current)
    values = await world.values(restored.tenant, "matter:m-1", restored.tokens.values())
    assert set(values.values()) == {"[erased]"}
    for scope, wrapped in await world.sql("audit", "SELECT scope, wrapped FROM data_keys WHERE tenant = $1", restored.tenant):
        with pytest.raises(KeyDestroyed):
            await world.keys.unwrap(restored.tenant, wrapped, context((restored.tenant, scope)))


async def test_an_order_that_came_back_open_under_a_destroyed_key_ends_and_holds_up_no_other(world, tenant):
    order = await world.place(tenant, "erase", ANN)
    ((wrapped, sealed),) = await world.sql("audit", "SELECT wrapped_key, sealed FROM subject_orders WHERE tenant = $1", tenant)
    await world.run()
    assert await world.orders.destroy_keys() >= 1
    again = """UPDATE subject_orders SET phase = 'act', ended_at = NULL, state = NULL, report = NULL, told_at = $4, wrapped_key = $2,
    sealed = $3 WHERE tenant = $1"""
    await world.sql("audit", again, tenant, wrapped, sealed, world.clock() - timedelta(days=1))
    other = await world.place(f"{tenant}-b", "find", BOB)
    await world.run()
    (row,) = await world.orders.orders(tenant, order)
    assert (row["phase"], row["state"], row["wrapped_key"]) == ("ended", "partly", None)
    assert (await world.ended(f"{tenant}-b", other))["state"] == "done"
