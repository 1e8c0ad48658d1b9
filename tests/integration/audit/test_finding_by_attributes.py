"""Finding interactions by what their sealed payloads said, and what of it is left after an erasure."""

import asyncio
from itertools import count

import pytest
from chancery_audit.adapters.attributes import STRETCH, Backfill
from chancery_bus import Received
from chancery_contracts import VersionRef
from chancery_contracts.interactions import Finding, InteractionCompleted
from chancery_contracts.privacy import ErasureRequested, ErasureSubject
from chancery_contracts.topics import TOPIC_OF_TYPE
from chancery_runtime.errors import KeyServiceDown
from chancery_storage import load_queries
from chancery_testing import builders

OFFSETS = count(20_000_000)
ANN = Finding(entity_type="PERSON", token="<PERSON_7K2M>", message_index=0, start=0, end=13, score=0.9)


def _of(first, *datas):
    return [first, *(first.follow(data, stage=f"s{number}", time=first.time) for number, data in enumerate(datas))]


def whole(tenant, name, **attributes):
    """Asked, masked, grounded, answered, validated, paid for, released."""
    given = {
        "actor": "ann", "prompt": VersionRef(name="answer", version=3), "model": VersionRef(name="large", version=1), "cost": 700,
        "document": "terms", "verdict": "release", "outcome": "released", "findings": (ANN,),
    } | attributes  # fmt: skip
    named = {key: given.pop(key) for key in ("matter", "conversation", "use_case") if key in given}
    passage = builders.PASSAGE.model_copy(update={"document_id": given["document"], "document_version": 4})
    first = builders.requested(tenant=tenant, id=f"{tenant}-{name}", interaction=name, actor=given["actor"], **named)
    return _of(
        first,
        builders.redacted(findings=given["findings"]).data,
        builders.grounded(passages=(passage,)).data,
        builders.authorised(model=given["model"]).data,
        builders.generated(model=given["model"], prompt=given["prompt"], attempts=()).data,
        builders.validated(verdict=given["verdict"]).data,
        builders.settled(given["cost"]).data,
        InteractionCompleted(outcome=given["outcome"], use_case="bank-faq", stage="restore"),
    )


async def record(audit, *events, at_ms=1_760_000_000_000):
    batch = [Received(one, TOPIC_OF_TYPE[one.type].full_name(one.tenant), 7, next(OFFSETS), at_ms) for one in events]
    assert await audit.deliver(batch) == [()] * len(batch)


async def found(audit, tenant, **wanted):
    return [one["interaction"] for one in (await audit.get("interactions", tenant=tenant, **wanted))["interactions"]]


@pytest.fixture
async def three(audit, tenant):
    """One that is like most; one that differs in all; one that was refused."""
    await record(audit, *whole(tenant, "i-usual", matter="m-1", use_case="faq"), at_ms=1_000)
    other = whole(
        tenant, "i-other", actor="bob", prompt=VersionRef(name="answer", version=4), model=VersionRef(name="small", version=2), cost=9_000,
        document="fees", verdict="escalate", outcome="withheld", findings=(), use_case="figures",
    )  # fmt: skip
    await record(audit, *other, other[0].follow(builders.reviewed("r-7").data, stage="review", time=other[0].time), at_ms=2_000)
    refused = builders.requested(tenant=tenant, id=f"{tenant}-r", interaction="i-refused", use_case="faq", actor="ann")
    done = InteractionCompleted(outcome="refused", use_case="faq", stage="cost", code="budget_exceeded")
    await record(audit, *_of(refused, builders.refused().data, done), at_ms=3_000)
    return tenant


