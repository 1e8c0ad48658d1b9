"""A person is found, exported and erased in every store; what names nobody stays; nothing is lost or done twice."""

import base64
import json

import pytest
from chancery_contracts.canonical import body_sha256
from chancery_contracts.failures import Poison, Retry
from chancery_contracts.privacy import HoldPlaced, HoldReleased
from chancery_contracts.stores import STORES
from chancery_contracts.subjects import SubjectAnswered, SubjectErasedInStore, SubjectErasureReported, SubjectOrderPlaced, SubjectSought
from chancery_contracts.topics import PRIVACY, TOPIC_OF_TYPE
from chancery_ledger import open_note
from chancery_runtime.errors import CorruptSeal, KeyDestroyed, KeyServiceDown
from chancery_runtime.subjects import order_context
from chancery_testing import builders
from integration.subjects.living import ANN, BOB, IBAN, Life, by_store, shown


@pytest.fixture
async def life(world, tenant):
    world.told.clear()
    return await Life(world, tenant).lived()


class TestFinding:
    async def test_a_person_is_found_in_every_store_that_has_them(self, world, life):
        order = await world.place(life.tenant, "find", ANN, IBAN)
        await world.run()
        found = {name: one["found"] for name, one in by_store(await world.ended(life.tenant, order)).items() if one["found"]}
        assert found == {
            "redaction.vault": 2, "redaction.journal": 1, "retrieval.passages": 1, "retrieval.documents": 1, "retrieval.journal": 1,
            "audit.payloads": 4, "audit.attributes": 1,
        }  # fmt: skip

    async def test_finding_changes_nothing(self, world, life):
        await world.place(life.tenant, "find", ANN)
        await world.run()
        assert await world.values(life.tenant, "matter:m-1", [life.tokens[ANN]]) == {life.tokens[ANN]: ANN}
        assert set((await shown(world, life, await world.officer(life.tenant))).values()) == {"shown"}

    async def test_another_spelling_or_grouping_is_the_same_person_and_a_longer_name_is_not(self, world, life):
        order = await world.place(life.tenant, "find", "CANARY  ann lee", "gb29nwbk60161331926819")
        await world.run()
        assert by_store(await world.ended(life.tenant, order))["retrieval.passages"]["found"] == 1
        order = await world.place(life.tenant, "find", "Canary Ann Le", "ary Ann Lee")
        await world.run()
        assert {one["found"] for one in by_store(await world.ended(life.tenant, order)).values()} == {0}

    async def test_another_tenants_stores_are_not_looked_into(self, world, life):
        await world.record(builders.requested("x", tenant="other-tenant"))
        order = await world.place("other-tenant", "find", ANN, IBAN)
        await world.run()
        assert {one["found"] for one in by_store(await world.ended("other-tenant", order)).values()} == {0}


class TestExporting:
    async def test_values_and_texts_are_given_to_an_officer_and_that_is_on_record(self, world, life):
        headers = await world.officer(life.tenant)
        order = await world.place(life.tenant, "export", ANN, IBAN, ground="GDPR 15")
        await world.run()
        response = await world.http.get(f"/v1/subjects/orders/{order}/export", params={"tenant": life.tenant}, headers=headers)
        stores = {one["store"]: one["contents"] for one in response.json()["stores"]}
        assert {one["text"] for one in stores["redaction.vault"]} == {ANN, IBAN}
        assert "complaint of Canary Ann\nLee was settled" in stores["retrieval.passages"][0]["text"]
        assert {one["member"] for one in stores["audit.payloads"]} >= {"messages.0.content", "answer", "text", "title", "passages.0.text"}
        assert world.read[-1].data.query["query"] == "subject-export"

    async def test_after_a_day_its_key_is_gone_and_nothing_of_it_opens(self, world, life):
        headers = await world.officer(life.tenant)
        order = await world.place(life.tenant, "export", ANN, ground="GDPR 15")
        await world.run()
        world.clock.advance(hours=25)
        await world.orders.forget()
        response = await world.http.get(f"/v1/subjects/orders/{order}/export", params={"tenant": life.tenant}, headers=headers)
        assert response.status_code == 404
        assert await world.sql("audit", "SELECT 1 FROM subject_answers WHERE order_id = $1", order) == []


