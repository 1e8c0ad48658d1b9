"""One process an instance: by the lock of a session, which another gets as soon as the first is gone."""

import asyncio

import asyncpg
import pytest
from chancery_audit.adapters import standing
from chancery_audit.adapters.standing import Instance
from chancery_audit.errors import AlreadyRunning
from chancery_storage import Database, load_queries
from chancery_testing.waiting import eventually


@pytest.fixture
async def databases(database_url):
    opened = [await Database.open(database_url, schema="audit_instance") for _ in range(2)]
    yield opened
    for one in opened:
        await one.close()


async def test_a_second_one_of_the_same_name_refuses_and_one_of_another_does_not(databases, monkeypatch) -> None:
    monkeypatch.setattr(standing, "STAND_BY_S", 0.2)
    first, second = (Instance(one, load_queries("chancery_audit"), "0") for one in databases)
    other = Instance(databases[1], load_queries("chancery_audit"), "1")
    await first.take()
    with pytest.raises(AlreadyRunning, match="instance 0"):
        await second.take()
    await other.take()
    await first.release()
    await other.release()


async def test_one_that_waits_goes_on_as_soon_as_the_first_is_gone(databases) -> None:
    first, second = (Instance(one, load_queries("chancery_audit"), "0") for one in databases)
    await first.take()
    waiting = asyncio.create_task(second.take())
    await asyncio.sleep(0)
    await first.release()
    await asyncio.wait_for(waiting, 5)
    await second.release()


async def test_the_place_is_taken_again_when_the_session_was_lost(databases, database_url) -> None:
    first = Instance(databases[0], load_queries("chancery_audit"), "0")
    await first.take()
    sql = await asyncpg.connect(database_url)
    held = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()"
    (before,) = await sql.fetch(held)
    await sql.execute("SELECT pg_terminate_backend($1)", before["pid"])

    async def again() -> bool:
        return [row["pid"] for row in await sql.fetch(held)] not in ([], [before["pid"]])

    await eventually(again, within_s=10)
    await first.release()
    await sql.close()
