"""Retention, legal hold, erasure: what is destroyed, what is kept, and that every proof holds after it."""

import asyncio
import re
from datetime import UTC, datetime, timedelta

import pytest
from chancery_audit.adapters.erasing import ErasingSettings
from chancery_bus import Received
from chancery_contracts.areas import RegistryEntryPublished
from chancery_contracts.failures import Retry
from chancery_contracts.interactions import InteractionCompleted
from chancery_contracts.privacy import ErasureRefused, ErasureRequested, ErasureSubject, HoldPlaced, HoldReleased, PayloadsErased
from chancery_contracts.topics import PRIVACY, TOPIC_OF_TYPE
from chancery_ledger import Ed25519Verifier, Policy, Receipt, leaf_hash, verify_receipt
from chancery_runtime.errors import CorruptSeal
from chancery_storage.journal import load_events
from chancery_storage.migrating import scripts
from chancery_testing.builders import document, event, redacted, registry_entry, requested
from chancery_testing.waiting import eventually

LONG_AGO = datetime(2019, 1, 1, tzinfo=UTC)
OFFSETS = iter(range(1_000_000, 9_000_000))


class World:
    """One tenant's trail, and time."""

    def __init__(self, audit, tenant):
        self.audit, self.tenant = audit, tenant

    async def record(self, *events, at=None):
        """As the broker delivers them at a moment."""
        at = at or self.audit.clock()
        stamp = int(at.timestamp() * 1000)
        batch = [Received(e, TOPIC_OF_TYPE[e.type].full_name(self.tenant), 9, next(OFFSETS), stamp) for e in events]
        assert await self.audit.deliver(batch) == [()] * len(batch)
        return batch

    async def interaction(self, *, at=None, use_case="bank-faq", ends=True, **attributes):
        """Asked, masked, and ended."""
        first = requested("words of a client", tenant=self.tenant, use_case=use_case, **attributes)
        made = [first, first.follow(redacted().data, stage="redaction", time=first.time)]
        if ends:
            done = InteractionCompleted(outcome="released", use_case=use_case, answer="an answer", stage="restore")
            made.append(first.follow(done, stage="restore", time=first.time))
        await self.record(*made, at=at)
        return first

    async def order(self, data, **attributes):
        """Published, recorded by the trail, and handled: as Kafka would bring it."""
        order = event(data, tenant=self.tenant, interaction=None, time=self.audit.clock(), **attributes)
        [received] = await self.record(order)
        await self.audit.privacy.take(received)
        return order

    async def hold(self, matter=None):
        return await self.order(HoldPlaced(matter=matter, reason="litigation", by="operator"))

    async def ask(self, kind, name):
        subject = ErasureSubject(kind=kind, name=name)
        order = ErasureRequested(subject=subject, reason="asked for", legal_ground="GDPR 17(1)(b)", by="operator")
        return await self.order(order)

    async def tell(self):
        """What stands in the outbox is published, and comes back like any event. Returns what is this tenant's."""
        told = []

        async def publish(one):
            told.append(one)

        while await self.audit.eraser.publish_outbox(publish):
            pass
        for one in told:
            if one.tenant == self.tenant:
                [received] = await self.record(one)
                await self.audit.privacy.take(received)
        return [one for one in told if one.tenant == self.tenant]

    async def states(self, interaction):
        found = await self.audit.get(f"interactions/{interaction.id}", tenant=self.tenant, reveal=True)
        return {entry["data_state"] for entry in found["entries"]}

    async def request_state(self, request):
        return (await self.audit.get(f"erasures/{request.id}", tenant=self.tenant))["state"]

    async def rows(self, table):
        return await self.audit.run(f"SELECT * FROM {table} WHERE tenant = $1", self.tenant)

    def retain(self, use_case, days, version=1):
        body = {
            "prompt": {"name": "p", "version": 1}, "model": {"name": "m", "version": 1}, "collections": ["c"], "budget": "b",
            "redaction_policy": {"name": "r", "version": 1}, "retention_days": days,
        }  # fmt: skip
        entry = registry_entry("use_case", use_case, body, version=version, tenant=self.tenant)
        assert isinstance(entry.data, RegistryEntryPublished)
        self.audit.catalogue.apply(entry)


@pytest.fixture
def world(audit, tenant):
    return World(audit, tenant)