class TestErasing:
    async def test_every_store_loses_the_person_and_keeps_the_rest(self, world, life):
        order = await world.place(life.tenant, "erase", ANN, IBAN)
        await world.run()
        row = await world.ended(life.tenant, order)
        assert row["state"] == "done"
        assert {name: (one["erased"], one["left"]) for name, one in by_store(row).items() if one["found"]} == {
            "redaction.vault": (2, 0), "redaction.journal": (1, 0), "retrieval.passages": (1, 0), "retrieval.documents": (1, 0),
            "retrieval.journal": (1, 0), "audit.payloads": (4, 0), "audit.attributes": (1, 0),
        }  # fmt: skip
        values = await world.values(life.tenant, "matter:m-1", life.tokens.values())
        assert values == {life.tokens[ANN]: "[erased]", life.tokens[IBAN]: "[erased]", life.tokens[BOB]: BOB}
        again = await world.place(life.tenant, "find", ANN, IBAN)
        await world.run()
        assert {one["found"] for one in by_store(await world.ended(life.tenant, again)).values()} == {0}

    async def test_the_trail_shows_what_was_erased_and_the_pseudonymised_steps_as_before(self, world, life):
        headers = await world.officer(life.tenant)
        await world.place(life.tenant, "erase", ANN, IBAN)
        await world.run()
        assert await shown(world, life, headers) == {
            "requested": "erased",
            "redacted": "shown",
            "grounded": "erased",
            "completed": "erased",
        }
        verified = (await world.http.get("/v1/verify", params={"tenant": life.tenant}, headers=headers)).json()
        assert (verified["ok"], verified["payloads_deleted"]) == (True, 4)

    async def test_the_document_comes_back_without_the_name(self, world, life):
        await world.place(life.tenant, "erase", ANN)
        await world.run()
        assert await world.sql("retrieval", "SELECT 1 FROM passages WHERE tenant = $1", life.tenant) == []
        (published,) = [one for one in world.told if one.type == "chancery.document.published.v1"]
        assert (published.data.version, published.data.title, published.matter) == (4, "Complaint of [erased]", "m-1")
        assert published.data.text == f"# Files\n\nThe complaint of [erased] was settled. {BOB} agreed."

    async def test_the_report_is_signed_and_names_nobody(self, world, life):
        order = await world.place(life.tenant, "erase", ANN, IBAN)
        await world.run()
        row = await world.ended(life.tenant, order)
        signer = await world.signer.signer(life.tenant)
        note = open_note(row["note"], [signer.verifier])
        assert note.text == f"chancery subject report v1\n{order}\n{body_sha256(row['report'])}\n"
        assert {one["store"] for one in row["report"]["lapses"]} == {
            one.name for one in STORES if one.reach == "lapses" and one.name.startswith("topic")
        }
        assert not any(needle in json.dumps(row["report"]) for needle in ("Canary", "NWBK", "9268"))

    async def test_who_it_was_stands_in_no_event_in_clear_and_opens_no_more_in_the_database(self, world, life):
        order = await world.place(life.tenant, "erase", ANN, IBAN)
        await world.run()
        facts = [one for one in world.told if TOPIC_OF_TYPE[one.type] is PRIVACY]
        assert {type(one.data) for one in facts} == {SubjectOrderPlaced, SubjectErasedInStore, SubjectErasureReported}
        assert not any(needle in str(one.data) for one in world.told for needle in ("Canary Ann", "NWBK"))
        ((wrapped, sealed),) = await world.sql("audit", "SELECT wrapped_key, sealed FROM subject_orders WHERE order_id = $1", order)
        assert (wrapped, sealed) == (None, b"")
        for schema in world.databases:
            assert b"Canary Ann" not in await world.everything(schema, life.tenant)

    async def test_once_all_orders_have_ended_no_copy_of_one_opens_any_more(self, world, life):
        """Kafka keeps the sealed names a day, backups longer: the key that wrapped theirs is destroyed."""
        order = await world.place(life.tenant, "erase", ANN)
        waiting = await world.place(life.tenant, "export", BOB, ground="GDPR 15")
        await world.run()
        (sought, *_) = [one for one in world.told if isinstance(one.data, SubjectSought) and one.data.order == order]
        wrapped, context = base64.b64decode(sought.data.wrapped_key), order_context(life.tenant, order)
        await world.orders.destroy_keys()
        assert len(await world.order_keys.unwrap(life.tenant, wrapped, context)) == 32  # an export is waiting to be fetched
        assert await world.orders.contents(life.tenant, waiting)
        world.clock.advance(hours=25)
        await world.orders.forget()
        await world.orders.destroy_keys()
        with pytest.raises(KeyDestroyed):
            await world.order_keys.unwrap(life.tenant, wrapped, context)
        assert await world.ask("cost", sought) == []

    async def test_somebody_erased_who_comes_again_is_somebody_new(self, world, life):
        await world.place(life.tenant, "erase", ANN)
        await world.run()
        tokens = await world.mask(life.tenant, "matter:m-1", ("PERSON", ANN))
        assert tokens[ANN] != life.tokens[ANN]
        assert await world.values(life.tenant, "matter:m-1", [tokens[ANN], life.tokens[ANN]]) == {
            tokens[ANN]: ANN, life.tokens[ANN]: "[erased]",
        }  # fmt: skip