ALL = ["i-usual", "i-other", "i-refused"]
PERSON = "matter:m-1/<PERSON_7K2M>"
FILTERS = [
    ({"actor": "ann"}, ["i-usual", "i-refused"], {"actor": "nobody"}),
    ({"reviewer": "r-7"}, ["i-other"], {"reviewer": "r-8"}),
    ({"prompt": "answer"}, ["i-usual", "i-other"], {"prompt": "answe"}),
    ({"prompt": "answer@4"}, ["i-other"], {"prompt": "answer@5"}),
    ({"model": "large"}, ["i-usual"], {"model": "larger"}),
    ({"model": "small@2"}, ["i-other"], {"model": "small@1"}),
    ({"document": "terms"}, ["i-usual"], {"document": "term"}),
    ({"document": "fees@4"}, ["i-other"], {"document": "fees@3"}),
    ({"verdict": "escalate"}, ["i-other"], {"verdict": "withhold"}),
    ({"outcome": "released"}, ["i-usual"], {"outcome": "released", "state": "open"}),
    ({"outcome": "refused"}, ["i-refused"], {"outcome": "refused", "state": "erased"}),
    ({"refusal": "budget_exceeded"}, ["i-refused"], {"refusal": "price_unknown"}),
    ({"token": PERSON}, ["i-usual"], {"token": "matter:m-2/<PERSON_7K2M>"}),
    ({"token": [PERSON, "conversation:c-1/<PERSON_2222>"]}, ["i-usual"], {"token": "matter:m-1/<PERSON_2222>"}),
    ({"currency": "USD"}, ["i-usual", "i-other"], {"currency": "EUR"}),
    ({"currency": "USD", "cost_from": 701}, ["i-other"], {"currency": "USD", "cost_from": 9_001}),
    ({"currency": "USD", "cost_to": 700}, ["i-usual"], {"currency": "USD", "cost_to": 699}),
    ({"currency": "USD", "cost_from": 700, "cost_to": 9_000}, ["i-usual", "i-other"], {"currency": "USD", "cost_from": 1, "cost_to": 2}),
    ({"actor": "ann", "use_case": "faq", "outcome": "released"}, ["i-usual"], {"actor": "ann", "use_case": "figures"}),
    ({"matter": "m-1", "verdict": "release", "token": PERSON}, ["i-usual"], {"matter": "m-1", "verdict": "escalate"}),
    ({"prompt": "answer", "model": "small", "currency": "USD"}, ["i-other"], {"prompt": "answer@3", "model": "small"}),
    ({"from": "1970-01-01T00:00:02Z", "actor": "ann"}, ["i-refused"], {"to": "1970-01-01T00:00:01Z", "actor": "ann"}),
]  # fmt: skip


@pytest.mark.parametrize(("hit", "names", "miss"), FILTERS)
async def test_each_filter_finds_what_has_it_and_nothing_else_and_no_other_tenants(audit, three, hit, names, miss):
    assert await found(audit, three, **hit) == names
    assert await found(audit, three, **miss) == []
    await record(audit, *whole("t-else", f"e-{three}", matter="m-1"), at_ms=1_500)
    assert await found(audit, three, **hit) == names


async def test_a_row_tells_what_is_known_of_its_interaction(audit, three):
    usual, other, refused = (await audit.get("interactions", tenant=three))["interactions"]
    names = ("actor", "verdict", "outcome", "refusal", "prompts", "models", "reviewers", "costs")
    assert [usual[name] for name in names] == [
        "ann", "release", "released", None, ["answer@3"], ["large@1"], [], [{"currency": "USD", "micros": 700}],
    ]  # fmt: skip
    assert [other[name] for name in names] == [
        "bob", "escalate", "withheld", None, ["answer@4"], ["small@2"], ["r-7"], [{"currency": "USD", "micros": 9_000}],
    ]  # fmt: skip
    assert [refused[name] for name in names] == ["ann", None, "refused", "budget_exceeded", [], [], [], []]


@pytest.mark.parametrize(
    "wanted",
    [
        {"prompt": "answer@0"}, {"prompt": "answer@x"}, {"model": "a b"}, {"actor": "jane@bank.example"}, {"verdict": "released"},
        {"outcome": "open"}, {"refusal": "because"}, {"currency": "usd"}, {"cost_from": 1}, {"cost_to": 1}, {"token": "<PERSON_7K2M>"},
        {"token": "matter:m-1/Jane Doe"}, {"currency": "USD", "cost_from": -1}, {"currency": "USD", "cost_from": 2**60},
        {"currency": "USD", "cost_from": 2, "cost_to": 1}, {"after": "never-seen"}, {"person": "Jane Doe"}, {"limit": 0}, {"limit": 1001},
        {"reviewer": "x" * 129}, {"document": "a\x00b"}, {"from": "2026-11-24T12:00:00"}, {"token": [PERSON] * 201}, {"state": "gone"},
    ],
)  # fmt: skip
async def test_what_cannot_be_asked_is_a_problem_and_says_nothing_of_it(audit, tenant, wanted):
    audit.published.clear()
    response = await audit.http.get("/v1/interactions", params={"tenant": tenant} | wanted, headers=audit.auditor)
    assert (response.status_code, response.headers["content-type"]) == (422, "application/problem+json")
    assert "Jane" not in response.text
    assert audit.published == []