class TestErasure:
    @pytest.mark.parametrize("kind", ["interaction", "conversation", "matter"])
    async def test_what_was_asked_for_is_gone_and_shown_as_erased_and_the_rest_stays(self, world, kind):
        gone = await world.interaction(conversation="c-1", matter="m-1")
        kept = await world.interaction(conversation="c-2", matter="m-2")
        request = await world.ask(kind, {"interaction": gone.id, "conversation": "c-1", "matter": "m-1"}[kind])
        await world.audit.eraser.carry_out_requests()
        [told] = await world.tell()
        assert (await world.states(gone), await world.states(kept)) == ({"erased"}, {"shown"})
        assert told.data == PayloadsErased(cause="request", request=request.id, scopes=(f"interaction/{gone.id}",), payloads=3, keys=1)
        shown = (await world.audit.get(f"interactions/{gone.id}", tenant=world.tenant))["entries"][0]
        assert shown["data"] is None
        assert {**shown["erased"], "at": ""} == {"at": "", "why": "request", "event": told.id, "request": request.id}
        assert await world.request_state(request) == "erased"

    async def test_every_proof_made_before_holds_after_and_the_chain_goes_on(self, world):
        audit, tenant = world.audit, world.tenant
        gone = await world.interaction(matter="m-1")
        await audit.checkpoints.publish_moved()
        policy = Policy(Ed25519Verifier.parse((await audit.text(f"log/{tenant}/key")).strip()))
        before = [Receipt.parse(await audit.text(f"log/{tenant}/receipts/{seq}")) for seq in range(3)]
        note, chain = await audit.text(f"log/{tenant}/checkpoint"), await audit.get("verify", tenant=tenant)
        assert (chain["ok"], chain["verified"], chain["payloads_deleted"]) == (True, 3, 0)
        await world.ask("interaction", gone.id)
        await audit.eraser.carry_out_requests()
        assert await audit.text(f"log/{tenant}/checkpoint") == note
        await world.tell()
        await audit.checkpoints.publish_moved()
        for seq, receipt in enumerate(before):
            verify_receipt(receipt, leaf_hash(receipt.extra), policy)
            again = Receipt.parse(await audit.text(f"log/{tenant}/receipts/{seq}"))
            assert again.extra == receipt.extra
            verify_receipt(again, leaf_hash(again.extra), policy)
        chain = await audit.get("verify", tenant=tenant)
        assert (chain["ok"], chain["verified"], chain["payloads_deleted"]) == (True, 5, 3)

    async def test_a_redelivered_request_or_result_changes_nothing(self, world):
        gone = await world.interaction()
        request = await world.ask("interaction", gone.id)
        again = Received(request, PRIVACY.full_name(), 0, 0, int(world.audit.clock().timestamp() * 1000))
        await world.audit.privacy.take(again)
        await world.audit.eraser.carry_out_requests()
        [told] = await world.tell()
        for one in (request, told):
            await world.audit.privacy.take(Received(one, PRIVACY.full_name(), 0, 0, again.timestamp_ms))
        assert await world.audit.eraser.carry_out_requests() == 0
        assert await world.audit.eraser.erase_again() == 0
        assert await world.tell() == []
        assert len(await world.rows("erasure_requests")) == 1

    async def test_a_crash_between_the_deed_and_its_publication_publishes_the_same_content_under_the_same_id(self, world):
        gone = await world.interaction()
        await world.ask("interaction", gone.id)
        await world.audit.eraser.carry_out_requests()
        seen = []

        async def fails(one):
            seen.append(one)
            raise Retry("Kafka is away")

        for _ in range(2):
            world.audit.clock.advance(seconds=5)
            with pytest.raises(Retry):
                await world.audit.eraser.publish_outbox(fails)
        assert seen[0] == seen[1]
        assert [one.id for one in await world.tell()] == [seen[0].id]
        assert (await world.audit.get("completeness", tenant=world.tenant))["alarms"] == 0

    async def test_batches_are_bounded_and_each_tells_what_it_erased(self, world, monkeypatch):
        monkeypatch.setattr(world.audit.eraser, "settings", ErasingSettings(batch=2))
        made = [await world.interaction(matter="m-1") for _ in range(5)]
        await world.ask("matter", "m-1")
        await world.audit.eraser.carry_out_requests()
        told = await world.tell()
        assert sorted(len(one.data.scopes) for one in told) == [1, 2, 2]
        assert sorted(scope for one in told for scope in one.data.scopes) == sorted(f"interaction/{one.id}" for one in made)

    async def test_what_begins_after_the_request_is_not_covered_by_it(self, world):
        before = await world.interaction(matter="m-1")
        await world.ask("matter", "m-1")
        after = await world.interaction(matter="m-1", at=world.audit.clock() + timedelta(seconds=1))
        await world.audit.eraser.carry_out_requests()
        await world.tell()
        assert (await world.states(before), await world.states(after)) == ({"erased"}, {"shown"})

    async def test_what_is_not_on_record_is_refused_and_not_silently_done(self, world):
        await world.interaction()
        request = await world.ask("matter", "never-seen")
        await world.audit.eraser.carry_out_requests()
        [told] = await world.tell()
        assert told.data == ErasureRefused(request=request.id, code="nothing_left", left=0, erased=0)
        assert await world.request_state(request) == "refused"

    async def test_a_late_event_of_an_erased_interaction_is_erased_too(self, world):
        gone = await world.interaction(ends=False)
        await world.ask("interaction", gone.id)
        await world.audit.eraser.carry_out_requests()
        await world.record(gone.follow(redacted(actor="late").data, stage="late", time=gone.time))
        assert await world.states(gone) == {"erased"}, "not even for a moment"
        assert await world.audit.eraser.erase_again() == 1
        assert [one.data.cause for one in await world.tell()] == ["request", "again"]
        scopes = {row["scope"] for table in ("data_keys", "payloads") for row in await world.rows(table)}
        assert f"interaction/{gone.id}" not in scopes

    async def test_documents_of_a_matter_go_with_it_and_the_record_of_the_erasure_does_not(self, world):
        await world.record(document("secret", tenant=world.tenant, matter="m-1"))
        await world.hold("m-2")
        await world.ask("matter", "m-1")
        await world.audit.eraser.carry_out_requests()
        [told] = await world.tell()
        assert (told.data.payloads, told.data.scopes[0].partition("/")[0]) == (1, "event")
        await world.ask("matter", "m-1")
        await world.audit.eraser.carry_out_requests()
        assert [one.data.code for one in await world.tell()] == ["nothing_left"]
        opens = "SELECT type FROM entries JOIN payloads USING (tenant, seq) JOIN data_keys USING (tenant, scope) WHERE tenant = $1"
        types = {row["type"] for row in await world.audit.run(opens, world.tenant)}
        assert types == {one.TYPE for one in (HoldPlaced, ErasureRequested, PayloadsErased, ErasureRefused)}

    async def test_an_alarms_second_content_goes_too_and_the_key_leaves_the_memory(self, world):
        gone = await world.interaction()
        await world.audit.take(requested("other words", id=gone.id, tenant=world.tenant))
        [key] = [row["wrapped"] for row in await world.rows("data_keys")]
        assert key in world.audit.cache._keys
        await world.ask("interaction", gone.id)
        await world.audit.eraser.carry_out_requests()
        [alarm] = await world.rows("alarms")
        assert (alarm["sealed"], key in world.audit.cache._keys) == (b"", False)

    async def test_erased_is_unlike_down_missing_and_corrupt(self, world):
        erased, missing, corrupt = [await world.interaction() for _ in range(3)]
        await world.ask("interaction", erased.id)
        await world.audit.eraser.carry_out_requests()
        delete = "DELETE FROM data_keys WHERE tenant = $1 AND scope = $2"
        await world.audit.run(delete, world.tenant, f"interaction/{missing.id}")
        change = "UPDATE payloads SET sealed = sealed || 'x'::bytea WHERE tenant = $1 AND scope = $2"
        await world.audit.run(change, world.tenant, f"interaction/{corrupt.id}")
        assert (await world.states(erased), await world.states(missing)) == ({"erased"}, {"missing"})
        with pytest.raises(CorruptSeal):
            await world.states(corrupt)


