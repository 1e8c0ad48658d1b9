"""The trail on real PostgreSQL: once each, append-only, tamper-evident, without a word of plaintext."""

import asyncio
from uuid import uuid4

import asyncpg
import pytest
from chancery_audit.adapters.sealing import KeyCache, PostgresKeyOffers
from chancery_audit.adapters.trail import PostgresTrail
from chancery_audit.domain.ranges import merge
from chancery_audit.handlers import draft
from chancery_audit.main import batch_in_transaction
from chancery_bus import Received
from chancery_contracts.areas import AuditRead, CheckpointPublished
from chancery_contracts.failures import Poison, Retry
from chancery_runtime.keys import seal
from chancery_storage import load_queries
from chancery_testing.builders import redacted, refused, requested
from chancery_testing.waiting import eventually

TOKEN = {"Authorization": "Bearer operator"}


async def test_a_redelivery_changes_nothing_and_a_second_content_raises_one_alarm(audit, tenant) -> None:
    first = requested("a", tenant=tenant)
    assert await audit.take(first, first) == [(), ()]
    await audit.take(first)
    head = (await audit.get("verify", tenant=tenant))["verified"]
    other = Received(requested("b", id=first.id, tenant=tenant), "chancery.interactions.requested.x", 0, audit.offset, 0)
    await audit.deliver([other])
    await audit.deliver([other])
    assert (head, (await audit.get("verify", tenant=tenant))["verified"]) == (1, 1)
    assert (await audit.get("completeness", tenant=tenant))["alarms"] == 1


async def test_two_tenants_chains_stay_apart_without_gaps_under_concurrent_writers(audit, tenant) -> None:
    other = f"{tenant}-b"
    events = [redacted(tenant=one) for _ in range(150) for one in (other, tenant)]
    queries, cache = load_queries("chancery_audit"), KeyCache(audit.keys, 10)
    second, offers = batch_in_transaction(audit.database, queries, cache), PostgresKeyOffers(audit.database, queries, cache)
    batch = [Received(event, "chancery.interactions.redacted", 5, i, 0) for i, event in enumerate(events)]

    async def write(writer, offers, part):
        for at in range(0, len(part), 40):
            await writer(await draft(part[at : at + 40], offers, seal))

    await asyncio.gather(write(audit.writer.write, audit.writer.offers, batch[:200]), write(second, offers, batch[100:]))
    await asyncio.gather(write(audit.writer.write, audit.writer.offers, batch), write(second, offers, batch))
    for one in (tenant, other):
        assert await audit.get("verify", tenant=one) == {
            "tenant": one, "verified": 150, "payloads_deleted": 0, "ok": True, "first_break": None, "reason": None,
        }  # fmt: skip


async def test_two_writers_of_a_new_partitions_account_lose_no_offset(audit, tenant) -> None:
    """A partition's first batch, and beside it a record that is no event: neither may overwrite what the other noted."""
    queries, place = load_queries("chancery_audit"), (f"chancery.interactions.requested.{tenant}", 0)

    async def note(offset: int) -> None:
        async with audit.database.transaction() as connection:
            trail = PostgresTrail(connection, queries)
            ranges = await trail.lock_ranges([place])
            await trail.save_ranges({place: merge(ranges[place], [offset])})

    async with audit.database.transaction() as connection:
        first = PostgresTrail(connection, queries)
        ranges = await first.lock_ranges([place])
        second = asyncio.create_task(note(1))

        async def second_waits_or_is_through() -> bool:
            waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%offset_ranges%'"
            # On another connection each time: within a transaction PostgreSQL tells what it told before.
            async with audit.database.reading() as other:
                return second.done() or await other.fetchval(waiting) > 0

        await eventually(second_waits_or_is_through)
        await first.save_ranges({place: merge(ranges[place], [0])})
    await second
    async with audit.database.transaction() as connection:
        assert await PostgresTrail(connection, queries).lock_ranges([place]) == {place: [(0, 2)]}


