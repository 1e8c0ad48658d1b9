"""Evidence packs out of the real trail: what they hold, and that nothing in them can be changed unseen."""

import io
import json
import random
import zipfile
from collections import Counter

import pytest
from chancery_contracts.areas import DocumentIndexed
from chancery_ledger import Checkpoint, Ed25519Signer, Ed25519Verifier, Policy, sign_note
from chancery_ledger.__main__ import main as ledger_command
from chancery_ledger.pack_faults import PackFault
from chancery_ledger.pack_verifier import verify_pack
from chancery_testing import builders
from chancery_testing.mutating import KINDS, mutated
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ALWAYS = {"from": "2000-01-01T00:00:00Z"}
QUESTION = "What does <b>Eleanor Whitcombe</b> pay?"


async def _policy(audit, tenant):
    return Policy(Ed25519Verifier.parse((await audit.text(f"log/{tenant}/key")).strip()))


async def _export(audit, tenant, **wanted):
    response = await audit.http.get("/v1/export", params={"tenant": tenant, **wanted}, headers=audit.auditor)
    assert response.status_code == 200, response.text
    return response.content


def _interaction(tenant, name, **attributes):
    asked = builders.requested(QUESTION, tenant=tenant, id=name, interaction=name, **attributes)
    return [
        asked,
        builders.redacted(tenant=tenant, interaction=name, **attributes),
        asked.follow(builders.completed_data(), stage="restore", time=asked.time),
    ]


async def _three(audit, tenant):
    """Three interactions, two of them in one matter, under several checkpoints."""
    for name, matter in (("one", "m-1"), ("two", None), ("three", "m-1")):
        await audit.take(*_interaction(tenant, name, matter=matter))
        await audit.checkpoints.publish_moved()


def _file(pack, name):
    with zipfile.ZipFile(io.BytesIO(pack)) as opened:
        return opened.read(name)


class TestAPack:
    async def test_of_one_interaction_proves_it_offline_with_the_ledger_alone(self, audit, tenant, tmp_path, capsys):
        await _three(audit, tenant)
        policy = await _policy(audit, tenant)
        file = tmp_path / "pack.zip"
        file.write_bytes(await _export(audit, tenant, interaction="two"))
        assert ledger_command(["verify", str(file), "--key", str(policy.log)]) == 0
        said = capsys.readouterr().out
        assert "PROVED: 3 entries of 9" in said
        assert "1 payloads read" in said
        assert "2 are hidden" in said
        assert "3 single receipts hold" in said

    async def test_of_a_matter_has_its_interactions_and_no_other(self, audit, tenant):
        await _three(audit, tenant)
        seen = []
        pack = await _export(audit, tenant, matter="m-1")
        verify_pack(io.BytesIO(pack), await _policy(audit, tenant), visit=lambda _, members, __: seen.append(members["interaction"]))
        assert Counter(seen) == {"one": 3, "three": 3}

    async def test_of_a_period_has_every_entry_and_continues_earlier_checkpoints(self, audit, tenant):
        indexed = DocumentIndexed(document_id="d", version=1, collection="c", passages=3, embedding_model="m", injections=0)
        await audit.take(builders.event(indexed, tenant=tenant, interaction=None))
        await _three(audit, tenant)
        pack = await _export(audit, tenant, **ALWAYS)
        proof = verify_pack(io.BytesIO(pack), await _policy(audit, tenant))
        assert (proof.tally["entries"], proof.gaps, proof.earlier) == (10, 0, 2)
        assert "1 × document.indexed" in _file(pack, "report.html").decode()

    async def test_shows_raw_text_only_where_it_was_asked_for_and_escapes_it(self, audit, tenant):
        await _three(audit, tenant)
        hidden, shown = await _export(audit, tenant, interaction="two"), await _export(audit, tenant, interaction="two", reveal=True)
        assert b"Whitcombe" not in hidden
        assert b"Whitcombe" in shown
        report = _file(shown, "report.html").decode()
        assert "&lt;b&gt;Eleanor Whitcombe&lt;/b&gt;" in report
        assert "<b>Eleanor" not in report

    async def test_that_lost_a_payload_to_an_erasure_says_so_and_proves(self, audit, tenant):
        await _three(audit, tenant)
        await audit.run("DELETE FROM data_keys WHERE tenant = $1 AND scope = 'interaction/two'", tenant)
        pack = await _export(audit, tenant, interaction="two", reveal=True)
        proof = verify_pack(io.BytesIO(pack), await _policy(audit, tenant))
        assert proof.tally["payloads"] == {"shown": 0, "hidden": 0, "erased": 3}
        assert json.loads(_file(pack, "summary.json"))["missing_payloads"] == 3

    async def test_names_the_versions_that_stood_behind_it(self, audit, tenant):
        await _three(audit, tenant)
        versions = json.loads(_file(await _export(audit, tenant, interaction="two"), "versions.json"))
        assert {one["kind"] for one in versions} >= {"use_case", "redaction_policy"}

    async def test_is_a_read_that_is_on_record(self, audit, tenant):
        await _three(audit, tenant)
        audit.published.clear()
        await _export(audit, tenant, matter="m-1")
        (read,) = audit.published
        assert (read.data.query["query"], read.data.query["matter"], read.data.rows) == ("export", "m-1", 6)

    @pytest.mark.parametrize(
        "wanted", [{}, {"interaction": "one", "matter": "m-1"}, {"interaction": "one", "from": "2000-01-01T00:00:00Z"}]
    )
    async def test_is_of_one_thing(self, audit, tenant, wanted):
        await _three(audit, tenant)
        response = await audit.http.get("/v1/export", params={"tenant": tenant, **wanted}, headers=audit.auditor)
        assert (response.status_code, response.json()["title"]) == (400, "Name one thing")

    async def test_of_nothing_is_none(self, audit, tenant):
        response = await audit.http.get("/v1/export", params={"tenant": tenant, "interaction": "one"}, headers=audit.auditor)
        assert response.status_code == 404

    async def test_needs_a_key(self, audit, tenant):
        assert (await audit.http.get("/v1/export", params={"tenant": tenant, "interaction": "one"})).status_code == 401