class TestHold:
    @pytest.mark.parametrize("matter", ["m-1", None])
    async def test_it_beats_erasure_and_retention_until_it_is_released(self, world, matter):
        kept = await world.interaction(matter="m-1", at=LONG_AGO)
        hold = await world.hold(matter)
        request = await world.ask("interaction", kept.id)
        await world.audit.eraser.carry_out_requests()
        await world.audit.eraser.erase_outlived()
        [told] = await world.tell()
        assert told.data == ErasureRefused(request=request.id, code="held", holds=(hold.id,), left=1, erased=0)
        assert (await world.states(kept), await world.request_state(request)) == ({"shown"}, "refused")
        await world.order(HoldReleased(hold=hold.id, reason="settled", by="operator"))
        await world.audit.eraser.carry_out_requests()
        assert await world.states(kept) == {"shown"}, "what was refused is not taken up again by itself"
        await world.audit.eraser.erase_outlived()
        assert [one.data.cause for one in await world.tell()] == ["retention"]
        assert await world.states(kept) == {"erased"}

    async def test_a_conversation_over_two_matters_is_erased_in_part_and_says_so(self, world):
        held = await world.interaction(conversation="c-1", matter="m-1")
        free = await world.interaction(conversation="c-1", matter="m-2")
        hold = await world.hold("m-1")
        request = await world.ask("conversation", "c-1")
        await world.audit.eraser.carry_out_requests()
        told = await world.tell()
        assert told[-1].data == ErasureRefused(request=request.id, code="held", holds=(hold.id,), left=1, erased=1)
        assert (await world.states(held), await world.states(free)) == ({"shown"}, {"erased"})
        assert await world.request_state(request) == "partly"

    async def test_an_interaction_that_names_a_second_matter_is_held_by_either(self, world):
        first = await world.interaction(matter="m-1")
        await world.record(event(redacted().data, tenant=world.tenant, interaction=first.id, matter="m-2"))
        await world.hold("m-1")
        await world.ask("matter", "m-2")
        await world.audit.eraser.carry_out_requests()
        assert await world.states(first) == {"shown"}

    @pytest.mark.parametrize("first", ["hold", "erasure"])
    async def test_placed_while_a_batch_runs_exactly_one_of_them_wins(self, world, first):
        """Both are held up at the tenant's head and let go in the order in which they queue."""
        interaction = await world.interaction(matter="m-1")
        await world.ask("matter", "m-1")
        hold = event(HoldPlaced(matter="m-1", reason="litigation", by="operator"), tenant=world.tenant, interaction=None)
        [received] = await world.record(hold)
        work = {"hold": lambda: world.audit.privacy.take(received), "erasure": world.audit.eraser.carry_out_requests}
        order = [first, "erasure" if first == "hold" else "hold"]
        tasks = []
        async with world.audit.database.transaction() as connection:
            await connection.fetch("SELECT 1 FROM heads WHERE tenant = $1 FOR UPDATE", world.tenant)
            for count, name in enumerate(order, start=1):
                tasks.append(asyncio.create_task(work[name]()))
                await self._until_waiting(world, count)
        await asyncio.gather(*tasks)
        told = [type(one.data) for one in await world.tell()]
        if first == "hold":
            assert (told, await world.states(interaction)) == ([ErasureRefused], {"shown"})
        else:
            assert (told, await world.states(interaction)) == ([PayloadsErased], {"erased"})
        [listed] = (await world.audit.get("holds", tenant=world.tenant))["holds"]
        assert (listed["state"], listed["interactions"]) == ("in force", 1 if first == "hold" else 0)

    async def _until_waiting(self, world, count):
        async def waiting():
            sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            async with world.audit.database.reading() as connection:
                return await connection.fetchval(sql) >= count

        await eventually(waiting)

    async def test_many_holds_and_erasures_at_once_end_in_one_state_each(self, world):
        made = [await world.interaction(matter=f"m-{n}") for n in range(12)]
        for n in range(12):
            await world.ask("matter", f"m-{n}")
        holds = []
        for n in range(12):
            hold = event(HoldPlaced(matter=f"m-{n}", reason="litigation", by="operator"), tenant=world.tenant, interaction=None)
            holds += await world.record(hold)
        await asyncio.gather(world.audit.eraser.carry_out_requests(), *(world.audit.privacy.take(one) for one in holds))
        told = await world.tell()
        erased = {scope.removeprefix("interaction/") for one in told if isinstance(one.data, PayloadsErased) for scope in one.data.scopes}
        refused = [one for one in told if isinstance(one.data, ErasureRefused)]
        assert len(erased) + len(refused) == 12
        for one in made:
            assert await world.states(one) == ({"erased"} if one.id in erased else {"shown"})