@pytest.mark.parametrize("sql", ["UPDATE entries SET type = 'x'", "DELETE FROM entries", "TRUNCATE entries"])
async def test_entries_are_append_only(audit, tenant, sql: str) -> None:
    await audit.take(requested(tenant=tenant))
    with pytest.raises(asyncpg.RestrictViolationError):
        await audit.run(sql)


@pytest.mark.parametrize(
    ("sql", "seq"),
    [
        ("UPDATE entries SET leaf = leaf || ' '::bytea WHERE tenant = $1 AND seq = 3", 3),
        ("UPDATE entries SET type = 'x' WHERE tenant = $1 AND seq = 2", 2),
        ("UPDATE entries SET event_time = now() WHERE tenant = $1 AND seq = 1", 1),
        ("DELETE FROM entries WHERE tenant = $1 AND seq = 4", 4),
        ("DELETE FROM entries WHERE tenant = $1 AND seq = 5", 5),
        ("UPDATE entries SET seq = seq + 100 WHERE tenant = $1 AND seq = 0", 0),
        ("UPDATE payloads SET sealed = sealed || 'x'::bytea WHERE tenant = $1 AND seq = 2", 2),
        ("UPDATE heads SET size = 5 WHERE tenant = $1", 5),
    ],
)
async def test_verify_names_the_entry_that_was_tampered_with(audit, tenant, sql: str, seq: int) -> None:
    await audit.take(*(redacted(tenant=tenant) for _ in range(6)))
    assert (await audit.get("verify", tenant=tenant))["ok"]
    await audit.tamper(sql, tenant)
    found = await audit.get("verify", tenant=tenant)
    assert (found["ok"], found["first_break"]) == (False, seq)


async def test_deleting_a_payload_or_its_key_leaves_the_chain_valid(audit, tenant) -> None:
    event = redacted(tenant=tenant)
    await audit.take(event, redacted(tenant=tenant))
    await audit.run("DELETE FROM data_keys WHERE tenant = $1 AND scope = $2", tenant, f"interaction/{event.interaction}")
    found = await audit.get(f"interactions/{event.interaction}", tenant=tenant)
    assert found["entries"][0]["data_state"] == "missing", "no erasure says why"
    await audit.run("DELETE FROM payloads WHERE tenant = $1 AND seq = 0", tenant)
    found = await audit.get("verify", tenant=tenant)
    assert (found["ok"], found["verified"], found["payloads_deleted"]) == (True, 2, 1)


async def test_a_canary_is_in_no_table(audit, tenant) -> None:
    canary = f"canary{uuid4().hex}"
    event = requested(canary, tenant=tenant)
    await audit.take(event, requested(canary + "2", id=event.id, tenant=tenant))
    tables = await audit.run("SELECT tablename FROM pg_tables WHERE schemaname = 'audit'")
    assert {"entries", "payloads", "alarms", "data_keys"} <= {row["tablename"] for row in tables}
    for row in tables:
        text = str(await audit.run(f'SELECT * FROM "{row["tablename"]}"'))
        binary = await audit.run(f"""SELECT 1 FROM "{row["tablename"]}" t WHERE t::text LIKE '%' || $1 || '%'""", canary.encode().hex())
        assert canary not in text, row["tablename"]
        assert not binary, row["tablename"]


async def test_raw_words_are_shown_only_on_demand_and_every_read_is_published(audit, tenant) -> None:
    event = requested("my own words", tenant=tenant)
    await audit.take(event, event.follow(redacted().data, stage="redaction", time=event.time))
    path = f"interactions/{event.id}"
    hidden, shown = [(await audit.get(path, tenant=tenant, reveal=reveal))["entries"] for reveal in (False, True)]
    assert [(one["data_state"], one["data"] is None) for one in hidden] == [("hidden", True), ("shown", False)]
    assert shown[0]["data"]["messages"][0]["content"] == "my own words"
    reads = [one for one in audit.published if isinstance(one.data, AuditRead) and one.interaction == event.id]
    assert [(one.data.rows, one.data.query["reveal"]) for one in reads] == [(2, "false"), (2, "true")]  # type: ignore[attr-defined]


