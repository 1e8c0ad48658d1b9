"""The formats against the implementations that the transparency ecosystem uses: golang.org/x/mod and transparency-dev, in Go."""

import asyncio
import base64
import json
import shutil
from pathlib import Path

import pytest
from chancery_ledger import (
    WITNESS_KINDS,
    Checkpoint,
    CosignatureSigner,
    CosignatureVerifier,
    Ed25519Signer,
    Ed25519Verifier,
    MlDsaSigner,
    Policy,
    Receipt,
    add_signatures,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    merkle_root,
    open_note,
    sign_note,
    trust,
    verifier_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

PROGRAM = Path(__file__).parent / "go"
SIZE = 300


def _b64(data):
    return base64.b64encode(data).decode()


def _cases():
    leaves = [f"leaf {n}".encode() for n in range(SIZE)]
    hashes = [leaf_hash(one) for one in leaves]
    roots = [merkle_root(hashes[: n + 1]) for n in range(SIZE)]
    inclusion, consistency = [], []
    for size in (1, 2, 7, 64, 255, 300):
        for index in range(0, size, max(1, size // 7)):
            proof = [_b64(one) for one in inclusion_proof(hashes[:size], index)]
            inclusion.append({"Index": index, "Size": size, "Leaf": _b64(hashes[index]), "Root": _b64(roots[size - 1]), "Proof": proof})
            proof = [_b64(one) for one in consistency_proof(hashes[:size], index + 1)]
            ends = {"OldRoot": _b64(roots[index]), "NewRoot": _b64(roots[size - 1])}
            consistency.append({"Old": index + 1, "New": size, "Proof": proof} | ends)
    log = Ed25519Signer("log.example/acme", Ed25519PrivateKey.generate())
    witness = CosignatureSigner("witness.example", Ed25519PrivateKey.generate())
    mldsa = MlDsaSigner("witness.example/mldsa", MLDSA44PrivateKey.generate())
    text = Checkpoint(log.name, SIZE, roots[-1]).text()
    note = add_signatures(sign_note(text, [log]), [witness.cosign(text, 1_800_000_000), mldsa.cosign(text, 1_800_000_000)])
    return {
        "Leaves": [_b64(one) for one in leaves], "Roots": [_b64(one) for one in roots], "Inclusion": inclusion, "Consistency": consistency,
        "Origin": log.name, "LogKey": str(log.verifier), "WitnessKey": str(witness.verifier), "MldsaKey": str(mldsa.verifier),
        "Checkpoint": note,
        "Receipt": Receipt(17, tuple(inclusion_proof(hashes, 17)), note, b"extra").text(),
    }, roots[0]  # fmt: skip


@pytest.fixture(scope="module")
async def go():
    binary = shutil.which("go")
    if binary is None:
        pytest.skip("Go is not installed: the check against its implementations needs it")
    cases, root = _cases()
    process = await asyncio.create_subprocess_exec(
        binary, "run", ".", cwd=PROGRAM, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate(json.dumps(cases).encode())
    words = err.decode()
    if process.returncode and ("dial tcp" in words or "requires go" in words or "toolchain" in words):
        pytest.skip("Go is here, and its modules are not")
    assert process.returncode == 0, words
    return json.loads(out), root


async def test_go_agrees_with_every_root_proof_note_and_receipt(go):
    found, _ = go
    assert found["Failures"] == []
    assert found["Checked"] > SIZE + 60


async def test_what_go_signs_is_read_here(go):
    found, root = go
    log, witness = Ed25519Verifier.parse(found["Key"]), CosignatureVerifier.parse(found["WitnessKey"])
    assert Checkpoint.parse(open_note(found["Note"], [log]).text).root == root
    mldsa = verifier_key(found["MldsaKey"], WITNESS_KINDS)
    trusted = trust(found["Cosigned"], Policy(log, (witness, mldsa), quorum=2))
    assert trusted.witnessed
    assert trusted.checkpoint.size == 1