class TestRetention:
    async def test_each_use_case_has_its_own_and_the_default_is_seven_years(self, world):
        world.retain("short", 30)
        now = world.audit.clock()
        old_short = await world.interaction(use_case="short", at=now - timedelta(days=31))
        new_short = await world.interaction(use_case="short", at=now - timedelta(days=29))
        six_years = await world.interaction(use_case="unknown", at=now - timedelta(days=6 * 366))
        eight_years = await world.interaction(use_case="unknown", at=now - timedelta(days=8 * 366))
        await world.audit.eraser.erase_outlived()
        told = {one.data.use_case: one.data for one in await world.tell()}
        assert (told["short"].cause, told["short"].retention_days, told["short"].payloads) == ("retention", 30, 3)
        assert told["unknown"].retention_days == 2557
        found = [await world.states(one) for one in (old_short, new_short, six_years, eight_years)]
        assert found == [{"erased"}, {"shown"}, {"shown"}, {"erased"}]

    async def test_it_counts_from_the_end_and_without_an_end_from_acceptance_by_the_brokers_clock(self, world):
        world.retain("short", 30)
        now = world.audit.clock()
        old = now - timedelta(days=40)
        ended_late = await world.interaction(use_case="short", at=old, ends=False)
        done = InteractionCompleted(outcome="released", use_case="short", answer="x", stage="restore")
        await world.record(ended_late.follow(done, stage="restore", time=old), at=now - timedelta(days=1))
        unfinished = await world.interaction(use_case="short", at=old, ends=False)
        backdated = await world.interaction(use_case="short", time=LONG_AGO)
        await world.audit.eraser.erase_outlived()
        found = [await world.states(one) for one in (ended_late, unfinished, backdated)]
        assert found == [{"shown"}, {"erased"}, {"shown"}]

    async def test_a_longer_retention_keeps_what_is_on_record(self, world):
        world.retain("short", 30)
        kept = await world.interaction(use_case="short", at=world.audit.clock() - timedelta(days=31))
        world.retain("short", 60, version=2)
        await world.audit.eraser.erase_outlived()
        assert await world.states(kept) == {"shown"}

    async def test_registry_and_documents_have_no_end(self, world):
        entry = registry_entry("prompt", "p", {"system": "s", "user": "u"}, tenant=world.tenant)
        await world.record(entry, document("text", tenant=world.tenant), at=LONG_AGO)
        await world.audit.eraser.erase_outlived()
        assert len(await world.rows("payloads")) == 2