class TestHolds:
    async def test_what_is_held_stays_is_told_and_goes_when_asked_for_again(self, world, life):
        free = await Life(world, life.tenant, matter="m-2").lived()
        hold = builders.event(HoldPlaced(matter="m-1", reason="litigation", by="x"), tenant=life.tenant, interaction=None)
        await world.privacy.take(world.received(hold))
        order = await world.place(life.tenant, "erase", ANN, IBAN)
        await world.run()
        row = await world.ended(life.tenant, order)
        assert (row["state"], row["report"]["held"]) == ("partly", {"tenant": False, "matters": ["m-1"], "holds": [hold.id]})
        for name in ("redaction.vault", "retrieval.passages", "audit.payloads", "retrieval.journal", "redaction.journal"):
            one = by_store(row)[name]
            assert one["left"] == one["erased"] == one["found"] / 2, name
        assert (await world.values(life.tenant, "matter:m-1", [life.tokens[ANN]]))[life.tokens[ANN]] == ANN
        assert (await world.values(life.tenant, "matter:m-2", [free.tokens[ANN]]))[free.tokens[ANN]] == "[erased]"
        released = HoldReleased(hold=hold.id, reason="over", by="x")
        await world.privacy.take(world.received(builders.event(released, tenant=life.tenant, interaction=None)))
        again = await world.place(life.tenant, "erase", ANN, IBAN)
        await world.run()
        assert (await world.ended(life.tenant, again))["state"] == "done"
        assert (await world.values(life.tenant, "matter:m-1", [life.tokens[ANN]]))[life.tokens[ANN]] == "[erased]"

    async def test_a_hold_on_the_tenant_keeps_everything(self, world, life):
        hold = builders.event(HoldPlaced(matter=None, reason="litigation", by="x"), tenant=life.tenant, interaction=None)
        await world.privacy.take(world.received(hold))
        order = await world.place(life.tenant, "erase", ANN)
        await world.run()
        row = await world.ended(life.tenant, order)
        assert {one["erased"] for one in by_store(row).values()} == {0}
        assert {one["state"] for one in by_store(row).values() if one["found"]} == {"held"}

    async def test_one_placed_while_an_owner_is_away_keeps_what_it_has(self, world, life):
        order = await world.place(life.tenant, "erase", ANN)
        await world.run(owners=["redaction", "audit", "generation", "cost"])
        (sought,) = [one for one in world.told if isinstance(one.data, SubjectSought) and one.data.phase == "act"]
        hold = await world.hold(life.tenant, "m-1")
        assert sought.data.held_matters == ()
        for answer in await world.ask("retrieval", sought):  # told before the hold, and read after it
            await world.publish(answer)
        await world.run()
        row = await world.ended(life.tenant, order)
        assert (row["state"], row["report"]["held"]) == ("partly", {"tenant": False, "matters": ["m-1"], "holds": [hold.id]})
        assert {by_store(row)[name]["state"] for name in ("retrieval.passages", "retrieval.journal", "redaction.vault")} == {"held"}
        assert len(await world.sql("retrieval", "SELECT 1 FROM passages WHERE tenant = $1", life.tenant)) > 0
        assert await world.values(life.tenant, "matter:m-1", [life.tokens[ANN]]) == {life.tokens[ANN]: ANN}

    async def test_one_placed_since_is_told_when_the_order_is_told_again(self, world, life):
        await world.place(life.tenant, "erase", ANN)
        await world.run(owners=["redaction", "audit", "generation", "cost"])
        await world.hold(life.tenant, "m-1")
        world.clock.advance(hours=7)
        await world.run(owners=[])
        assert [one.data.held_matters for one in world.told if isinstance(one.data, SubjectSought)][-1] == ("m-1",)


