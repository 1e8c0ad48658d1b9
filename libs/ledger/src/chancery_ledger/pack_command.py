"""`python -m chancery_ledger verify PACK --key KEY`: what a pack proves, in plain words."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chancery_ledger.checkpoints import CosignatureVerifier, Policy, trust
from chancery_ledger.errors import LedgerError
from chancery_ledger.notes import Ed25519Verifier
from chancery_ledger.pack_faults import PackFault
from chancery_ledger.pack_verifier import PackProof, verify_pack

HOLDS, FOUND, UNUSABLE = 0, 1, 2


def add_pack_command(commands: "argparse._SubParsersAction[Any]") -> None:
    """Its arguments."""
    verify = commands.add_parser(
        "verify", help="that an evidence pack holds, entry by entry. 0: it does; 1: it does not; 2: it cannot be judged"
    )
    verify.add_argument("file", type=Path)
    verify.add_argument("--key", required=True, help="the log's verifier key, obtained elsewhere than from the pack: name+id+key")
    verify.add_argument("--witness", action="append", default=[], help="a witness' verifier key; as often as there are witnesses")
    verify.add_argument("--quorum", type=int, default=0, help="how many of them must have cosigned")
    verify.add_argument("--since", type=Path, help="a checkpoint that you kept: the pack's log must continue it")


def verify_command(chosen: argparse.Namespace) -> int:
    """0: it holds. 1: something was found. 2: the file or a key cannot be read."""
    try:
        witnesses = tuple(CosignatureVerifier.parse(one) for one in chosen.witness)
        policy = Policy(Ed25519Verifier.parse(chosen.key), witnesses, chosen.quorum)
        since = trust(chosen.since.read_bytes().decode(), Policy(policy.log)).checkpoint if chosen.since else None
        file = chosen.file.open("rb")
    except (LedgerError, OSError, UnicodeDecodeError) as exc:
        sys.stderr.write(f"NOT JUDGED: {exc}\n")
        return UNUSABLE
    with file:
        try:
            proof = verify_pack(file, policy, since)
        except PackFault as exc:
            sys.stderr.write(f"NOT PROVED: {exc}\n")
            return FOUND
    sys.stdout.write("\n".join(verdict(proof)) + "\n")
    return HOLDS


def verdict(proof: PackProof) -> list[str]:
    """What is proved, and what is not."""
    checkpoint, tally, states = proof.trusted.checkpoint, proof.tally, proof.tally["payloads"]
    ended = f"{tally['accepted_and_ended']} of them ended, {tally['unfinished_count']} unfinished here"
    lines = [
        f"PROVED: {tally['entries']} entries of {checkpoint.size} in {checkpoint.origin}, {proof.trusted.standing}.",
        f"  no byte of the pack was changed since the log's key signed it; asked for by"
        f" {proof.about['custody']['reader']}, {proof.about['custody']['time']}",
        f"  {states['shown']} payloads read and are what the log committed to; {states['hidden']} are hidden; {states['erased']} are"
        " ERASED, and their entries still prove",
        f"  {tally['accepted']} interactions accepted, {ended}",
        f"  {proof.earlier} earlier checkpoints are continued; {proof.receipts} single receipts hold",
        *(f"  cosigned by {name}, {_when(at)}" for name, at in sorted(proof.trusted.witnesses.items())),
    ]
    if proof.since is not None and proof.since_checked:
        lines.append(f"  the log continues the checkpoint of {proof.since.size} entries that you kept")
    return [*lines, "NOT PROVED:", *(f"  - {one}" for one in _limits(proof))]


def _limits(proof: PackProof) -> list[str]:
    limits = ["that what was never published happened: the log holds what Kafka was given"]
    if proof.gaps:
        limits.append(f"that no other entry was meant: {proof.gaps} entries of the log are left out, and only their hashes are here")
    if not proof.trusted.witnessed:
        limits.append("that everyone was shown the same log: no witness that you named vouches for the checkpoint")
    if proof.since is not None and not proof.since_checked:
        limits.append("that the log continues the checkpoint that you kept: this pack does not reach it; ask the live log")
    if proof.tally["payloads"]["erased"]:
        limits.append("that what is stated ERASED was: whoever made the pack says so")
    limits.append("the offset accounts, versions.json and report.html beyond their signature: they are the exporter's statement")
    return limits


def _when(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