class TestRestoredBackup:
    async def _erase(self, world):
        gone = await world.interaction(matter="m-1")
        backup = {table: await world.rows(table) for table in ("payloads", "data_keys", "scopes")}
        await world.ask("matter", "m-1")
        await world.audit.eraser.carry_out_requests()
        await world.tell()
        return gone, backup

    async def _restore(self, world, rows, table):
        for row in rows:
            columns = [name for name in row.keys() if name != "counts_from"]  # noqa: SIM118  # a record, not a dict
            places = ", ".join(f"${n}" for n in range(1, len(columns) + 1))
            sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places}) ON CONFLICT DO NOTHING"
            await world.audit.run(sql, *(row[name] for name in columns))

    @pytest.mark.parametrize("forgotten", [False, True])
    async def test_rows_that_come_back_are_erased_again_at_the_start(self, world, forgotten):
        """`forgotten`: the table that knows of the erasure is as old as the backup too; the trail tells it."""
        gone, backup = await self._erase(world)
        if forgotten:
            await world.audit.run("DELETE FROM scopes WHERE tenant = $1", world.tenant)
            await world.audit.run("DELETE FROM erasure_requests WHERE tenant = $1", world.tenant)
            await self._restore(world, backup["scopes"], "scopes")
        for table in ("payloads", "data_keys"):
            await self._restore(world, backup[table], table)
        assert await world.states(gone) == ({"shown"} if forgotten else {"erased"}), "so it would be, without what follows"
        await world.audit.privacy.relearn_from_trail()
        assert await world.states(gone) == {"erased"}
        await world.audit.eraser.find_again()
        assert await world.audit.eraser.erase_again() == 1
        scopes = {row["scope"] for table in ("data_keys", "payloads") for row in await world.rows(table)}
        assert f"interaction/{gone.id}" not in scopes
        assert [one.data.cause for one in await world.tell()] == ["again"]
        await world.audit.eraser.carry_out_requests()
        assert await world.tell() == [], "the request, known again, is not answered a second time"
        assert (await world.audit.get("verify", tenant=world.tenant))["ok"]

    async def test_what_a_hold_covers_is_not_touched_even_then_and_goes_when_it_is_released(self, world):
        gone, backup = await self._erase(world)
        hold = await world.hold("m-1")
        await self._restore(world, backup["data_keys"], "data_keys")
        await world.audit.eraser.find_again()
        assert await world.audit.eraser.erase_again() == 0
        await world.order(HoldReleased(hold=hold.id, reason="settled", by="operator"))
        assert await world.audit.eraser.erase_again() == 1
        assert await world.states(gone) == {"erased"}