async def test_no_filter_takes_what_the_database_would_refuse(audit, tenant):
    for path in ("entries", "interactions", "reads", "live"):
        for name in ("type", "interaction", "prompt", "matter", "after", "at"):
            response = await audit.http.get(f"/v1/{path}", params={"tenant": tenant, name: "a\x00b"}, headers=audit.auditor)
            assert response.status_code in {200, 422}, (path, name)  # 200: a filter that this query does not have
    assert (await audit.http.get("/v1/entries", params={"tenant": tenant, "type": "a\x00b"}, headers=audit.auditor)).status_code == 422


async def test_a_reading_is_on_record_with_all_that_was_asked_for_and_a_person_only_by_its_token(audit, three):
    audit.published.clear()
    await found(audit, three, token=PERSON, verdict="release", currency="USD", cost_from=5)
    (read,) = audit.published
    assert (read.data.rows, read.data.query) == (
        1, {"tenant": three, "query": "find", "token": PERSON, "verdict": "release", "currency": "USD", "cost_from": "5"},
    )  # fmt: skip


class TestPages:
    @pytest.mark.parametrize("wanted", [{}, {"verdict": "release"}, {"prompt": "answer"}, {"currency": "USD", "cost_to": 900}])
    async def test_they_lose_and_double_nothing_while_others_are_appended(self, audit, tenant, wanted):
        before = [f"i-{number:02d}" for number in range(30)]
        for number, name in enumerate(before):
            prompt = VersionRef(name="answer", version=1 + number % 3)
            await record(audit, *whole(tenant, name, prompt=prompt), at_ms=5_000 + number // 4)
        seen: list[str] = []
        after: dict[str, str] = {}
        for number in range(40):
            # Some come to stand before the place that was reached, some behind it.
            appending = asyncio.create_task(record(audit, *whole(tenant, f"late-{number:02d}"), at_ms=5_000 + number))
            page = await audit.get("interactions", tenant=tenant, limit=4, **wanted, **after)
            await appending
            seen += [one["interaction"] for one in page["interactions"]]
            if page["next"] is None:
                break
            after = {"after": page["next"]}
        assert page["next"] is None
        assert [name for name in seen if name in before] == before
        assert len(set(seen)) == len(seen)

    @pytest.mark.parametrize("since", [6_000, 6_002, 6_003, 6_008])
    async def test_a_page_begins_at_the_later_of_a_moment_and_a_place(self, audit, tenant, since):
        for number in range(6):
            await record(audit, *whole(tenant, f"i-{number}"), at_ms=6_000 + number)
        moment = f"1970-01-01T00:00:{since / 1000:06.3f}Z"
        left = [f"i-{number}" for number in range(6) if number > 2 and 6_000 + number >= since]
        for wanted in ({}, {"verdict": "release"}):
            assert await found(audit, tenant, after="i-2", **{"from": moment}, **wanted) == left

    async def test_a_name_with_many_versions_is_one_list_in_the_order_of_acceptance(self, audit, tenant):
        for number in range(9):
            prompt = VersionRef(name="answer", version=9 - number)
            await record(audit, *whole(tenant, f"i-{number}", prompt=prompt), at_ms=6_000 + number)
        first = await audit.get("interactions", tenant=tenant, prompt="answer", limit=5)
        rest = await found(audit, tenant, prompt="answer", after=first["next"])
        assert [one["interaction"] for one in first["interactions"]] + rest == [f"i-{number}" for number in range(9)]


class TestErasure:
    async def _erase(self, audit, tenant, name):
        subject = ErasureSubject(kind="interaction", name=name)
        data = ErasureRequested(subject=subject, reason="asked for", legal_ground="GDPR 17(1)(b)", by="operator")
        order = builders.event(data, tenant=tenant, interaction=None, time=audit.clock())
        batch = [Received(order, TOPIC_OF_TYPE[order.type].full_name(None), 7, next(OFFSETS), int(audit.clock().timestamp() * 1000))]
        assert await audit.deliver(batch) == [()]
        await audit.privacy.take(batch[0])
        await audit.eraser.carry_out_requests()

    async def _persons(self, audit, tenant):
        return await audit.run("SELECT name FROM attributes WHERE tenant = $1 AND kind = 'person'", tenant)

    async def test_persons_go_with_the_payloads_and_what_names_nobody_stays(self, audit, three):
        assert len(await self._persons(audit, three)) == 1
        await self._erase(audit, three, "i-usual")
        assert await self._persons(audit, three) == []
        assert await found(audit, three, token=PERSON) == []
        assert await found(audit, three, state="erased") == ["i-usual"]
        for wanted in ({"prompt": "answer@3"}, {"actor": "ann", "outcome": "released"}, {"currency": "USD", "cost_to": 700}):
            assert await found(audit, three, **wanted) == ["i-usual"]

    async def test_what_comes_late_names_nobody_again(self, audit, three):
        await self._erase(audit, three, "i-usual")
        late = builders.redacted(findings=(ANN,), tenant=three, interaction="i-usual", matter="m-1")
        await record(audit, late)
        assert await self._persons(audit, three) == []

    async def test_persons_that_a_backup_brought_back_are_erased_again(self, audit, three):
        before = await audit.run("SELECT * FROM attributes WHERE tenant = $1 AND kind = 'person'", three)
        await self._erase(audit, three, "i-usual")
        for row in before:
            columns = ("tenant", "kind", "name", "begun_at", "scope")
            await audit.run(f"INSERT INTO attributes ({', '.join(columns)}) VALUES ($1, $2, $3, $4, $5)", *(row[one] for one in columns))
        assert await audit.eraser.find_again()
        await audit.eraser.erase_again()
        assert await self._persons(audit, three) == []

    async def test_nothing_that_was_masked_and_no_token_stands_in_the_notes(self, audit, three):
        rows = await audit.run("SELECT * FROM attributes WHERE tenant = $1", three)
        assert rows
        assert not [row for row in rows if "7K2M" in row["name"] or "<" in row["name"]]


class TestTrailsFromBefore:
    async def _forget(self, audit, tenant):
        """As a trail is on the day of the migration."""
        [head] = await audit.run("SELECT size FROM heads WHERE tenant = $1", tenant)
        await audit.run("DELETE FROM attribute_backfills")
        for table in ("attributes", "costs"):
            await audit.run(f"DELETE FROM {table} WHERE tenant = $1", tenant)
        await audit.run("INSERT INTO attribute_backfills (tenant, until_seq) VALUES ($1, $2)", tenant, head["size"])

    async def _notes(self, audit, tenant):
        attributes = await audit.run("SELECT * FROM attributes WHERE tenant = $1 ORDER BY kind, name, scope", tenant)
        return attributes, await audit.run("SELECT * FROM costs WHERE tenant = $1 ORDER BY scope", tenant)

    async def test_they_are_caught_up_on_in_batches_and_a_restart_counts_nothing_twice(self, audit, three):
        many = [one for number in range(40) for one in whole(three, f"m-{number}")]
        await record(audit, *many)
        noted = await self._notes(audit, three)
        await self._forget(audit, three)
        steps = 0
        while await Backfill(audit.database, load_queries("chancery_audit"), audit.cache).step():  # each time another process
            steps += 1
        assert steps == -(-(len(many) + 20) // STRETCH)
        assert await self._notes(audit, three) == noted

    async def test_two_processes_at_once_note_each_stretch_once(self, audit, three):
        noted = await self._notes(audit, three)
        await self._forget(audit, three)
        backfills = [Backfill(audit.database, load_queries("chancery_audit"), audit.cache) for _ in range(4)]
        await asyncio.gather(*(one.step() for one in backfills))
        assert await self._notes(audit, three) == noted

    async def test_what_is_erased_is_not_opened_and_what_is_appended_meanwhile_is_not_noted_twice(self, audit, three):
        await TestErasure()._erase(audit, three, "i-usual")
        await self._forget(audit, three)
        await record(audit, *whole(three, "i-new", cost=41))
        while await Backfill(audit.database, load_queries("chancery_audit"), audit.cache).step():
            pass
        assert await found(audit, three, prompt="answer") == ["i-other", "i-new"]
        assert await found(audit, three, currency="USD", cost_from=41, cost_to=41) == ["i-new"]

    async def test_a_key_service_that_is_down_leaves_the_mark_where_it_was(self, audit, three, monkeypatch):
        await self._forget(audit, three)
        backfill = Backfill(audit.database, load_queries("chancery_audit"), audit.cache)
        monkeypatch.setattr(audit.keys, "down", True)
        with pytest.raises(KeyServiceDown):
            await backfill.step()
        assert await found(audit, three, actor="ann") == []
        monkeypatch.setattr(audit.keys, "down", False)
        assert await backfill.step()
        assert await found(audit, three, actor="ann") == ["i-usual", "i-refused"]


class TestHostilePayloads:
    async def test_names_that_no_index_takes_do_not_stop_the_trail(self, audit, tenant):
        hostile = ["x" * 100_000, "a\x00b", "jane.doe@bank.example"]
        events = [builders.reviewed(name, tenant=tenant, interaction=f"i-{number}") for number, name in enumerate(hostile)]
        events += [builders.refused(use_case=name, tenant=tenant, interaction=f"u-{number}") for number, name in enumerate(hostile)]
        passages = tuple(builders.PASSAGE.model_copy(update={"document_id": f"d-{number}"}) for number in range(2_000))
        events.append(builders.grounded(passages=passages, tenant=tenant, interaction="wide"))
        await record(audit, *events)
        assert await found(audit, tenant, document="d-1999@1") == ["wide"]
        assert len(await found(audit, tenant)) == 7


class TestLeaf:
    async def test_an_entry_shows_who_asked_and_which_versions_were_pinned_and_the_chain_holds(self, audit, three):
        entries = (await audit.get("interactions/i-usual", tenant=three))["entries"]
        told = {one["type"].split(".")[2]: one for one in entries}
        assert told["requested"]["actor"] == "ann"
        pinned = [told["generated"][name] for name in ("use_case", "prompt", "model", "redaction_policy")]
        assert pinned == ["bank-faq@1", "answer@3", "large@1", "default@1"]
        assert (await audit.get("verify", tenant=three))["ok"]

    async def test_trails_of_older_leaves_verify_as_they_did(self, audit, tenant, monkeypatch):
        monkeypatch.setattr("chancery_audit.domain.entries.leaf_versions", lambda _: {"v": 1})
        await record(audit, *whole(tenant, "i-old"))
        monkeypatch.undo()
        await record(audit, *whole(tenant, "i-new"))
        found = (await audit.get("entries", tenant=tenant))["entries"]
        assert ['"v":1' in one["leaf"] for one in found] == [True] * 8 + [False] * 8
        assert [one["actor"] for one in found[:8]] == [None] * 8
        assert (await audit.get("verify", tenant=tenant))["ok"]


async def test_what_was_live_comes_in_pages(audit, tenant):
    for number in range(5):
        entry = builders.registry_entry("prompt", f"p-{number}", {"system": "s", "user": "{question}"}, tenant=tenant)
        await record(audit, replace_id(entry, f"{tenant}-{number}"))
    names, after = [], {}
    while True:
        page = await audit.get("live", tenant=tenant, at="2026-11-24T12:00:00Z", limit=2, **after)
        names += [one["name"] for one in page["live"] if one["owner"] == tenant]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert names == [f"p-{number}" for number in range(5)]


def replace_id(event, name):
    return builders.event(event.data, tenant=event.tenant, interaction=None, id=name)
