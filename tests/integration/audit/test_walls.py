"""Matter barriers: what lies behind them is neither shown nor found, by both walls together and by each alone."""

import io
from types import SimpleNamespace

import pytest
from chancery_audit.adapters.viewing import READER_ROLE, Views
from chancery_audit.domain.views import View
from chancery_contracts.areas import AuditRead
from chancery_contracts.privacy import ErasureRequested, ErasureSubject, HoldPlaced
from chancery_ledger import Ed25519Verifier, Policy, Receipt
from chancery_ledger.pack_verifier import verify_pack
from chancery_testing import builders

VISIBLE = {"kept": {"mine"}, "excepted": {"mine", "none"}, "all": {"mine", "theirs", "both", "none"}}
"""Interactions by reader: `kept` to m-1, kept from m-2 (`excepted`), behind no wall."""
MATTERS = {"mine": ["m-1"], "theirs": ["m-2"], "both": ["m-1", "m-2"], "none": [None]}
READERS = tuple(VISIBLE)


async def _record(audit, tenant):
    """Four interactions without an end, documents, registry, holds, requests for erasure, reads of each, a second content of each."""
    for name, matters in MATTERS.items():
        asked = builders.requested(f"words of {name}", tenant=tenant, id=name, interaction=name, matter=matters[0])
        await audit.take(asked, *(builders.redacted(tenant=tenant, interaction=name, matter=one) for one in matters))
        await audit.take(builders.requested("another", tenant=tenant, id=name, interaction=name, matter=matters[0]))
        reads = [AuditRead(reader=f"of-{name}", query={"tenant": tenant}, rows=1)] * 2
        await audit.take(*(builders.event(one, tenant=tenant, interaction=name) for one in reads))
    for matter in ("m-1", "m-2", None):
        await audit.take(builders.document("text", f"d-{matter}", tenant=tenant, matter=matter))
        read = AuditRead(reader=f"of-{matter}", query={"tenant": tenant, "query": "find"}, rows=1)
        await audit.take(builders.event(read, tenant=tenant, interaction=None, matter=matter))
        await _order(audit, tenant, HoldPlaced(matter=matter, reason="litigation", by="x"), matter)
    subjects = [("matter", "m-1"), ("matter", "m-2"), ("interaction", "mine"), ("interaction", "theirs"), ("conversation", "c-1")]
    for kind, name in subjects:
        asked = ErasureRequested(subject=ErasureSubject(kind=kind, name=name), reason="x", legal_ground="x", by="x")
        await _order(audit, tenant, asked, name if kind == "matter" else None)
    await audit.take(builders.registry_entry("prompt", f"p-{tenant}", {"system": "s", "user": "u"}, tenant=tenant))
    await audit.checkpoints.publish_moved()


async def _order(audit, tenant, data, matter):
    event = builders.event(data, tenant=tenant, interaction=None, matter=matter)
    await audit.take(event)
    await audit.privacy.take(SimpleNamespace(event=event, timestamp_ms=1_760_000_000_000))


@pytest.fixture(params=["both walls", "the code alone", "the database alone"])
def walls(request, monkeypatch):
    """Without row-level security; with the code's own wall torn down."""
    if request.param == "the database alone":
        monkeypatch.setattr(Views, "admitted", _everything)
        monkeypatch.setattr(View, "admits", lambda *_: True)
    return None if request.param == "the code alone" else READER_ROLE


async def _everything(_, __, ___, scopes):
    return frozenset(scopes)


@pytest.fixture
async def world(audit, tenant, walls):
    await _record(audit, tenant)
    headers = {
        "kept": await audit.officer(tenant, matters=["m-1"]),
        "excepted": await audit.officer(tenant, excepted=["m-2"]),
        "all": await audit.officer(tenant),
    }
    async with audit.client(walls) as http:

        async def ask(reader, path, **params):
            return await http.get(f"/v1/{path}", params={"tenant": tenant, **params}, headers=headers[reader])

        yield SimpleNamespace(ask=ask, http=http, headers=headers, audit=audit, tenant=tenant)


async def _json(world, reader, path, **params):
    response = await world.ask(reader, path, **params)
    assert response.status_code == 200, response.text
    return response.json()


