"""`python -m chancery_ledger verify PACK --key KEY`: what a pack proves, in plain words."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chancery_ledger.checkpoints import Policy, trust
from chancery_ledger.errors import LedgerError
from chancery_ledger.pack_anchors import TSA, AnchorProof
from chancery_ledger.pack_faults import PackFault
from chancery_ledger.pack_verifier import PackProof, verify_pack
from chancery_ledger.schemes import NOTE_KINDS, WITNESS_KINDS, verifier_key
from chancery_ledger.stamps import StampCheck, read_roots, stamp_check

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
    roots = "root certificates (PEM) of the time-stamp authority whose word you take, obtained elsewhere; needs chancery-ledger[tsa]"
    verify.add_argument("--tsa-root", type=Path, action="append", default=[], help=roots)
    verify.add_argument("--since", type=Path, help="a checkpoint that you kept: the pack's log must continue it")


def verify_command(chosen: argparse.Namespace) -> int:
    """0: it holds. 1: something was found. 2: the file or a key cannot be read."""
    try:
        witnesses = tuple(verifier_key(one, WITNESS_KINDS) for one in chosen.witness)
        policy = Policy(verifier_key(chosen.key, NOTE_KINDS), witnesses, chosen.quorum)
        stamps = _stamps(chosen.tsa_root)
        since = trust(chosen.since.read_bytes().decode(), Policy(policy.log)).checkpoint if chosen.since else None
        file = chosen.file.open("rb")
    except (LedgerError, OSError, UnicodeDecodeError) as exc:
        sys.stderr.write(f"NOT JUDGED: {exc}\n")
        return UNUSABLE
    with file:
        try:
            proof = verify_pack(file, policy, since, stamps=stamps)
        except PackFault as exc:
            sys.stderr.write(f"NOT PROVED: {exc}\n")
            return FOUND
    sys.stdout.write("\n".join(verdict(proof)) + "\n")
    return HOLDS


def _stamps(files: list[Path]) -> StampCheck | None:
    roots = [root for file in files for root in read_roots(file.read_bytes())]
    return stamp_check(roots) if files else None


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
    lines += [f"  {_existed(one)} at {one.at}: {one.stamp.authority} says so" for one in proof.anchors if one.stamp is not None]
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
    limits += _anchor_limits(proof.anchors)
    limits.append("the offset accounts, versions.json and report.html beyond their signature: they are the exporter's statement")
    return limits


def _anchor_limits(anchors: tuple[AnchorProof, ...]) -> list[str]:
    """What anchors would prove, and how to make them do so."""
    stamped = any(one.kind == TSA for one in anchors)
    limits = [] if stamped else ["when the checkpoint existed: no time stamp of it, or of one before it, is in this pack"]
    for one in anchors:
        if one.kind != TSA:
            limits.append(
                f"that the checkpoint of {one.size} entries lies where it is said to, since {one.at} ({one.kind}: {one.place}): fetch it"
                " from there, and give it with --since"
            )
        elif one.stamp is None:
            limits.append(
                f"that {_existed(one)} at {one.at}: its time stamp was NOT CHECKED. Give the authority's root certificate with --tsa-root"
                " (and install chancery-ledger[tsa])"
            )
        else:
            limits.append(
                "that the authority's certificate was not revoked: it was valid at that time, and lists of revoked ones are not here"
            )
    return limits


def _existed(one: AnchorProof) -> str:
    return f"the checkpoint of {one.size} entries existed"


def _when(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
