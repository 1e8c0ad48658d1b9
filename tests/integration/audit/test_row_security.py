"""The second wall: whatever a query of the readers' role forgets, the database shows one tenant's rows, and none behind a wall."""

import re
from uuid import uuid4

import asyncpg
import pytest
from chancery_audit.adapters.viewing import READER_ROLE, Views, secure
from chancery_audit.domain.views import View
from chancery_contracts.areas import AuditRead
from chancery_contracts.privacy import ErasureRequested, ErasureSubject, HoldPlaced
from chancery_runtime.errors import StartupFailed
from chancery_runtime.principals import Walls
from chancery_storage import Database, load_queries
from chancery_testing import builders

QUERIES = load_queries("chancery_audit")
KEPT = Walls(matters=frozenset({"m-1"}))
EXCEPTED = Walls(excepted=frozenset({"m-2"}))
WITH_A_TENANT = """
SELECT DISTINCT c.table_name FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
WHERE c.table_schema = 'audit' AND c.column_name = 'tenant' ORDER BY 1
"""
READ_BY_READERS = {
    "heads", "logs", "checkpoints", "tiles", "cosignatures", "scopes", "concerns", "places", "alarms", "entries", "payloads", "data_keys",
    "holds", "erasure_requests", "attributes", "costs", "anchors", "erased_payloads",
}  # fmt: skip
HIDDEN, SHOWN = "walled-words", "open-words"
"""In every name of what lies behind the wall, and of what lies before it: identifiers, conversations, documents, holds."""


async def _record(audit, tenant):
    """The same on both sides of the wall: an interaction, its reads, a second content, a document, a hold, a request for erasure."""
    for words, matter in ((HIDDEN, "m-2"), (SHOWN, "m-1")):
        made = {"tenant": tenant, "id": words, "interaction": words, "conversation": f"c-{words}", "matter": matter}
        await audit.take(builders.requested(words, **made), builders.requested("a second content", **made))
        told = {name: value for name, value in made.items() if name != "id"}
        await audit.take(builders.redacted(**told, id=f"x-{words}"), builders.settled(7, **told, id=f"s-{words}"))
        read = AuditRead(reader=words, query={}, rows=1)
        await audit.take(builders.event(read, tenant=tenant, id=f"r-{words}", interaction=words))
        await audit.take(builders.event(read, tenant=tenant, id=f"f-{words}", interaction=None, matter=matter))
        await audit.take(builders.document(words, tenant=tenant, id=f"d-{words}", interaction=None, matter=matter))
        await _order(audit, tenant, f"h-{words}", HoldPlaced(matter=matter, reason=words, by="x"), matter)
        for kind, name in (("matter", matter), ("interaction", words)):
            asked = ErasureRequested(subject=ErasureSubject(kind=kind, name=name), reason=words, legal_ground="x", by="x")
            await _order(audit, tenant, f"e-{kind}-{words}", asked, name if kind == "matter" else None)
        erased = "INSERT INTO erased_payloads (tenant, namespace, event_id, erased_at, erased_by) VALUES ($1, 'live', $2, now(), 'o')"
        await audit.run(erased, tenant, f"x-{words}")
    await audit.checkpoints.publish_moved()
    await audit.run("INSERT INTO cosignatures (tenant, size, witness, line) VALUES ($1, 1, 'w', 'l')", tenant)
    await audit.run("INSERT INTO anchors (tenant, kind, size, at, evidence) VALUES ($1, 'file', 1, now(), '')", tenant)


async def _order(audit, tenant, name, data, matter):
    event = builders.event(data, tenant=tenant, id=name, interaction=None, matter=matter)
    await audit.take(event)
    await audit.privacy.take(audit.received(event))


def _views(audit):
    return Views(audit.database, QUERIES, READER_ROLE)


async def _all(audit, view, table):
    """Without any WHERE."""
    async with _views(audit).reading(view) as connection:
        return await connection.fetch(f'SELECT * FROM "{table}"')


@pytest.fixture
async def tables(audit):
    return [row["table_name"] for row in await audit.run(WITH_A_TENANT)]


@pytest.fixture
async def others(audit, tenant):
    """Two tenants' trails; the second one's id."""
    other = f"other-{uuid4().hex[:8]}"
    for one in (tenant, other):
        await _record(audit, one)
    return other


async def test_readers_have_a_right_to_these_tables_and_to_no_other_that_has_tenants(audit, tables):
    """A new table fails here: it is read by nobody, or it has a policy and stands in the list."""
    granted = {one for one in tables if (await audit.run(f"SELECT has_table_privilege('{READER_ROLE}', 'audit.{one}', 'SELECT')"))[0][0]}
    assert granted == READ_BY_READERS
    unguarded = "SELECT relname FROM pg_class WHERE relnamespace = 'audit'::regnamespace AND relkind = 'r' AND NOT relrowsecurity"
    for row in await audit.run(unguarded):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await _all(audit, View("any"), row["relname"])


@pytest.mark.parametrize("walls", [Walls(), KEPT, EXCEPTED], ids=["open", "kept", "excepted"])
async def test_every_table_shows_one_tenants_rows(audit, tenant, others, tables, walls):
    for table in READ_BY_READERS & set(tables):
        tenants = {row["tenant"] for row in await _all(audit, View(tenant, walls), table)}
        assert tenants == {tenant}, table


