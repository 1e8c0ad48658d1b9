"""Checks an evidence pack, offline and in one pass: the container, the signatures, every entry, and what the pack says of them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, BinaryIO

from chancery_ledger.base64s import decode64
from chancery_ledger.checkpoints import Checkpoint, Policy, Trusted, trust
from chancery_ledger.errors import LeafRefused, LedgerError, Malformed, SignatureInvalid, Unsigned
from chancery_ledger.frontier import Frontier
from chancery_ledger.hashing import leaf_hash, verify_consistency
from chancery_ledger.leaf import canonical_json, read_leaf
from chancery_ledger.loadfile import HEADER, load_row
from chancery_ledger.notes import open_note
from chancery_ledger.pack_anchors import ANCHORS, FOLDER, AnchorProof, AnchorRun
from chancery_ledger.pack_entries import Gap, PackEntry, Tally, parse_lines
from chancery_ledger.pack_faults import PackFault, Reason
from chancery_ledger.pack_writer import load_name, open_payload, receipt_name, segment_name
from chancery_ledger.packing import FORMAT, MANIFEST, Listed, Manifest, PackFile
from chancery_ledger.receipts import Receipt, verify_receipt
from chancery_ledger.stamps import StampCheck
from chancery_ledger.tiles import perfect_subtrees

Visit = Callable[[PackEntry, Mapping[str, str | int], bytes], None]
"""Told of each entry that holds: its leaf's members and its payload."""


@dataclass(frozen=True)
class PackProof:
    """What a pack proves."""

    about: dict[str, Any]
    trusted: Trusted
    tally: dict[str, Any]
    gaps: int
    """Leaves of the log that are not in the pack."""
    earlier: int
    """Earlier checkpoints that the newest continues."""
    receipts: int
    since: Checkpoint | None
    since_checked: bool
    anchors: tuple[AnchorProof, ...] = ()


@dataclass
class _Account:
    """Which Kafka offsets the exporter says are recorded."""

    ranges: dict[tuple[str, int], list[list[int]]]

    @classmethod
    def parse(cls, summary: Mapping[str, Any]) -> "_Account":
        return cls({(one["topic"], one["partition"]): one["ranges"] for one in summary["offsets"]})

    def check(self, places: Mapping[tuple[str, int], tuple[int, int]]) -> None:
        """The lowest and highest offset of the entries of a partition must be in its account."""
        for place, ends in places.items():
            for offset in ends:
                if not any(first <= offset <= last for first, last in self.ranges.get(place, [])):
                    raise PackFault(Reason.OFFSET_UNACCOUNTED, f"{place[0]}, partition {place[1]}, offset {offset}")