async def test_another_tenant_or_no_token_sees_nothing(audit, tenant) -> None:
    event = requested(tenant=tenant)
    await audit.take(event)
    elsewhere = await audit.http.get(f"/v1/interactions/{event.id}", params={"tenant": "elsewhere"}, headers=TOKEN)
    assert elsewhere.status_code == 404
    anonymous = await audit.http.get(f"/v1/interactions/{event.id}", params={"tenant": tenant})
    assert (anonymous.status_code, anonymous.headers["content-type"]) == (401, "application/problem+json")


async def test_pages_join_up_and_filters_hold(audit, tenant) -> None:
    await audit.take(*(redacted(tenant=tenant) for _ in range(5)), refused(tenant=tenant))
    seen, after = [], -1
    while after is not None:
        page = await audit.get("entries", tenant=tenant, limit=2, after_seq=after)
        seen += [one["seq"] for one in page["entries"]]
        after = page["next"]
    assert seen == list(range(6))
    only = await audit.get("entries", tenant=tenant, type="chancery.interaction.refused.v1")
    assert [one["seq"] for one in only["entries"]] == [5]


async def test_completeness_names_gaps_and_unfinished_interactions(audit, tenant) -> None:
    event = requested(tenant=tenant)
    await audit.take(event)
    await audit.take(requested(tenant=tenant), skip=3)
    found = await audit.get("completeness", tenant=tenant)
    (account,) = [one for one in found["partitions"] if one["topic"].endswith(tenant)]
    assert account["gaps"] == [[account["ranges"][0][1] + 1, account["ranges"][0][1] + 3]]
    assert (found["accepted"], found["completed"], found["unfinished_count"]) == (2, 0, 2)
    assert found["unfinished"][0]["interaction"] == event.id


async def test_without_the_key_service_nothing_is_written(audit, tenant) -> None:
    audit.keys.down = True
    try:
        with pytest.raises(Retry):
            await audit.take(requested(tenant=tenant))
    finally:
        audit.keys.down = False
    assert not await audit.run("SELECT 1 FROM entries WHERE tenant = $1", tenant)


async def test_what_was_drafted_under_a_key_that_is_not_in_force_is_sealed_again(audit, tenant) -> None:
    """Another process made the scope's key first; or it was destroyed meanwhile, and must not come back."""
    asked = requested(tenant=tenant)
    first, second = asked, asked.follow(redacted().data, stage="redaction", time=asked.time)
    place, scope = ("chancery.interactions.redacted", 5), f"interaction/{asked.id}"
    queries, other = load_queries("chancery_audit"), KeyCache(audit.keys, 10)
    late = await draft([Received(second, *place, 2, 0)], PostgresKeyOffers(audit.database, queries, other), seal)
    await audit.writer.take([Received(first, *place, 1, 0)])
    await batch_in_transaction(audit.database, queries, other)(late)
    ((kept,),) = await audit.run("SELECT wrapped FROM data_keys WHERE tenant = $1 AND scope = $2", tenant, scope)
    shown = (await audit.get(f"interactions/{asked.id}", tenant=tenant, reveal=True))["entries"]
    assert [one["data_state"] for one in shown] == ["shown", "shown"]

    third = asked.follow(refused().data, stage="cost", time=asked.time)
    late = await draft([Received(third, *place, 3, 0)], audit.writer.offers, seal)
    assert (late[0].key.wrapped, late[0].key.fresh) == (kept, False)
    for table in ("data_keys", "payloads"):
        await audit.run(f"DELETE FROM {table} WHERE tenant = $1", tenant)  # two names of ours
    await audit.writer.write(late)
    ((new,),) = await audit.run("SELECT wrapped FROM data_keys WHERE tenant = $1 AND scope = $2", tenant, scope)
    assert new != kept
    shown = (await audit.get(f"interactions/{asked.id}", tenant=tenant, reveal=True))["entries"]
    assert shown[2]["data_state"] == "shown"
    assert (await audit.get("verify", tenant=tenant))["ok"]