class TestADatabaseEditedByItsOwner:
    async def test_without_the_signing_key_makes_no_pack_that_holds(self, audit, tenant):
        await _three(audit, tenant)
        policy = await _policy(audit, tenant)
        change = "UPDATE entries SET leaf = replace(encode(leaf, 'escape'), 'm-1', 'm-2')::bytea WHERE tenant = $1 AND seq = 1"
        await audit.tamper(change, tenant)
        with pytest.raises(PackFault, match="TREE_DIFFERS"):
            verify_pack(io.BytesIO(await _export(audit, tenant, **ALWAYS)), policy)

    async def test_and_signed_with_another_key_is_another_log(self, audit, tenant):
        await _three(audit, tenant)
        policy = await _policy(audit, tenant)
        other = Ed25519Signer(policy.log.name, Ed25519PrivateKey.generate())
        (row,) = await audit.run("SELECT note FROM logs WHERE tenant = $1", tenant)
        forged = sign_note(Checkpoint.parse(row["note"].split("\n\n")[0] + "\n").text(), [other])
        await audit.tamper("DROP TRIGGER checkpoints_rows ON checkpoints")
        await audit.run("UPDATE checkpoints SET note = $2 WHERE tenant = $1 AND size = 9", tenant, forged)
        await audit.run("UPDATE logs SET note = $2 WHERE tenant = $1", tenant, forged)
        trigger = "CREATE TRIGGER checkpoints_rows BEFORE UPDATE OR DELETE ON checkpoints FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        await audit.run(trigger)
        with pytest.raises(PackFault, match="CHECKPOINT_UNSIGNED"):
            verify_pack(io.BytesIO(await _export(audit, tenant, interaction="two")), policy)


async def test_three_hundred_random_mutations_are_all_found_and_good_packs_are_not(audit, tenant):
    await _three(audit, tenant)
    policy, chosen = await _policy(audit, tenant), random.Random(20261124)
    good = [
        await _export(audit, tenant, **wanted) for wanted in ({"interaction": "two"}, {"matter": "m-1"}, {"from": "2000-01-01T00:00:00Z"})
    ]
    for pack in good:
        verify_pack(io.BytesIO(pack), policy)
    reasons = Counter()
    for number in range(300):
        kind = KINDS[number % len(KINDS)]
        with pytest.raises(PackFault) as found:
            verify_pack(io.BytesIO(mutated(chosen.choice(good), kind, chosen)), policy)
        reasons[kind, found.value.reason.name] += 1
    assert {kind for kind, _ in reasons} == set(KINDS)