@dataclass
class _Run:
    """One verification on its way from file to file."""

    policy: Policy
    since: Checkpoint | None
    visit: Visit | None
    anchors: AnchorRun
    about: dict[str, Any] = field(default_factory=dict)
    trusted: Trusted | None = None
    edge: Frontier = field(default_factory=Frontier)
    tally: Tally = field(default_factory=Tally)
    places: dict[tuple[str, int], tuple[int, int]] = field(default_factory=dict)
    leaf_hashes: dict[int, bytes] = field(default_factory=dict)
    segment: int = 0
    load: bytes = b""
    gaps: int = 0
    earlier: int = 0
    receipts: int = 0
    since_checked: bool = False
    tree_checked: bool = False
    wanted_receipts: frozenset[str] = frozenset()

    def take(self, name: str, data: bytes) -> None:
        """One file whose bytes are those that the manifest lists."""
        try:
            self._take(name, data)
        except PackFault:
            raise
        except (LedgerError, ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as exc:
            raise PackFault(Reason.FILE_MALFORMED, name) from exc

    def _take(self, name: str, data: bytes) -> None:
        if name == "about.json":
            self._about(_canonical(data), name)
        elif name == "checkpoint":
            self._checkpoint(data)
        elif self.trusted is None or not self.about:
            raise PackFault(Reason.FILES_REORDERED, f"{name} before the checkpoint")
        elif name == "earlier.json":
            self._earlier(_canonical(data))
        elif name == ANCHORS or name.startswith(FOLDER):
            self._anchor(name, data)
        elif name == segment_name(self.segment) and not self.load:
            self._entries(data, name)
        elif name == load_name(self.segment) and self.load:
            if data != self.load:
                raise PackFault(Reason.LOAD_FILE_DIFFERS, name)
            self.load, self.segment = b"", self.segment + 1
        elif name in self.wanted_receipts:
            self._receipt(data, name)
        elif name == "summary.json":
            self._summary(_canonical(data), name)
        elif name in _READ_ONLY:
            _READ_ONLY[name](data)
        else:
            raise PackFault(Reason.FILE_UNEXPECTED, name)

    def _about(self, about: dict[str, Any], name: str) -> None:
        stated = (about["tenant"], about["custody"]["reader"], about["custody"]["time"], *about["selection"].values())
        known = about["format"] == FORMAT and about["log"] == self.policy.log.name
        if not known or not all(isinstance(one, str) for one in stated):
            raise PackFault(Reason.FILE_MALFORMED, name)
        self.about = about

    def _checkpoint(self, data: bytes) -> None:
        try:
            self.trusted = trust(data.decode(), self.policy)
        except SignatureInvalid as exc:
            raise PackFault(Reason.CHECKPOINT_FORGED) from exc
        except Unsigned as exc:
            raise PackFault(Reason.CHECKPOINT_UNSIGNED) from exc
        except (Malformed, UnicodeDecodeError) as exc:
            raise PackFault(Reason.CHECKPOINT_MALFORMED) from exc
        if len(self.trusted.witnesses) < self.policy.quorum:
            raise PackFault(Reason.QUORUM_MISSED, f"{len(self.trusted.witnesses)} of {self.policy.quorum}")
        self._compare_size()

    def _compare_size(self) -> None:
        assert self.trusted is not None
        new, since = self.trusted.checkpoint, self.since
        if since is None:
            return
        if since.size > new.size:
            raise PackFault(Reason.LOG_TRUNCATED, f"{new.size} entries, {since.size} before")
        if since.size == new.size:
            if since.root != new.root:
                raise PackFault(Reason.LOG_FORKED, f"another tree of {new.size} entries")
            self.since_checked = True

    def _earlier(self, listed: list[dict[str, Any]]) -> None:
        assert self.trusted is not None
        new = self.trusted.checkpoint
        for one in listed:
            old = trust(one["note"], self.policy).checkpoint
            proof = [decode64(node, 32) for node in one["proof"]]
            if not verify_consistency(old.size, new.size, proof, old.root, new.root):
                raise PackFault(Reason.EARLIER_DIFFERS, f"of {old.size} entries")
            if self.since is not None and self.since.size == old.size:
                self._same_tree(old.root)
            self.earlier += 1

    def _anchor(self, name: str, data: bytes) -> None:
        assert self.trusted is not None
        anchored = self.anchors.take(name, data, self.trusted.checkpoint)
        if anchored is not None and self.since is not None and self.since.size == anchored.size:
            self._same_tree(anchored.root)

    def _same_tree(self, root: bytes) -> None:
        if self.since is not None and root != self.since.root:
            raise PackFault(Reason.LOG_FORKED, f"another tree of {self.since.size} entries")
        self.since_checked = True

    def _entries(self, data: bytes, name: str) -> None:
        rows = [HEADER]
        self._passed()
        try:
            for line in parse_lines(data):
                if isinstance(line, Gap):
                    self._gap(line)
                else:
                    rows.append(self._entry(line, name))
        except (Malformed, LeafRefused) as exc:
            raise PackFault(Reason.ENTRY_MALFORMED, f"{name}, after {self.edge.size} places of the log") from exc
        self.load = b"".join(rows)

    def _gap(self, gap: Gap) -> None:
        self._expect(gap.low)
        subtrees = list(perfect_subtrees(gap.low, gap.high))
        if not subtrees or len(subtrees) != len(gap.roots):
            raise PackFault(Reason.ENTRY_MISSING, f"from {gap.low} to {gap.high - 1}")
        for (level, _), root in zip(subtrees, gap.roots, strict=True):
            self.edge.append_subtree(level, root)
            self._passed()
        self.gaps += gap.high - gap.low

    def _expect(self, seq: int) -> None:
        if seq < self.edge.size:
            raise PackFault(Reason.ENTRIES_REORDERED, f"entry {seq} after entry {self.edge.size - 1}")
        if seq > self.edge.size:
            raise PackFault(Reason.ENTRY_MISSING, f"from {self.edge.size} to {seq - 1}")

    def _passed(self) -> None:
        if self.since is not None and self.edge.size == self.since.size:
            self._same_tree(self.edge.root())

    def _entry(self, entry: PackEntry, file: str) -> bytes:
        self._expect(entry.seq)
        members = read_leaf(entry.leaf)
        if not selected(members, self.about):
            raise PackFault(Reason.ENTRY_FOREIGN, f"entry {entry.seq}")
        if entry.sealed is not None and sha256(entry.sealed).hexdigest() != members.get("payload_sha256"):
            raise PackFault(Reason.PAYLOAD_CHANGED, f"entry {entry.seq}")
        payload = open_payload(entry, members)
        hashed = leaf_hash(entry.leaf)
        self.edge.append(hashed)
        if self.since is not None:
            self._passed()
        self.tally.take(members, entry.state)
        self._place(members)
        if self.wanted_receipts and receipt_name(entry.seq) in self.wanted_receipts:
            self.leaf_hashes[entry.seq] = hashed
        if self.visit is not None:
            self.visit(entry, members, payload)
        return load_row(members, entry.seq, entry.state, hashed.hex(), file=file, text=payload.decode())

    def _place(self, members: Mapping[str, str | int]) -> None:
        place, offset = (str(members["topic"]), int(members["partition"])), int(members["offset"])
        low, high = self.places.get(place, (offset, offset))
        self.places[place] = (min(low, offset), max(high, offset))

    def _receipt(self, data: bytes, name: str) -> None:
        assert self.trusted is not None
        try:
            receipt = Receipt.parse(data.decode())
            if receipt.text().encode() != data or receipt_name(receipt.index) != name:
                raise Malformed("not the receipt that it is named for")
            proved = verify_receipt(receipt, self.leaf_hashes[receipt.index], self.policy)
        except (LedgerError, KeyError, UnicodeDecodeError) as exc:
            raise PackFault(Reason.RECEIPT_SWAPPED, name) from exc
        if proved.checkpoint != self.trusted.checkpoint:
            raise PackFault(Reason.RECEIPT_SWAPPED, name)
        self.receipts += 1

    def tree(self) -> None:
        """After the last entry: it must be the tree that was signed."""
        if self.load:
            raise PackFault(Reason.FILE_MISSING, load_name(self.segment))
        if self.trusted is None:
            raise PackFault(Reason.FILES_REORDERED, "the checkpoint")
        if self.anchors.waiting:
            raise PackFault(Reason.FILE_MISSING, self.anchors.waiting[0])
        checkpoint = self.trusted.checkpoint
        if self.edge.size < checkpoint.size:
            raise PackFault(Reason.ENTRY_MISSING, f"from {self.edge.size} to {checkpoint.size - 1}")
        if (self.edge.size, self.edge.root()) != (checkpoint.size, checkpoint.root):
            raise PackFault(Reason.TREE_DIFFERS, f"{checkpoint.size} entries signed")
        self.tree_checked = True

    def _summary(self, summary: dict[str, Any], name: str) -> None:
        if canonical_json(summary["entries"]) != canonical_json(self.tally.as_dict()):
            raise PackFault(Reason.SUMMARY_DIFFERS, name)
        _Account.parse(summary).check(self.places)


def selected(members: Mapping[str, str | int], about: Mapping[str, Any]) -> bool:
    """Whether an entry is one that was asked for."""
    chosen: Mapping[str, str] = about["selection"]
    if members.get("tenant") != about["tenant"]:
        return False
    if any(name in chosen and members.get(name) != chosen[name] for name in ("interaction", "matter")):
        return False
    time = str(members.get("time"))
    return ("from" not in chosen or _moment(time) >= _moment(chosen["from"])) and (
        "to" not in chosen or _moment(time) < _moment(chosen["to"])
    )


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _canonical(data: bytes) -> Any:
    value = json.loads(data)
    if canonical_json(value) != data:
        raise Malformed("not canonical JSON")
    return value


def open_manifest(data: bytes, policy: Policy) -> Manifest:
    """Raises PackFault."""
    try:
        opened = open_note(data.decode(), [policy.log])
        manifest = Manifest.parse(opened.text)
    except SignatureInvalid as exc:
        raise PackFault(Reason.MANIFEST_FORGED) from exc
    except Unsigned as exc:
        raise PackFault(Reason.MANIFEST_UNSIGNED) from exc
    except (Malformed, UnicodeDecodeError) as exc:
        raise PackFault(Reason.MANIFEST_MALFORMED) from exc
    # The note's other lines are under no signature that was checked: there may be none.
    if opened.others or len(opened.verified) != 1:
        raise PackFault(Reason.MANIFEST_MALFORMED, "another signature")
    if manifest.origin != policy.log.name:
        raise PackFault(Reason.MANIFEST_UNSIGNED, "another log's")
    return manifest


def _check_names(names: list[str], listed: list[Listed]) -> None:
    expected = [*(one.name for one in listed), MANIFEST]
    for name in expected:
        if name not in names:
            raise PackFault(Reason.FILE_MISSING, name)
    if len(names) != len(expected) or set(names) != set(expected):
        extra = next((name for name in names if name not in expected), "twice")
        raise PackFault(Reason.FILE_UNEXPECTED, extra)
    if names != expected:
        raise PackFault(Reason.FILES_REORDERED)


_READ_ONLY: Mapping[str, Callable[[bytes], object]] = {"versions.json": _canonical, "report.html": bytes.decode}
_FIXED = ("about.json", "checkpoint", "earlier.json", "versions.json", "summary.json", "report.html")


def verify_pack(
    file: BinaryIO, policy: Policy, since: Checkpoint | None = None, visit: Visit | None = None, stamps: StampCheck | None = None
) -> PackProof:
    """Reads a pack once. Raises PackFault at the first thing that does not hold.

    `since`: a checkpoint that the verifier kept. `stamps`: checks time stamps, which are otherwise not looked into.
    """
    pack = PackFile(file)
    manifest = open_manifest(pack.read(MANIFEST), policy)
    _check_names(pack.names, manifest.files)
    for name in _FIXED:
        if name not in pack.names:
            raise PackFault(Reason.FILE_MISSING, name)
    listed = {one.name: one for one in manifest.files}
    run = _Run(
        policy, since, visit, AnchorRun(policy, stamps), wanted_receipts=frozenset(one for one in listed if one.startswith("receipts/"))
    )
    for name, data in pack.files():
        if name == MANIFEST:
            continue
        if (len(data), sha256(data).hexdigest()) != (listed[name].size, listed[name].sha256):
            raise PackFault(Reason.FILE_CHANGED, name)
        if not run.tree_checked and name.startswith(("receipts/", "versions.json")):
            run.tree()
        run.take(name, data)
    assert run.trusted is not None
    return PackProof(
        run.about, run.trusted, run.tally.as_dict(), run.gaps, run.earlier, run.receipts, since, run.since_checked,
        tuple(run.anchors.proofs),
    )  # fmt: skip
