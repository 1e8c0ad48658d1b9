"""Anchors in a pack: where a checkpoint of the log was put that its operator cannot take back, and the evidence for that.

`anchors.json` lists them, one of a kind; `anchors/<kind>.checkpoint` is the signed note that was anchored, as a file that other tools
take, and `anchors/<kind>.…` the evidence: an RFC 3161 TimeStampResp in DER, or where the note lies, as RFC 8785 JSON.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from chancery_ledger.base64s import decode64, encode64
from chancery_ledger.checkpoints import Checkpoint, Policy, trust
from chancery_ledger.errors import LedgerError, Malformed
from chancery_ledger.hashing import verify_consistency
from chancery_ledger.leaf import canonical_json
from chancery_ledger.pack_faults import PackFault, Reason
from chancery_ledger.stamps import Stamp, StampCheck, StampFault, StampRefused

ANCHORS = "anchors.json"
FOLDER = "anchors/"
FILE, S3, TSA = "file", "s3", "tsa"
ENDINGS: Mapping[str, str] = {FILE: "json", S3: "json", TSA: "tsr"}
"""By kind."""


@dataclass(frozen=True, slots=True)
class PackAnchor:
    """The newest anchor of a kind. `at`: when, in ISO 8601; `proof`: that the pack's checkpoint continues `note`."""

    kind: str
    at: str
    note: str
    proof: tuple[bytes, ...]
    evidence: bytes


@dataclass(frozen=True, slots=True)
class AnchorProof:
    """An anchor that holds. `place`: where the note lies, as the exporter states; `stamp`: what a checked time stamp says."""

    kind: str
    size: int
    at: str
    place: str = ""
    stamp: Stamp | None = None


def anchor_files(anchors: Sequence[PackAnchor]) -> Iterator[tuple[str, bytes]]:
    """Names and contents, in order; none where there is no anchor."""
    ordered = sorted(anchors, key=lambda one: one.kind)
    if ordered:
        listed = [{"kind": one.kind, "at": one.at, "proof": [encode64(node) for node in one.proof]} for one in ordered]
        yield ANCHORS, canonical_json(listed)
    for one in ordered:
        yield note_name(one.kind), one.note.encode()
        yield evidence_name(one.kind), one.evidence


def note_name(kind: str) -> str:
    """Of the note that was anchored."""
    return f"{FOLDER}{kind}.checkpoint"


def evidence_name(kind: str) -> str:
    """Of the evidence."""
    return f"{FOLDER}{kind}.{ENDINGS[kind]}"


def location(note: str, **where: str) -> bytes:
    """Evidence of an anchor that keeps the note itself: where it lies, and its hash."""
    return canonical_json({**where, "sha256": sha256(note.encode()).hexdigest()})


@dataclass
class AnchorRun:
    """Takes a pack's anchor files in order. `stamps` checks time stamps, where it was asked for and can be."""

    policy: Policy
    stamps: StampCheck | None = None
    proofs: list[AnchorProof] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    """Names that must still come."""
    _listed: dict[str, dict[str, Any]] = field(default_factory=dict)
    _note: str = ""
    _size: int = 0

    def take(self, name: str, data: bytes, newest: Checkpoint) -> Checkpoint | None:
        """The next file; the checkpoint that it is, if it is one. Raises PackFault."""
        try:
            return self._take(name, data, newest)
        except PackFault:
            raise
        except (LedgerError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as exc:
            raise PackFault(Reason.ANCHOR_MALFORMED, name) from exc

    def _take(self, name: str, data: bytes, newest: Checkpoint) -> Checkpoint | None:
        if name == ANCHORS and not self._listed:
            self._list(data)
            return None
        if not self.waiting or name != self.waiting.pop(0):
            raise PackFault(Reason.FILE_UNEXPECTED, name)
        kind = name.removeprefix(FOLDER).partition(".")[0]
        if name == note_name(kind):
            return self._checkpoint(kind, data, newest)
        self.proofs.append(self._evidence(kind, data))
        return None

    def _list(self, data: bytes) -> None:
        found: list[dict[str, Any]] = json.loads(data)
        kinds = [one["kind"] for one in found]
        moments = [datetime.fromisoformat(one["at"]) for one in found]
        plain = all(moment.tzinfo and moment.isoformat() == one["at"] for moment, one in zip(moments, found, strict=True))
        known = kinds == sorted(set(kinds) & set(ENDINGS)) and kinds and plain
        if not known or canonical_json(found) != data or any(set(one) != {"kind", "at", "proof"} for one in found):
            raise PackFault(Reason.ANCHOR_MALFORMED, ANCHORS)
        self._listed = {one["kind"]: one for one in found}
        self.waiting = [name for kind in kinds for name in (note_name(kind), evidence_name(kind))]

    def _checkpoint(self, kind: str, data: bytes, newest: Checkpoint) -> Checkpoint:
        try:
            self._note = data.decode()
            old = trust(self._note, Policy(self.policy.log)).checkpoint
        except (LedgerError, UnicodeDecodeError) as exc:
            raise PackFault(Reason.ANCHOR_UNSIGNED, note_name(kind)) from exc
        proof = [decode64(node, 32) for node in self._listed[kind]["proof"]]
        if not verify_consistency(old.size, newest.size, proof, old.root, newest.root):
            raise PackFault(Reason.ANCHOR_NOT_CONTINUED, f"{kind}, of {old.size} entries")
        self._size = old.size
        return old

    def _evidence(self, kind: str, data: bytes) -> AnchorProof:
        at: str = self._listed[kind]["at"]
        if kind == TSA:
            stamp = self._stamped(data, at) if self.stamps is not None else None
            return AnchorProof(kind, self._size, at, stamp=stamp)
        where: dict[str, str] = json.loads(data)
        if canonical_json(where) != data or not all(isinstance(one, str) and one.isprintable() for one in where.values()):
            raise Malformed("not the place of an anchor")
        if where.pop("sha256") != sha256(self._note.encode()).hexdigest():
            raise PackFault(Reason.ANCHOR_SWAPPED, evidence_name(kind))
        return AnchorProof(kind, self._size, at, ", ".join(f"{name} {value}" for name, value in sorted(where.items())))

    def _stamped(self, data: bytes, at: str) -> Stamp:
        assert self.stamps is not None
        try:
            stamp = self.stamps(data, self._note)
        except StampRefused as exc:
            raise PackFault(_REASONS.get(exc.fault, Reason.ANCHOR_MALFORMED), evidence_name(TSA)) from exc
        if stamp.at != datetime.fromisoformat(at):
            raise PackFault(Reason.STAMP_TIME_DIFFERS, f"{at} stated, {stamp.at.isoformat()} signed")
        return stamp


_REASONS = {
    StampFault.OTHER_TEXT: Reason.ANCHOR_SWAPPED,
    StampFault.UNTRUSTED: Reason.STAMP_UNTRUSTED,
    StampFault.NOT_GRANTED: Reason.STAMP_UNTRUSTED,
}