@pytest.mark.parametrize("walls", [KEPT, EXCEPTED], ids=["kept", "excepted"])
async def test_every_table_hides_what_lies_behind_the_wall_and_shows_the_rest(audit, tenant, others, tables, walls):
    for table in READ_BY_READERS & set(tables):
        everything, seen = await _all(audit, View(tenant), table), await _all(audit, View(tenant, walls), table)
        assert _named(everything, HIDDEN) >= _named(everything, SHOWN), table
        assert _named(seen, HIDDEN) == 0, table
        shown = _named(everything, SHOWN)
        by_interaction = 1 if table in {"erasure_requests", "concerns", "entries", "payloads", "data_keys"} else 0
        # A request that names an interaction is an event without a matter of its own: the event is hidden, the request is not.
        assert shown - by_interaction <= _named(seen, SHOWN) <= shown, table


async def test_payloads_and_keys_are_hidden_with_their_entries(audit, tenant, others):
    """They name nobody: counted by the entries that they belong to."""
    for walls in (KEPT, EXCEPTED):
        entries = {row["seq"] for row in await _all(audit, View(tenant, walls), "entries")}
        assert {row["seq"] for row in await _all(audit, View(tenant, walls), "payloads")} == entries
        scopes = {row["scope"] for row in await _all(audit, View(tenant, walls), "payloads")}
        assert {row["scope"] for row in await _all(audit, View(tenant, walls), "data_keys")} == scopes
        assert 0 < len(entries) < len(await _all(audit, View(tenant), "entries"))


async def test_offsets_are_shown_of_the_tenants_own_topics_and_of_shared_ones(audit, tenant, others):
    topics = {row["topic"] for row in await _all(audit, View(tenant), "offset_ranges")}
    assert f"chancery.interactions.requested.{tenant}" in topics
    assert "chancery.documents" in topics
    assert not any(others in topic for topic in topics)


async def test_a_transaction_that_says_nothing_is_shown_nothing(audit, tenant, others, tables):
    async with audit.database.reading() as connection:
        await connection.execute(f"SET LOCAL ROLE {READER_ROLE}")
        for table in READ_BY_READERS & set(tables):
            assert await connection.fetchval(f'SELECT count(*) FROM "{table}"') == 0


async def test_what_a_view_says_is_forgotten_with_its_transaction(audit, tenant, others):
    database = await Database.open(audit.url, schema="audit", max_size=1)
    try:
        async with Views(database, QUERIES, READER_ROLE).reading(View(tenant)) as connection:
            assert await connection.fetchval("SELECT current_user") == READER_ROLE
        async with database.reading() as connection:
            assert await connection.fetchval("SELECT current_user = session_user")
            assert not await connection.fetchval("SELECT current_setting('chancery.tenant', true)")
    finally:
        await database.close()


async def test_a_reader_changes_nothing(audit, tenant, others):
    for sql in ("DELETE FROM payloads", "UPDATE scopes SET matters = '{}'", "INSERT INTO concerns VALUES ('t', 's', '{}')"):
        async with audit.database.statement() as connection, connection.transaction():
            await connection.execute(f"SET LOCAL ROLE {READER_ROLE}")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(sql)


async def test_a_matter_that_comes_later_closes_what_was_open(audit, tenant):
    asked = builders.requested("one", tenant=tenant, id="i-1", interaction="i-1")
    await audit.take(asked)
    assert len(await _all(audit, View(tenant, EXCEPTED), "entries")) == 1
    await audit.take(builders.redacted(tenant=tenant, interaction="i-1", matter="m-2"))
    for table in ("entries", "payloads", "data_keys", "scopes", "places"):
        assert await _all(audit, View(tenant, EXCEPTED), table) == []


class TestAServiceThatMayNotMakeRoles:
    @pytest.fixture
    async def poor(self, audit):
        """A database user without rights, in a database of its own."""
        name = f"poor_{uuid4().hex[:8]}"
        await audit.run(f"CREATE ROLE {name} LOGIN PASSWORD 'x'")
        async with audit.database.statement() as connection:
            await connection.execute(f"CREATE DATABASE {name} OWNER {name}")
        database = await Database.open(re.sub(r"//.*@(.*)/[^/?]*", rf"//{name}:x@\1/{name}", audit.url), schema="audit")
        await database.migrate("chancery_audit")
        yield database, name
        await database.close()
        async with audit.database.statement() as connection:
            await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
            await connection.execute(f"REVOKE {READER_ROLE} FROM {name}")
            await connection.execute(f"DROP ROLE {name}")

    async def test_does_not_start_says_what_to_do_and_starts_once_it_is_done(self, audit, poor):
        database, name = poor
        with pytest.raises(StartupFailed, match="GRANT chancery_audit_reader TO"):
            await secure(database, QUERIES, on=True)
        await audit.run(f"GRANT {READER_ROLE} TO {name}")
        assert await secure(database, QUERIES, on=True) == READER_ROLE
        async with Views(database, QUERIES, READER_ROLE).reading(View("t")) as connection:
            assert await connection.fetch("SELECT * FROM entries") == []

    async def test_starts_without_the_second_wall_where_that_is_wanted(self, poor):
        assert await secure(poor[0], QUERIES, on=False) is None


def _named(rows, words):
    """How many rows have these words in any column."""
    return sum(words in _text(row) for row in rows)


def _text(row):
    return " ".join(value.decode(errors="replace") if isinstance(value, bytes) else str(value) for value in row.values())
