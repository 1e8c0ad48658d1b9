"""The signed log: what it proves to a stranger, and that it signs nothing that contradicts it."""

import asyncio
import json

import asyncpg
import pytest
from chancery_audit.adapters.signing import LogSigner
from chancery_ledger import (
    Checkpoint,
    Ed25519Verifier,
    Policy,
    ProofInvalid,
    Receipt,
    decode_bundle,
    leaf_hash,
    merkle_root,
    open_note,
    verify_consistency,
    verify_receipt,
)
from chancery_ledger.__main__ import main as ledger_command
from chancery_ledger.hashing import consistency_proof
from chancery_storage import load_queries
from chancery_testing.builders import redacted


async def _key(audit, tenant):
    return Ed25519Verifier.parse((await audit.text(f"log/{tenant}/key")).strip())


async def _grow(audit, tenant, count):
    await audit.take(*(redacted(tenant=tenant) for _ in range(count)))
    await audit.checkpoints.publish_moved()
    return Checkpoint.parse(open_note(await audit.text(f"log/{tenant}/checkpoint"), [await _key(audit, tenant)]).text)


async def _leaves(audit, tenant):
    return [row["leaf"] for row in await audit.run("SELECT leaf FROM entries WHERE tenant = $1 ORDER BY seq", tenant)]


async def test_every_checkpoint_signs_the_tree_of_what_is_on_record_and_continues_the_one_before(audit, tenant):
    before = None
    for count in (1, 1, 2, 252, 1, 300):
        checkpoint = await _grow(audit, tenant, count)
        hashes = [leaf_hash(one) for one in await _leaves(audit, tenant)]
        assert (checkpoint.size, checkpoint.root) == (len(hashes), merkle_root(hashes))
        if before is not None:
            assert verify_consistency(before.size, checkpoint.size, consistency_proof(hashes, before.size), before.root, checkpoint.root)
        before = checkpoint
    kept = await audit.run("SELECT size FROM checkpoints WHERE tenant = $1 ORDER BY size", tenant)
    assert [row["size"] for row in kept] == [1, 2, 4, 256, 257, 557]


async def test_a_receipt_proves_its_entry_offline_and_no_other(audit, tenant, tmp_path, capsys):
    await _grow(audit, tenant, 300)
    key, leaves = await _key(audit, tenant), await _leaves(audit, tenant)
    for seq in (0, 1, 255, 256, 299):
        receipt = Receipt.parse(await audit.text(f"log/{tenant}/receipts/{seq}"))
        assert receipt.extra == leaves[seq]
        verify_receipt(receipt, leaf_hash(leaves[seq]), Policy(key))
        with pytest.raises(ProofInvalid):
            verify_receipt(receipt, leaf_hash(leaves[seq - 1]), Policy(key))
    file = tmp_path / "receipt"
    file.write_text(receipt.text())
    assert ledger_command(["receipt", str(file), "--key", str(key)]) == 0
    said = capsys.readouterr().out
    assert "PROVED: entry 299 of 300" in said
    assert json.loads(leaves[299])["id"] in said
    file.write_text(receipt.text().replace("index 299", "index 298"))
    assert ledger_command(["receipt", str(file), "--key", str(key)]) == 1
    assert "NOT PROVED" in capsys.readouterr().err


async def test_tiles_and_bundles_hold_the_whole_log(audit, tenant):
    await _grow(audit, tenant, 257)
    checkpoint = await _grow(audit, tenant, 260)

    async def tile(path):
        return (await audit.http.get(f"/v1/log/{tenant}/tile/{path}", headers={"Authorization": "Bearer operator"})).content

    leaves = [leaf for path in ("000", "001", "002.p/5") for leaf in decode_bundle(await tile(f"entries/{path}"))]
    assert merkle_root([leaf_hash(one) for one in leaves]) == checkpoint.root
    hashes = b"".join([await tile("0/000"), await tile("0/001"), await tile("0/002.p/5")])
    assert hashes == b"".join(leaf_hash(one) for one in leaves)
    roots = [merkle_root([leaf_hash(one) for one in leaves[start : start + 256]]) for start in (0, 256)]
    assert await tile("1/000.p/2") == b"".join(roots)


@pytest.mark.parametrize(
    ("path", "status"),
    [("tile/0/000", 404), ("tile/0/000.p/4", 404), ("tile/0/0", 400), ("tile/9/000", 400), ("receipts/3", 404), ("receipts/-1", 422)],
)
async def test_what_is_not_in_the_log_is_told(audit, tenant, path, status):
    await _grow(audit, tenant, 3)
    response = await audit.http.get(f"/v1/log/{tenant}/{path}", headers={"Authorization": "Bearer operator"})
    assert response.status_code == status


