"""Evidence packs: mutations that are found, and the time and memory that a pack of a million events takes.

The entries are made here, as the trail makes them (sealed payloads of 600 bytes, a key an interaction, eight entries an interaction);
writer and verifier are those of the product.
"""

import io
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from hashlib import sha256
from pathlib import Path

from chancery_ledger import (
    Checkpoint,
    Ed25519Signer,
    Frontier,
    Policy,
    Receipt,
    consistency_proof,
    inclusion_proof,
    leaf_bytes,
    leaf_hash,
    merkle_root,
    sign_note,
)  # fmt: skip
from chancery_ledger.pack_anchors import FILE, TSA, PackAnchor, location
from chancery_ledger.pack_entries import HIDDEN, Gap, PackEntry
from chancery_ledger.pack_faults import PackFault
from chancery_ledger.pack_verifier import verify_pack
from chancery_ledger.pack_writer import PackWriter, shown
from chancery_ledger.tiles import perfect_subtrees
from chancery_testing.figures import Figure
from chancery_testing.mutating import KINDS, mutated
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SIGNER = Ed25519Signer("log.example/bank", Ed25519PrivateKey.from_private_bytes(b"s" * 32))
MUTATIONS, EVENTS, EACH = 10_000, 1_000_000, 8
TYPES = ("requested", "redacted", "grounded", "authorised", "generated", "validated", "completed", "completed")
TEXT = "Passages and answers of a usual length. " * 14


def measure() -> list[Figure]:
    """Figures of packs."""
    found, kinds, alarms = _mutations(MUTATIONS)
    with tempfile.TemporaryDirectory(prefix="chancery-bench-") as folder:
        path = Path(folder) / "pack.zip"
        _write(path, EVENTS)
        seconds, megabytes = _verified(path)
    return [
        Figure("pack_mutations_found", found, "share", 1.0, peer=f"{MUTATIONS} seeded mutations of {len(KINDS)} kinds; {kinds} messages"),
        Figure("pack_false_alarms", alarms, "packs", 0, "lower"),
        Figure("pack_verify_1m_events", seconds, "s", 60, "lower", peer=f"{EVENTS} events, all payloads opened"),
        Figure("pack_verify_1m_events_memory", megabytes, "MB", 300, "lower"),
    ]


def _entry(number: int) -> PackEntry:
    interaction, kind = number // EACH, TYPES[number % EACH]
    key = sha256(b"%d" % interaction).digest()
    name = f"e-{number}"
    nonce = number.to_bytes(12, "big")
    sealed = nonce + AESGCM(key).encrypt(nonce, b'{"text":"%d %b"}' % (number, TEXT.encode()), f"audit/bank/{name}".encode())
    leaf = leaf_bytes(
        {
            "v": 1, "id": name, "type": f"chancery.interaction.{kind}.v1", "time": "2026-11-02T09:00:00+00:00", "tenant": "bank",
            "namespace": "live", "matter": f"m-{interaction % 3}", "interaction": f"i-{interaction}", "source": "bench", "topic": "t",
            "partition": 0, "offset": number, "timestamp_ms": 1, "payload_sha256": sha256(sealed).hexdigest(),
        }
    )  # fmt: skip
    return shown(number, leaf, key, sealed)


