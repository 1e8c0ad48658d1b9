"""Makes a pack from entries in the log's order. Pure: it gets entries and gives bytes, a segment at a time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chancery_ledger.base64s import encode64
from chancery_ledger.hashing import leaf_hash
from chancery_ledger.leaf import canonical_json, read_leaf
from chancery_ledger.loadfile import HEADER, load_row
from chancery_ledger.notes import Signer, sign_note
from chancery_ledger.pack_anchors import PackAnchor, anchor_files
from chancery_ledger.pack_entries import SHOWN, Gap, PackEntry, Tally
from chancery_ledger.pack_faults import PackFault, Reason
from chancery_ledger.packing import FORMAT, MANIFEST, Container, Manifest
from chancery_ledger.receipts import Receipt

SEGMENT_ENTRIES = 4_096
SEGMENT_BYTES = 8 * 1024 * 1024
NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier checkpoint, and the proof that the pack's continues it."""

    note: str
    proof: tuple[bytes, ...]


def open_payload(entry: PackEntry, members: Mapping[str, str | int]) -> bytes:
    """The payload as it was sealed: AES-256-GCM, nonce in front, bound to tenant and event. Raises PackFault."""
    if entry.key is None or entry.sealed is None:
        return b""
    context = f"audit/{members.get('tenant')}/{members.get('id')}".encode()
    try:
        return AESGCM(entry.key).decrypt(entry.sealed[:NONCE_BYTES], entry.sealed[NONCE_BYTES:], context)
    except (InvalidTag, ValueError) as exc:
        raise PackFault(Reason.PAYLOAD_SEALED, f"entry {entry.seq}") from exc


class PackWriter:
    """Call `begin`, `entry` and `gap` in the log's order, `end`. What they give is sent as it comes; a segment is all that is held."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer
        self._container = Container()
        self._manifest = Manifest(signer.name)
        self._lines: list[bytes] = []
        self._rows: list[bytes] = [HEADER]
        self._bytes = 0
        self._segment = 0
        self.tally = Tally()

    def begin(self, about: Mapping[str, Any], checkpoint: str, earlier: Sequence[Earlier], anchors: Sequence[PackAnchor] = ()) -> bytes:
        """`about`: tenant, selection, custody; strings and integers. `anchors`: one of a kind at most."""
        older = [{"note": one.note, "proof": [encode64(node) for node in one.proof]} for one in earlier]
        return (
            self._add("about.json", canonical_json({"format": FORMAT, **about}))
            + self._add("checkpoint", checkpoint.encode())
            + self._add("earlier.json", canonical_json(older))
            + b"".join(self._add(name, data) for name, data in anchor_files(anchors))
        )

    def entry(self, entry: PackEntry) -> tuple[bytes, dict[str, str | int], bytes]:
        """The next entry: bytes to send, its leaf's members, and its payload."""
        members = read_leaf(entry.leaf)
        payload = open_payload(entry, members)
        self.tally.take(members, entry.state)
        hashed = leaf_hash(entry.leaf).hex()
        row = load_row(members, entry.seq, entry.state, hashed, file=segment_name(self._segment), text=payload.decode())
        return self._line(entry.line(), row), members, payload

    def gap(self, gap: Gap) -> bytes:
        """Leaves that were not asked for."""
        return self._line(gap.line(), b"")

    def end(self, summary: Mapping[str, Any], receipts: Sequence[Receipt], versions: Sequence[Any], report: str) -> Iterator[bytes]:
        """The rest, and the signed manifest."""
        yield self._flush()
        for receipt in receipts:
            yield self._add(receipt_name(receipt.index), receipt.text().encode())
        yield self._add("versions.json", canonical_json(list(versions)))
        yield self._add("summary.json", canonical_json({"entries": self.tally.as_dict(), **summary}))
        yield self._add("report.html", report.encode())
        yield self._container.add(MANIFEST, sign_note(self._manifest.text(), [self._signer]).encode())
        yield self._container.close()

    def _line(self, line: bytes, row: bytes) -> bytes:
        self._lines.append(line)
        self._rows.append(row)
        self._bytes += len(line) + len(row)
        full = len(self._lines) >= SEGMENT_ENTRIES or self._bytes >= SEGMENT_BYTES
        return self._flush() if full else b""

    def _flush(self) -> bytes:
        if not self._lines:
            return b""
        data = self._add(segment_name(self._segment), b"".join(self._lines))
        data += self._add(load_name(self._segment), b"".join(self._rows))
        self._lines, self._rows, self._bytes = [], [HEADER], 0
        self._segment += 1
        return data

    def _add(self, name: str, data: bytes) -> bytes:
        self._manifest.add(name, data)
        return self._container.add(name, data)


def shown(seq: int, leaf: bytes, key: bytes, sealed: bytes) -> PackEntry:
    """An entry with its payload."""
    return PackEntry(seq, SHOWN, leaf, key, sealed)


def segment_name(segment: int) -> str:
    """Of entries."""
    return f"entries/{segment:06d}.tsv"


def load_name(segment: int) -> str:
    """Of the load file's rows for the same entries."""
    return f"load/{segment:06d}.dat"


def receipt_name(seq: int) -> str:
    """Of one entry's receipt."""
    return f"receipts/{seq:010d}.tlog-proof"