@pytest.mark.parametrize("reader", READERS)
class TestAReader:
    async def test_is_shown_an_interaction_or_told_that_it_is_not_there(self, world, reader):
        for name in MATTERS:
            response = await world.ask(reader, f"interactions/{name}", reveal=True)
            absent = await world.ask(reader, "interactions/never-was")
            if name in VISIBLE[reader]:
                assert f"words of {name}" in response.text
            else:
                assert (response.status_code, response.text) == (404, absent.text)

    async def test_finds_what_it_may_see(self, world, reader):
        async def found(**wanted):
            return {one["interaction"] for one in (await _json(world, reader, "interactions", **wanted))["interactions"]}

        assert await found() == VISIBLE[reader]
        assert await found(matter="m-1") == VISIBLE[reader] & {"mine", "both"}
        assert await found(matter="m-2") == VISIBLE[reader] & {"theirs", "both"}
        assert await found(state="open", use_case="bank-faq") == VISIBLE[reader]

    async def test_pages_through_envelopes_of_what_it_may_see(self, world, reader):
        entries = (await _json(world, reader, "entries", limit=1000))["entries"]
        assert {one["interaction"] for one in entries if one["interaction"]} == VISIBLE[reader]
        named = {one["matter"] for one in entries if one["matter"]}
        assert named == ({"m-1"} if reader != "all" else {"m-1", "m-2"})
        assert any(one["type"] == "chancery.registry.entry-published.v1" for one in entries)
        hidden = await _json(world, reader, "entries", interaction="theirs")
        assert bool(hidden["entries"]) == ("theirs" in VISIBLE[reader])

    async def test_sees_who_read_what_it_may_see(self, world, reader):
        readers = {one["reader"] for one in (await _json(world, reader, "reads", limit=1000))["reads"]}
        expected = {f"of-{name}" for name in VISIBLE[reader]} | {"of-m-1"}
        assert readers == expected | ({"of-m-2", "of-None"} if reader == "all" else set())
        hidden = await _json(world, reader, "reads", interaction="theirs")
        assert bool(hidden["reads"]) == ("theirs" in VISIBLE[reader])

    async def test_gets_receipts_of_what_it_may_see(self, world, reader):
        everything = (await _json(world, "all", "entries", limit=1000))["entries"]
        mine = {one["seq"] for one in (await _json(world, reader, "entries", limit=1000))["entries"]}
        statuses = {one["seq"]: (await world.ask(reader, f"log/{world.tenant}/receipts/{one['seq']}")) for one in everything}
        assert {seq for seq, response in statuses.items() if response.status_code == 200} == mine
        assert all(Receipt.parse(response.text).index == seq for seq, response in statuses.items() if seq in mine)
        never = await world.ask(reader, f"log/{world.tenant}/receipts/9999")
        assert {response.text for seq, response in statuses.items() if seq not in mine} <= {never.text}

    async def test_gets_no_bundle_of_envelopes_behind_walls(self, world, reader):
        response = await world.ask(reader, f"log/{world.tenant}/tile/entries/000.p/5")
        assert response.status_code == (200 if reader == "all" else 403)
        assert (await world.ask(reader, f"log/{world.tenant}/tile/0/000.p/5")).status_code == 200

    async def test_exports_what_it_may_see_and_the_pack_proves_it(self, world, reader):
        key = Ed25519Verifier.parse((await world.ask(reader, f"log/{world.tenant}/key")).text.strip())

        async def exported(**wanted):
            response = await world.ask(reader, "export", reveal=True, **wanted)
            if response.status_code == 404:
                return set(), response.content
            seen = set()
            verify_pack(io.BytesIO(response.content), Policy(key), visit=lambda _, members, __: seen.add(members.get("interaction")))
            return seen - {None}, response.content

        for name in MATTERS:
            assert (await exported(interaction=name))[0] == VISIBLE[reader] & {name}
        assert (await exported(matter="m-1"))[0] == VISIBLE[reader] & {"mine", "both"}
        assert (await exported(matter="m-2"))[0] == VISIBLE[reader] & {"theirs", "both"}
        seen, pack = await exported(**{"from": "2000-01-01T00:00:00Z"})
        assert seen == VISIBLE[reader]
        assert (b"words of theirs" in pack) == (reader == "all")

    async def test_is_told_numbers_of_all_and_names_of_what_it_may_see(self, world, reader):
        told = await _json(world, reader, "completeness")
        assert (told["accepted"], told["unfinished_count"], told["alarms"]) == (4, 4, 4)
        assert {one["interaction"] for one in told["unfinished"]} == VISIBLE[reader]
        assert (await _json(world, reader, "verify"))["ok"]

    async def test_sees_holds_and_requests_of_its_matters(self, world, reader):
        holds = (await _json(world, reader, "holds"))["holds"]
        assert {one["matter"] for one in holds} == {"m-1", None} | ({"m-2"} if reader == "all" else set())
        asked = {(one["subject"]["kind"], one["subject"]["name"]) for one in (await _json(world, reader, "erasures"))["erasures"]}
        hidden = {("matter", "m-2"), ("interaction", "theirs"), ("conversation", "c-1")}
        assert asked == {("matter", "m-1"), ("interaction", "mine")} | (hidden if reader == "all" else set())

    async def test_sees_what_was_live_for_the_registry_has_no_matter(self, world, reader):
        live = (await _json(world, reader, "live", at="2099-01-01T00:00:00Z"))["live"]
        assert [one["name"] for one in live if one["owner"] == world.tenant] == [f"p-{world.tenant}"]