async def test_a_log_that_never_was_has_no_checkpoint_and_nobody_reads_without_a_token(audit, tenant):
    assert (await audit.http.get(f"/v1/log/{tenant}/checkpoint", headers={"Authorization": "Bearer operator"})).status_code == 404
    assert (await audit.http.get(f"/v1/log/{tenant}/checkpoint")).status_code == 401


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE logs SET frontier = sha256(frontier) WHERE tenant = $1",
        "UPDATE logs SET size = 0, frontier = '' WHERE tenant = $1",
        "UPDATE logs SET size = 0, frontier = '', note = NULL WHERE tenant = $1",
        "UPDATE logs SET note = replace(note, E'\\n2\\n', E'\\n3\\n') WHERE tenant = $1",
        "UPDATE logs SET note = NULL WHERE tenant = $1",
        "DELETE FROM entries WHERE tenant = $1 AND seq = 2",
    ],
)
async def test_nothing_is_signed_that_contradicts_an_earlier_checkpoint(audit, tenant, attack):
    await _grow(audit, tenant, 2)
    await audit.take(redacted(tenant=tenant), redacted(tenant=tenant))
    await audit.tamper(attack, tenant)
    published = len(audit.published)
    await audit.checkpoints.publish_moved()
    assert not [one for one in audit.published[published:] if one.tenant == tenant]
    kept = await audit.run("SELECT size FROM checkpoints WHERE tenant = $1", tenant)
    assert [row["size"] for row in kept] == [2]
    assert await audit.checkpoints.publish_moved() == 0


async def test_an_entry_that_its_owner_changed_no_longer_fits_its_receipt(audit, tenant):
    await _grow(audit, tenant, 5)
    await audit.tamper("UPDATE entries SET leaf = leaf || ' '::bytea WHERE tenant = $1 AND seq = 2", tenant)
    receipt = Receipt.parse(await audit.text(f"log/{tenant}/receipts/2"))
    with pytest.raises(ProofInvalid):
        verify_receipt(receipt, leaf_hash(receipt.extra), Policy(await _key(audit, tenant)))


def _another(audit):
    return LogSigner(audit.database, load_queries("chancery_audit"), audit.keys, "log.example")


async def _lease(audit, tenant):
    (row,) = await audit.run("SELECT holder, epoch FROM logs WHERE tenant = $1", tenant)
    return row["holder"], row["epoch"]


class TestTwoSigners:
    async def test_the_second_refuses_while_the_first_holds_the_lease(self, audit, tenant):
        first, second = _another(audit), _another(audit)
        await audit.take(redacted(tenant=tenant))
        assert await first.sign(tenant)
        await audit.take(redacted(tenant=tenant))
        before = await _lease(audit, tenant)
        assert not await second.sign(tenant)
        assert await _lease(audit, tenant) == before
        assert await first.sign(tenant)

    async def test_the_second_goes_on_when_the_lease_has_ended_and_the_first_that_wakes_refuses(self, audit, tenant):
        first, second = _another(audit), _another(audit)
        await audit.take(redacted(tenant=tenant))
        assert await first.sign(tenant)
        holder, epoch = await _lease(audit, tenant)
        await audit.run("UPDATE logs SET leased_until = now() - interval '1 second' WHERE tenant = $1", tenant)
        await audit.take(redacted(tenant=tenant))
        assert await second.sign(tenant)
        taken_by, taken = await _lease(audit, tenant)
        assert (taken_by != holder, taken) == (True, epoch + 1)
        await audit.take(redacted(tenant=tenant))
        assert not await first.sign(tenant)
        assert await second.sign(tenant)

    async def test_at_the_same_moment_sign_one_log(self, audit, tenant):
        signers = [_another(audit) for _ in range(4)]
        for _ in range(5):
            await audit.take(redacted(tenant=tenant))
            assert sum(await asyncio.gather(*(one.sign(tenant) for one in signers))) == 1
        sizes = await audit.run("SELECT size FROM checkpoints WHERE tenant = $1 ORDER BY size", tenant)
        assert [row["size"] for row in sizes] == [1, 2, 3, 4, 5]

    async def test_one_that_freezes_inside_its_transaction_loses_it(self, audit, tenant):
        await audit.take(redacted(tenant=tenant))
        queries = load_queries("chancery_audit")
        assert await _another(audit).sign(tenant)
        await audit.run("UPDATE logs SET leased_until = now() - interval '1 second' WHERE tenant = $1", tenant)
        await audit.take(redacted(tenant=tenant))
        frozen = await asyncpg.connect(audit.url, server_settings={"search_path": "audit,public"})
        try:
            await frozen.execute("BEGIN")
            await frozen.execute(queries.give_up_when_idle)
            await frozen.fetchrow(queries.lock_log, tenant)  # and now it stands still, with the lock in its hands
            assert await asyncio.wait_for(_another(audit).sign(tenant), 20)
        finally:
            frozen.terminate()