class TestAnswersOfModels:
    async def test_every_page_of_them_is_read_and_those_of_others_are_not(self, world, life, monkeypatch):
        monkeypatch.setattr("chancery_generation.adapters.subject_answers.PAGE", 2)
        called = "INSERT INTO calls (cause_id, ordinal, model_name, model_version, started_at) VALUES ($1, 1, 'a-model', 1, now())"
        answered = "INSERT INTO answers (cause_id, ordinal, answer, stored_at) VALUES ($1, 1, $2, now())"
        for number in range(8):
            tenant = life.tenant if number else f"{life.tenant}-b"
            cause = builders.requested("x", tenant=tenant, matter="m-1")
            await world.journal("generation", "generation", cause, cause)
            if number in {3, 4}:
                continue  # journalled, and without an answer
            await world.sql("generation", called, cause.id)
            await world.sql("generation", answered, cause.id, f"{life.tenant}: Dear {ANN if number != 5 else BOB}")
        order = await world.place(life.tenant, "erase", ANN)
        await world.run()
        one = by_store(await world.ended(life.tenant, order))["generation.answers"]
        assert (one["found"], one["erased"]) == (4, 4)
        rows = await world.sql("generation", "SELECT answer FROM answers WHERE answer LIKE $1", f"{life.tenant}%")
        assert sorted(row["answer"].partition("Dear ")[2] for row in rows) == [BOB, ANN, *["[erased]"] * 4]


