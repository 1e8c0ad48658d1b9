"""What a forger may do to an evidence pack who does not have the log's key. Each gives a pack that differs from the one it was given."""

import io
import random
import zipfile

from chancery_ledger import Ed25519Signer, sign_note
from chancery_ledger.packing import MANIFEST, Container, Manifest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KINDS = (
    "bit", "bytes", "insert", "cut_out", "truncate", "append", "swap_ranges", "file_edited", "file_removed", "file_added", "files_swapped",
    "line_removed", "line_doubled", "lines_swapped", "line_edited", "resigned", "receipts_swapped", "checkpoint_of_before",
    "anchor_edited", "anchor_removed",
)  # fmt: skip
_Files = list[tuple[str, bytes]]


def mutated(pack: bytes, kind: str, chosen: random.Random) -> bytes:
    """Another pack. Those that edit files list them anew in the manifest, under the old signature or, where `resigned`, another key's."""
    while True:
        found = _BYTES[kind](pack, chosen) if kind in _BYTES else _rebuilt(pack, kind, chosen)
        if found != pack:
            return found


def _bit(pack: bytes, chosen: random.Random) -> bytes:
    at = chosen.randrange(len(pack))
    return pack[:at] + bytes([pack[at] ^ (1 << chosen.randrange(8))]) + pack[at + 1 :]


def _bytes(pack: bytes, chosen: random.Random) -> bytes:
    at, count = chosen.randrange(len(pack)), chosen.randint(1, 64)
    return pack[:at] + chosen.randbytes(len(pack[at : at + count])) + pack[at + count :]


def _insert(pack: bytes, chosen: random.Random) -> bytes:
    at = chosen.randrange(len(pack))
    return pack[:at] + chosen.randbytes(chosen.randint(1, 64)) + pack[at:]


def _cut_out(pack: bytes, chosen: random.Random) -> bytes:
    at = chosen.randrange(len(pack))
    return pack[:at] + pack[at + chosen.randint(1, 64) :]


def _truncate(pack: bytes, chosen: random.Random) -> bytes:
    return pack[: chosen.randrange(len(pack))]


def _append(pack: bytes, chosen: random.Random) -> bytes:
    return pack + chosen.randbytes(chosen.randint(1, 64))


def _swap_ranges(pack: bytes, chosen: random.Random) -> bytes:
    a, b, c = sorted(chosen.sample(range(len(pack)), 3))
    return pack[:a] + pack[b:c] + pack[a:b] + pack[c:]


_BYTES = {
    "bit": _bit, "bytes": _bytes, "insert": _insert, "cut_out": _cut_out, "truncate": _truncate, "append": _append,
    "swap_ranges": _swap_ranges,
}  # fmt: skip


def _rebuilt(pack: bytes, kind: str, chosen: random.Random) -> bytes:
    with zipfile.ZipFile(io.BytesIO(pack)) as opened:
        files = [(one, opened.read(one)) for one in opened.namelist()]
    kept = dict(files)[MANIFEST]
    origin = kept.split(b"\n")[1].removeprefix(b"log ").decode()
    files = _edited([one for one in files if one[0] != MANIFEST], kind, chosen)
    manifest, container, out = Manifest(origin), Container(), b""
    for name, data in files:
        manifest.add(name, data)
        out += container.add(name, data)
    signature = kept[kept.index(b"\n\n") + 1 :].decode()
    note = f"{manifest.text()}{signature}"
    if kind == "resigned":
        note = sign_note(manifest.text(), [Ed25519Signer(origin, Ed25519PrivateKey.from_private_bytes(chosen.randbytes(32)))])
    elif chosen.random() < 0.5:
        note = kept.decode()  # the manifest left as it was
    return out + container.add(MANIFEST, note.encode()) + container.close()


def _edited(files: _Files, kind: str, chosen: random.Random) -> _Files:
    at = chosen.randrange(len(files))
    name, data = files[at]
    if kind in {"file_removed", "file_added", "files_swapped"}:
        return _with_other_files(files, kind, at, chosen)
    if kind.startswith("line"):
        at = next(number for number, (one, _) in enumerate(files) if one.startswith("entries/"))
        name, data = files[at]
        files[at] = name, _with_other_lines(data, kind, chosen)
    elif kind == "receipts_swapped":
        receipts = [number for number, (one, _) in enumerate(files) if one.startswith("receipts/")]
        first, second = chosen.sample(receipts, 2)
        (a, left), (b, right) = files[first], files[second]
        files[first], files[second] = (a, right), (b, left)
    elif kind.startswith("anchor"):
        files = _with_other_anchors(files, kind, chosen)
    elif kind == "checkpoint_of_before":
        files = [(one, _older(text) if one == "checkpoint" else text) for one, text in files]
    elif kind == "file_edited":
        files[at] = name, _bytes(data or b"x", chosen)
    return files


def _with_other_anchors(files: _Files, kind: str, chosen: random.Random) -> _Files:
    """One file of the anchors is changed, or all are gone; where there is none, one is invented."""
    anchors = [number for number, (one, _) in enumerate(files) if one.startswith("anchors")]
    if not anchors:
        return [*files[:3], ("anchors.json", b"[]"), *files[3:]]
    if kind == "anchor_removed":
        return [one for one in files if not one[0].startswith("anchors")]
    at = chosen.choice(anchors)
    name, data = files[at]
    files[at] = name, _bytes(data, chosen)
    return files


def _older(checkpoint: bytes) -> bytes:
    """A truncated log: the same signature over a smaller size."""
    origin, size, rest = checkpoint.split(b"\n", 2)
    return b"%b\n%d\n%b" % (origin, int(size) - 1, rest)


def _with_other_files(files: _Files, kind: str, at: int, chosen: random.Random) -> _Files:
    if kind == "file_removed":
        return files[:at] + files[at + 1 :]
    if kind == "file_added":
        return [*files[:at], (f"extra-{chosen.randrange(1000)}", chosen.randbytes(9)), *files[at:]]
    other = chosen.randrange(len(files))
    files[at], files[other] = files[other], files[at]
    return files


def _with_other_lines(data: bytes, kind: str, chosen: random.Random) -> bytes:
    lines = data.splitlines(keepends=True)
    at, other = chosen.randrange(len(lines)), chosen.randrange(len(lines))
    if kind == "line_removed":
        del lines[at]
    elif kind == "line_doubled":
        lines.insert(at, lines[at])
    elif kind == "lines_swapped":
        lines[at], lines[other] = lines[other], lines[at]
    else:
        place = chosen.randrange(len(lines[at]) - 1)
        lines[at] = lines[at][:place] + bytes([chosen.choice(b"0123456789abcdef")]) + lines[at][place + 1 :]
    return b"".join(lines)