async def test_a_batch_that_failed_is_written_with_the_same_drafts(audit, tenant) -> None:
    drafts = await draft([Received(requested(tenant=tenant), "chancery.interactions.requested.x", 0, 0, 0)], audit.writer.offers, seal)
    await audit.run("ALTER TABLE heads ADD CONSTRAINT broken CHECK (tenant <> '%s')" % tenant)  # noqa: UP031  # no parameter stands in DDL
    with pytest.raises(asyncpg.CheckViolationError):
        await audit.writer.write(drafts)
    await audit.run("ALTER TABLE heads DROP CONSTRAINT broken")
    assert await audit.writer.write(drafts) == [None]
    assert await audit.writer.write(drafts) == [None]
    assert (await audit.get("verify", tenant=tenant))["verified"] == 1


async def test_an_event_that_fits_no_leaf_is_poison_alone(audit, tenant) -> None:
    outcomes = await audit.take(requested(tenant=tenant), requested(tenant=tenant, source="x" * 70_000), requested(tenant=tenant))
    assert [type(one) for one in outcomes] == [tuple, outcomes[1].__class__, tuple]
    assert isinstance(outcomes[1], Poison)
    assert (await audit.get("verify", tenant=tenant))["verified"] == 2


async def test_a_moved_head_is_published_once(audit, tenant) -> None:
    await audit.take(redacted(tenant=tenant), redacted(tenant=tenant))
    await audit.checkpoints.publish_moved()
    assert await audit.checkpoints.publish_moved() == 0
    (made,) = [one for one in audit.published if isinstance(one.data, CheckpointPublished) and one.tenant == tenant]
    head = (await audit.run("SELECT link FROM heads WHERE tenant = $1", tenant))[0]["link"].hex()
    note = await audit.text(f"log/{tenant}/checkpoint")
    assert made.data == CheckpointPublished(origin=f"log.example/{tenant}", size=2, head=head, note=note)


async def test_who_looked_at_an_interaction_is_on_record_and_can_be_asked_for(audit, tenant):
    event = requested("one", tenant=tenant, id="i-1", interaction="i-1")
    await audit.take(event)
    audit.published.clear()
    await audit.get("interactions/i-1", tenant=tenant, reveal=True)
    await audit.get("entries", tenant=tenant)
    await audit.take(*audit.published)
    (read,) = (await audit.get("reads", tenant=tenant, interaction="i-1"))["reads"]
    assert (read["reader"], read["query"]["reveal"], read["rows"], read["interaction"]) == (audit.reader, "true", 1, "i-1")
    page = await audit.get("reads", tenant=tenant, limit=1)
    assert [one["seq"] for one in page["reads"]] == [2]
    assert [one["seq"] for one in (await audit.get("reads", tenant=tenant, before_seq=page["next"]))["reads"]] == [1]
    # A read outlives what was read: it is under a key of its own.
    await audit.run("DELETE FROM data_keys WHERE tenant = $1 AND scope = 'interaction/i-1'", tenant)
    assert (await audit.get("reads", tenant=tenant, interaction="i-1"))["reads"][0]["reader"] == audit.reader


async def test_a_thousand_leaves_do_not_wait_for_the_next_round(audit, tenant) -> None:
    """Rounds an hour apart: the second is called for by what has grown."""

    def signed(size: int) -> bool:
        return any(isinstance(one.data, CheckpointPublished) and (one.tenant, one.data.size) == (tenant, size) for one in audit.published)

    await audit.take(redacted(tenant=tenant))
    rounds = asyncio.create_task(audit.checkpoints.run(3600))
    try:
        await eventually(lambda: signed(1))
        await audit.take(redacted(tenant=tenant))
        audit.checkpoints.grown(999)
        audit.checkpoints.grown(1)
        await eventually(lambda: signed(2))
    finally:
        rounds.cancel()
        await asyncio.gather(rounds, return_exceptions=True)