async def test_a_reading_that_names_an_interaction_by_its_pages_place_is_hidden_behind_walls(audit, tenant):
    """Somebody who may see all pages through m-1: the place may be an interaction of m-2 too."""
    await _record(audit, tenant)
    audit.published.clear()
    for wanted in ({}, {"after": "both"}):
        await audit.get("interactions", tenant=tenant, matter="m-1", **wanted)
    await audit.take(*audit.published)
    for walls in ({"matters": ["m-1"]}, {"excepted": ["m-2"]}):
        key = await audit.officer(tenant, **walls)
        reads = (await audit.http.get("/v1/reads", params={"tenant": tenant}, headers=key)).json()["reads"]
        assert [one["query"] for one in reads if one["reader"] == audit.reader] == [{"tenant": tenant, "query": "find", "matter": "m-1"}]


class TestOrders:
    async def _order(self, world, reader, path, **body):
        order = {"tenant": world.tenant, "reason": "x", **body}
        return (await world.http.post(f"/v1/{path}", json=order, headers=world.headers[reader])).status_code

    @pytest.fixture(params=["both walls"])
    def walls(self):
        return READER_ROLE

    @pytest.mark.parametrize(
        ("reader", "body", "status"),
        [
            ("kept", {"matter": "m-1"}, 202), ("kept", {"matter": "m-2"}, 403), ("kept", {"whole_tenant": True}, 403),
            ("excepted", {"matter": "m-2"}, 403), ("excepted", {"matter": "m-7"}, 202), ("all", {"whole_tenant": True}, 202),
        ],
    )  # fmt: skip
    async def test_a_hold_is_placed_within_ones_matters(self, world, reader, body, status):
        assert await self._order(world, reader, "holds", **body) == status

    async def test_a_hold_is_released_by_who_sees_it_whole(self, world):
        held = {one["matter"]: one["id"] for one in (await _json(world, "all", "holds"))["holds"]}
        statuses = {matter: await self._order(world, "kept", f"holds/{hold}/release") for matter, hold in held.items()}
        assert statuses == {"m-1": 202, "m-2": 404, None: 403}

    @pytest.mark.parametrize(
        ("kind", "name", "status"),
        [
            ("interaction", "mine", 202), ("interaction", "theirs", 404), ("interaction", "both", 404), ("interaction", "never-was", 404),
            ("matter", "m-2", 403), ("conversation", "c-1", 403), ("matter", "m-1", 409),
        ],
    )  # fmt: skip
    async def test_an_erasure_stays_within_ones_matters(self, world, kind, name, status):
        """`both` names m-1 and m-2: erasing m-1 would take what lies behind the wall."""
        body = {"subject": {"kind": kind, "name": name}, "legal_ground": "x"}
        assert await self._order(world, "kept", "erasures", **body) == status

    async def test_a_matter_that_stands_alone_is_erased_from_behind_walls(self, audit, tenant):
        await audit.take(builders.requested(tenant=tenant, matter="m-1"))
        key = await audit.officer(tenant, matters=["m-1"])
        order = {"tenant": tenant, "reason": "x", "subject": {"kind": "matter", "name": "m-1"}, "legal_ground": "x"}
        response = await audit.http.post("/v1/erasures", json=order, headers=key)
        assert response.status_code == 202
        assert audit.published[-1].data.by.startswith("officer:officer/")