def _pack(entries: list[PackEntry], chosen: list[int], selection: dict[str, str]) -> bytes:
    hashes = [leaf_hash(one.leaf) for one in entries]
    note = sign_note(Checkpoint(SIGNER.name, len(hashes), merkle_root(hashes)).text(), [SIGNER])
    writer = PackWriter(SIGNER)
    about = {"log": SIGNER.name, "tenant": "bank", "selection": selection, "custody": {"reader": "bench", "time": "2026-11-02"}}
    out, at = writer.begin(about, note, [], _anchors(hashes)), 0

    def gap(until: int) -> bytes:
        if until == at:
            return b""
        roots = [merkle_root(hashes[index << level : (index + 1) << level]) for level, index in perfect_subtrees(at, until)]
        return writer.gap(Gap(at, until, tuple(roots)))

    for number in chosen:
        out += gap(number)
        hidden = number % EACH == 0
        out += writer.entry(PackEntry(number, HIDDEN, entries[number].leaf) if hidden else entries[number])[0]
        at = number + 1
    out += gap(len(entries))
    receipts = [Receipt(one, tuple(inclusion_proof(hashes, one)), note, entries[one].leaf) for one in chosen[:64]]
    offsets = {"offsets": [{"topic": "t", "partition": 0, "ranges": [[0, len(entries)]]}]}
    return out + b"".join(writer.end(offsets, receipts, [], "<p>report</p>"))


def _anchors(hashes: list[bytes]) -> list[PackAnchor]:
    """Half-way: a file, and a time stamp as long as a real one, which is not looked into without its authority's root."""
    size = len(hashes) // 2
    note = sign_note(Checkpoint(SIGNER.name, size, merkle_root(hashes[:size])).text(), [SIGNER])
    at, proof = "2026-11-02T09:00:00+00:00", tuple(consistency_proof(hashes, size))
    return [PackAnchor(FILE, at, note, proof, location(note, path="bank/20")), PackAnchor(TSA, at, note, proof, bytes(range(256)) * 6)]


def _mutations(count: int) -> tuple[float, int, int]:
    """Share found, how many different messages, and how many good packs were not accepted."""
    entries, policy, chosen = [_entry(number) for number in range(40)], Policy(SIGNER.verifier), random.Random(20261124)
    selections: list[tuple[list[int], dict[str, str]]] = [
        (list(range(40)), {}),
        (list(range(8, 16)), {"interaction": "i-1"}),
        ([*range(0, 8), *range(24, 32)], {"matter": "m-0"}),
    ]
    packs = [_pack(entries, numbers, selection) for numbers, selection in selections]
    alarms = sum(not _accepted(pack, policy)[0] for pack in packs)
    found, reasons = 0, Counter[str]()
    for number in range(count):
        accepted, reason = _accepted(mutated(chosen.choice(packs), KINDS[number % len(KINDS)], chosen), policy)
        found += not accepted
        reasons[reason] += 1
    return found / count, len(reasons), alarms


def _accepted(pack: bytes, policy: Policy) -> tuple[bool, str]:
    try:
        verify_pack(io.BytesIO(pack), policy)
    except PackFault as exc:
        return False, exc.reason.name
    return True, ""


def _write(path: Path, count: int) -> None:
    """One pass over the entries makes the tree, another the pack, so that none of them is kept."""
    edge = Frontier()
    for number in range(count):
        edge.append(leaf_hash(_entry(number).leaf))
    note = sign_note(Checkpoint(SIGNER.name, count, edge.root()).text(), [SIGNER])
    writer = PackWriter(SIGNER)
    about = {"log": SIGNER.name, "tenant": "bank", "selection": {}, "custody": {"reader": "bench", "time": "2026-11-02"}}
    with path.open("wb") as file:
        file.write(writer.begin(about, note, []))
        for number in range(count):
            file.write(writer.entry(_entry(number))[0])
        offsets = {"offsets": [{"topic": "t", "partition": 0, "ranges": [[0, count]]}]}
        file.writelines(writer.end(offsets, [], [], "<p>report</p>"))


def _verified(path: Path) -> tuple[float, float]:
    """Seconds, and the largest resident memory in MB, of `python -m chancery_ledger verify` as its own process."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "chancery_ledger", "verify", str(path), "--key", str(SIGNER.verifier)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=dict(os.environ)) as process:
        _, status, usage = os.wait4(process.pid, 0)  # this child alone: RUSAGE_CHILDREN would tell of Kafka too
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return time.perf_counter() - started, usage.ru_maxrss / 1024
