"""The log and its witnesses over HTTP: what they have seen cannot be taken back."""

import httpx
import pytest
from chancery_audit.adapters.witnesses import Cosigning, Witness
from chancery_ledger import (
    AddCheckpoint,
    Checkpoint,
    CosignatureSigner,
    Ed25519Verifier,
    Malformed,
    Policy,
    Receipt,
    leaf_hash,
    merkle_root,
    sign_note,
    trust,
    verify_receipt,
)
from chancery_ledger.hashing import consistency_proof
from chancery_storage import load_queries
from chancery_testing.builders import redacted
from chancery_witness.adapters import Memory, load_key
from chancery_witness.api import application

NOW = 1_800_000_000


class World:
    """An audit log, two witnesses, and the operator."""

    def __init__(self, audit, tenant, folder):
        self.audit, self.tenant, self.folder = audit, tenant, folder

    async def open(self):
        self.key = Ed25519Verifier.parse((await self.audit.text(f"log/{self.tenant}/key")).strip())
        self.apps = {}
        for name in ("w1", "w2"):
            memory = Memory(self.folder / f"{name}.sqlite")
            signer = CosignatureSigner(f"{name}.example/{self.tenant}", load_key(self.folder / name))
            self.apps[f"http://{name}"] = (application(memory, signer, [self.key], lambda: NOW), signer, memory)
        mounts = {url: httpx.ASGITransport(app) for url, (app, _, _) in self.apps.items()}
        self.http = httpx.AsyncClient(mounts=mounts)
        self.witnesses = [Witness.parse(f"{url} {signer.verifier}") for url, (_, signer, _) in self.apps.items()]
        self.policy = Policy(self.key, tuple(one.verifier for one in self.witnesses), quorum=2)
        return self

    def cosigning(self, *witnesses):
        return Cosigning(self.audit.database, load_queries("chancery_audit"), self.http, list(witnesses or self.witnesses))

    async def mine(self):
        rows = await self.audit.run("SELECT size, witness FROM cosignatures WHERE tenant = $1 ORDER BY size, witness", self.tenant)
        return [(row["size"], row["witness"].partition(".")[0]) for row in rows]

    async def grow(self, count):
        await self.audit.take(*(redacted(tenant=self.tenant) for _ in range(count)))
        await self.audit.checkpoints.publish_moved()

    async def close(self):
        await self.http.aclose()
        for _, _, memory in self.apps.values():
            memory.close()


@pytest.fixture
async def world(audit, tenant, tmp_path):
    found = await World(audit, tenant, tmp_path).open()
    yield found
    await found.close()


async def test_receipts_say_who_vouches_for_them(world):
    await world.grow(3)
    unwitnessed = Receipt.parse(await world.audit.text(f"log/{world.tenant}/receipts/1"))
    assert verify_receipt(unwitnessed, leaf_hash(unwitnessed.extra), world.policy).standing == "not yet witnessed"
    await world.cosigning().ask_all()
    await world.grow(300)
    await world.cosigning().ask_all()
    assert await world.mine() == [(3, "w1"), (3, "w2"), (303, "w1"), (303, "w2")]
    for seq in (0, 2, 255, 302):
        receipt = Receipt.parse(await world.audit.text(f"log/{world.tenant}/receipts/{seq}"))
        trusted = verify_receipt(receipt, leaf_hash(receipt.extra), world.policy)
        assert trusted.witnessed
        assert set(trusted.witnesses.values()) == {NOW}
    assert trust(await world.audit.text(f"log/{world.tenant}/checkpoint"), world.policy).checkpoint.size == 303


async def test_a_receipt_stays_witnessed_while_newer_checkpoints_are_not(world):
    await world.grow(3)
    await world.cosigning().ask_all()
    await world.grow(1)
    receipt = Receipt.parse(await world.audit.text(f"log/{world.tenant}/receipts/1"))
    assert verify_receipt(receipt, leaf_hash(receipt.extra), world.policy).witnessed
    newest = Receipt.parse(await world.audit.text(f"log/{world.tenant}/receipts/3"))
    assert not verify_receipt(newest, leaf_hash(newest.extra), world.policy).witnessed


async def test_a_log_that_forgot_what_a_witness_saw_catches_up(world):
    await world.grow(2)
    await world.cosigning().ask_all()
    await world.audit.tamper("DELETE FROM cosignatures WHERE tenant = $1", world.tenant)
    await world.grow(5)
    await world.cosigning().ask_all()
    assert await world.mine() == [(7, "w1"), (7, "w2")]


async def test_an_operator_with_the_key_cannot_rewrite_what_was_witnessed(world):
    await world.grow(4)
    await world.cosigning().ask_all()
    signer = await world.audit.checkpoints._signer.signer(world.tenant)
    invented = [leaf_hash(bytes([n])) for n in range(9)]
    note = sign_note(Checkpoint(signer.name, 9, merkle_root(invented)).text(), [signer])
    request = AddCheckpoint(4, tuple(consistency_proof(invented, 4)), note)
    answer = await world.http.post("http://w1/add-checkpoint", content=request.text())
    assert answer.status_code == 422
    same_size = sign_note(Checkpoint(signer.name, 4, merkle_root(invented[:4])).text(), [signer])
    answer = await world.http.post("http://w1/add-checkpoint", content=AddCheckpoint(4, (), same_size).text())
    assert answer.status_code == 409


async def test_a_witness_remembers_over_a_restart(world):
    await world.grow(4)
    await world.cosigning().ask_all()
    _, signer, memory = world.apps["http://w1"]
    memory.close()
    again = application(Memory(world.folder / "w1.sqlite"), CosignatureSigner(signer.name, load_key(world.folder / "w1")), [world.key])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(again), base_url="http://w1") as http:
        note = await world.audit.text(f"log/{world.tenant}/checkpoint")
        answer = await http.post("/add-checkpoint", content=AddCheckpoint(0, (), note).text())
        assert (answer.status_code, answer.text, answer.headers["content-type"]) == (409, "4\n", "text/x.tlog.size; charset=utf-8")
        assert (await http.get("/key")).text.strip() == str(signer.verifier)
    assert (world.folder / "w1" / "key").stat().st_mode & 0o777 == 0o600


async def test_a_witness_that_is_away_or_lies_holds_up_nobody(world):
    await world.grow(2)
    away = Witness("http://127.0.0.1:9", world.witnesses[0].verifier)
    liar = Witness("http://w2", world.witnesses[0].verifier)
    assert await world.cosigning(away, liar, world.witnesses[1]).ask_all() >= 1
    assert await world.mine() == [(2, "w2")]


@pytest.mark.parametrize(("body", "status"), [(b"", 400), (b"\xff", 400), (b"old 1\n\nx", 400), (b"x" * 70_000, 413)])
async def test_what_is_no_request_is_told(world, body, status):
    assert (await world.http.post("http://w1/add-checkpoint", content=body)).status_code == status


@pytest.mark.parametrize("text", ["", "http://w1", "ftp://w1 key", "http://w1 key"])
def test_a_witness_that_is_set_wrongly_is_told_at_the_start(text):
    with pytest.raises(Malformed):
        Witness.parse(text)