class TestHttp:
    async def _post(self, world, path, **body):
        return await world.audit.http.post(f"/v1/{path}", json={"tenant": world.tenant, **body}, headers=await self._officer(world))

    async def _officer(self, world):
        return await world.audit.officer(world.tenant)

    async def _handle_last(self, world):
        [received] = await world.record(world.audit.published[-1])
        await world.audit.privacy.take(received)

    async def test_a_hold_is_placed_listed_and_released_and_each_is_an_event(self, world):
        await world.interaction(matter="m-1")
        placed = await self._post(world, "holds", matter="m-1", reason="litigation", on_behalf_of="officer-7")
        assert placed.status_code == 202
        hold = placed.json()["id"]
        assert (
            await world.audit.http.get(f"/v1/holds/{hold}", params={"tenant": world.tenant}, headers=world.audit.auditor)
        ).status_code == 404
        await self._handle_last(world)
        found = await world.audit.get(f"holds/{hold}", tenant=world.tenant)
        assert (found["state"], found["interactions"]) == ("in force", 1)
        assert re.fullmatch(r"officer:officer/[0-9a-f]{16} for officer-7", found["placed_by"])
        assert (await self._post(world, f"holds/{hold}/release", reason="settled")).status_code == 202
        await self._handle_last(world)
        [found] = (await world.audit.get("holds", tenant=world.tenant))["holds"]
        assert (found["state"], found["release_reason"]) == ("released", "settled")
        assert (await self._post(world, f"holds/{hold}/release", reason="again")).status_code == 409

    @pytest.mark.parametrize(
        ("path", "body", "status"),
        [
            ("holds", {"reason": "neither a matter nor the tenant"}, 422),
            ("holds", {"matter": "m", "whole_tenant": True, "reason": "both"}, 422),
            ("holds", {"matter": "m", "reason": ""}, 422),
            ("holds/nowhere/release", {"reason": "x"}, 404),
            ("erasures", {"subject": {"kind": "person", "name": "x"}, "reason": "x", "legal_ground": "x"}, 422),
            ("erasures", {"subject": {"kind": "matter", "name": "a b"}, "reason": "x", "legal_ground": "x"}, 422),
            ("holds", {"tenant": "mistyped", "matter": "m", "reason": "x"}, 403),
        ],
    )
    async def test_what_cannot_be_done_is_a_problem_and_no_event(self, world, path, body, status):
        await world.interaction()
        before = len(world.audit.published)
        response = await self._post(world, path, **body)
        assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json")
        assert len(world.audit.published) == before

    async def test_nobody_without_the_token_orders_anything(self, world):
        await world.interaction()
        body = {"tenant": world.tenant, "whole_tenant": True, "reason": "x"}
        assert (await world.audit.http.post("/v1/holds", json=body)).status_code == 401


async def test_a_stored_event_reads_back_as_it_was(world):
    """The outbox keeps the very bytes that go out."""
    gone = await world.interaction()
    await world.ask("interaction", gone.id)
    await world.audit.eraser.carry_out_requests()
    [row] = await world.audit.run("SELECT body FROM outbox ORDER BY id DESC LIMIT 1")
    [stored] = load_events(row["body"])
    assert stored in await world.tell()


async def test_a_trail_from_before_is_covered_after_the_migration(world):
    """What the migration makes of entries equals what is noted as they are appended, use cases aside: these are sealed."""
    await world.interaction(matter="m-1", conversation="c-1", source='odd \\ \x00 "matter":"m-9"')
    await world.record(document("text", tenant=world.tenant, matter="m-2"), event(redacted().data, tenant=world.tenant, interaction="i-2"))
    await world.hold("m-1")
    noted = {table: await world.rows(table) for table in ("scopes", "places")}
    script = next(text for name, text in scripts("chancery_audit") if name.startswith("0005"))
    async with world.audit.database.transaction() as connection:
        for table in noted:
            await connection.execute(f"DELETE FROM {table}")
        await connection.execute(script[script.index("-- What was on record before") :])
    for table, rows in noted.items():
        assert _without_use_case(await world.rows(table)) == _without_use_case(rows)


def _without_use_case(rows):
    return sorted(str({name: value for name, value in row.items() if name != "use_case"}) for row in rows)