class TestGoingOn:
    @pytest.mark.parametrize("owner", ["redaction", "retrieval", "audit"])
    async def test_an_owner_that_died_before_it_told_tells_the_same_again(self, world, life, owner):
        await world.place(life.tenant, "erase", ANN, IBAN)
        await world.orders.advance()
        await world.deliver(owners=["redaction"])  # resolved
        await world.orders.advance()
        asked = []

        async def keep(event):
            asked.append(event)

        await world.eraser.publish_outbox(keep)
        (sought,) = [one for one in asked if isinstance(one.data, SubjectSought)]
        first = await world.ask(owner, sought)
        assert first and await world.ask(owner, sought) == first

    @pytest.mark.parametrize("text", [f"Another text about {ANN}.", "A text about nobody."])
    async def test_a_version_published_while_the_last_one_was_searched_is_searched_itself(self, world, life, monkeypatch, text):
        order = await world.place(life.tenant, "erase", ANN)
        await world.run(owners=["redaction", "audit", "generation", "cost"])
        (sought,) = [one for one in world.told if isinstance(one.data, SubjectSought) and one.data.phase == "act"]
        real = world.documents.look

        async def look(asked):
            found = await real(asked)
            newer = life.published.data.model_copy(update={"version": 4, "text": text, "title": "t"})
            await world.index_document(builders.event(newer, tenant=life.tenant, matter="m-1", interaction=None))
            return found

        with monkeypatch.context() as patch:
            patch.setattr(world.documents, "look", look)
            with pytest.raises(Retry):
                await world.ask("retrieval", sought)
        for answer in await world.ask("retrieval", sought):
            await world.publish(answer)
        await world.run()
        assert (await world.ended(life.tenant, order))["state"] == "done"
        again = [one.data for one in world.told if one.type == "chancery.document.published.v1"]
        assert [(one.version, one.text) for one in again] == ([(5, "Another text about [erased].")] if ANN in text else [])
        kept = await world.sql("retrieval", "SELECT body FROM passages WHERE tenant = $1", life.tenant)
        assert [row["body"] for row in kept] == ([] if ANN in text else [text])

    async def test_what_fails_while_it_is_stored_is_undone_in_full(self, world, life, monkeypatch):
        order = await world.place(life.tenant, "erase", ANN, IBAN)
        with monkeypatch.context() as patch:

            async def dies(*_):
                raise Retry("killed")

            patch.setattr("chancery_storage.journal.Journal.store", dies)
            with pytest.raises(Retry):
                await world.run()
        assert (await world.values(life.tenant, "matter:m-1", [life.tokens[ANN]]))[life.tokens[ANN]] == ANN
        world.clock.advance(hours=7)  # Kafka may have forgotten: it is told again
        await world.run()
        assert by_store(await world.ended(life.tenant, order))["redaction.vault"]["erased"] == 2

    async def test_an_order_waits_for_an_owner_that_is_away_and_says_for_whom(self, world, life):
        order = await world.place(life.tenant, "erase", ANN)
        await world.run(owners=["redaction", "audit", "generation", "cost"])
        (row,) = await world.orders.orders(life.tenant, order)
        assert (row["phase"], row["waits_for"]) == ("act", ["retrieval"])
        assert (await world.values(life.tenant, "matter:m-1", [life.tokens[ANN]]))[life.tokens[ANN]] == ANN  # keys go last
        world.clock.advance(hours=7)
        await world.run()
        assert (await world.ended(life.tenant, order))["state"] == "done"

    async def test_however_many_wait_for_an_owner_that_is_away_a_later_one_has_its_turn(self, world, life):
        for _ in range(101):
            await world.place(f"{life.tenant}-b", "find", ANN)
        await world.deliver(owners=[])
        order = await world.place(life.tenant, "find", ANN)
        await world.run()
        await world.sql("audit", "DELETE FROM subject_orders WHERE tenant = $1", f"{life.tenant}-b")
        assert (await world.ended(life.tenant, order))["state"] == "done"

    async def test_while_the_key_service_is_down_an_order_waits_and_nothing_is_taken_for_erased(self, world, life):
        order = await world.place(life.tenant, "erase", ANN)
        world.key_service(down=True)
        with pytest.raises(KeyServiceDown):
            await world.run()
        world.key_service(down=False)
        (row,) = await world.orders.orders(life.tenant, order)
        assert row["phase"] == "resolve"
        world.clock.advance(hours=7)
        await world.run()
        assert (await world.ended(life.tenant, order))["state"] == "done"

    async def test_an_answer_that_somebody_else_made_up_is_refused(self, world, life):
        order = await world.place(life.tenant, "erase", ANN)
        forged = SubjectAnswered(order=order, phase="resolve", owner="redaction", part=0, last=True, sealed="Zm9yZ2Vk" * 8)
        with pytest.raises(Poison):
            await world.orders.take(world.received(builders.event(forged, tenant=life.tenant, interaction=None)))
        await world.run()
        assert (await world.ended(life.tenant, order))["state"] == "done"


class TestStates:
    async def test_erased_and_no_key_service_and_corrupt_are_three_things(self, world, life):
        token, other = life.tokens[ANN], life.tokens[BOB]
        await world.place(life.tenant, "erase", ANN)
        await world.run()
        assert await world.values(life.tenant, "matter:m-1", [token]) == {token: "[erased]"}
        world.key_service(down=True)
        with pytest.raises(KeyServiceDown):
            await world.values(life.tenant, "matter:m-1", [other])
        world.key_service(down=False)
        broken = "UPDATE vault SET sealed_value = sealed_value || 'x'::bytea WHERE tenant = $1 AND token = $2"
        await world.sql("redaction", broken, life.tenant, other)
        with pytest.raises(CorruptSeal):
            await world.values(life.tenant, "matter:m-1", [other])

    async def test_what_does_not_open_is_an_alarm_in_the_report_and_no_erasure(self, world, life):
        broken = "UPDATE vault SET sealed_value = sealed_value || 'x'::bytea WHERE tenant = $1 AND token = $2"
        await world.sql("redaction", broken, life.tenant, life.tokens[IBAN])
        changed = "UPDATE payloads SET sealed = sealed || 'x'::bytea WHERE tenant = $1 AND seq = 1"
        await world.sql("audit", changed, life.tenant)
        order = await world.place(life.tenant, "export", ANN, IBAN, ground="GDPR 15")
        await world.run()
        row = await world.ended(life.tenant, order)
        assert (row["state"], by_store(row)["redaction.vault"]["unreadable"], by_store(row)["audit.payloads"]["unreadable"]) == (
            "partly",
            1,
            1,
        )
