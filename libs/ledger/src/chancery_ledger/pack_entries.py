"""Entries in a pack: one line each, and what they come to.

An entry: `entry TAB seq TAB state TAB key TAB sealed TAB leaf`; key and sealed payload in base64, `-` where there is none. A leaf is
canonical JSON and so has no tab or newline. Places of the log that were not asked for: `gap TAB from TAB to TAB roots`, the roots
(hexadecimal, comma between) of the perfect subtrees from `from` up to `to`, not included, from left to right.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from chancery_ledger.base64s import decimal, decode64, encode64
from chancery_ledger.errors import LeafRefused, Malformed
from chancery_ledger.leaf import read_leaf

SHOWN, HIDDEN, ERASED = "shown", "hidden", "erased"
REQUESTED, COMPLETED = "chancery.interaction.requested.v1", "chancery.interaction.completed.v1"
_SAFE = 2**53 - 1
_UNFINISHED_LISTED = 1_000


@dataclass(frozen=True, slots=True)
class PackEntry:
    """`shown` has key and sealed payload; `hidden` neither; `erased` no key, and the sealed payload where it still is."""

    seq: int
    state: str
    leaf: bytes
    key: bytes | None = None
    sealed: bytes | None = None

    def line(self) -> bytes:
        """With its newline."""
        key, sealed = (encode64(one).encode() if one is not None else b"-" for one in (self.key, self.sealed))
        return b"entry\t%d\t%b\t%b\t%b\t%b\n" % (self.seq, self.state.encode(), key, sealed, self.leaf)


@dataclass(frozen=True, slots=True)
class Gap:
    """Leaves `low` to `high` (not included), by the roots that they are under."""

    low: int
    high: int
    roots: tuple[bytes, ...]

    def line(self) -> bytes:
        """With its newline."""
        return b"gap\t%d\t%d\t%b\n" % (self.low, self.high, ",".join(root.hex() for root in self.roots).encode())


def parse_lines(data: bytes) -> Iterator[PackEntry | Gap]:
    """Raises Malformed for any other spelling than that of `line`."""
    if not data.endswith(b"\n"):
        raise Malformed("the last line has no end")
    for line in data[:-1].split(b"\n"):
        found = _entry(line) if line.startswith(b"entry\t") else _gap(line)
        if found.line()[:-1] != line:
            raise Malformed("not as it is written")
        yield found


def _entry(line: bytes) -> PackEntry:
    parts = line.split(b"\t")
    if len(parts) != 6:
        raise Malformed("not an entry")
    key, sealed = (None if one == b"-" else decode64(_ascii(one)) for one in parts[3:5])
    found = PackEntry(decimal(_ascii(parts[1])), _ascii(parts[2]), parts[5], key, sealed)
    fits = {SHOWN: key is not None and sealed is not None, HIDDEN: key is None and sealed is None, ERASED: key is None}
    if not fits.get(found.state, False):
        raise Malformed("the state does not fit what is there")
    return found


def _gap(line: bytes) -> Gap:
    parts = line.split(b"\t")
    if len(parts) != 4 or parts[0] != b"gap":
        raise Malformed("neither an entry nor a gap")
    try:
        roots = tuple(bytes.fromhex(one) for one in _ascii(parts[3]).split(","))
    except ValueError as exc:
        raise Malformed("not the roots of a gap") from exc
    return Gap(decimal(_ascii(parts[1])), decimal(_ascii(parts[2])), roots)


def _ascii(data: bytes) -> str:
    try:
        return data.decode("ascii")
    except UnicodeDecodeError as exc:
        raise Malformed("not ASCII") from exc


def leaf_members(leaf: bytes) -> dict[str, str | int]:
    """What `read_leaf` gives, sooner: where keys are ASCII and integers small, Python's own encoder writes RFC 8785. Raises LeafRefused."""
    try:
        members = json.loads(leaf)
        plain = isinstance(members, dict) and all(type(one) is str or (type(one) is int and abs(one) <= _SAFE) for one in members.values())
        if plain and "".join(members).isascii():
            written = json.dumps(members, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
            if written == leaf:
                return dict(members)
    except (ValueError, RecursionError) as exc:
        raise LeafRefused("not JSON") from exc
    return read_leaf(leaf)


@dataclass
class Tally:
    """What the entries of a pack come to: the exporter states it, the verifier counts again."""

    entries: int = 0
    states: dict[str, int] = field(default_factory=lambda: {SHOWN: 0, HIDDEN: 0, ERASED: 0})
    types: dict[str, int] = field(default_factory=dict)
    _accepted: set[str] = field(default_factory=set)
    _ended: set[str] = field(default_factory=set)

    def take(self, members: Mapping[str, Any], state: str) -> None:
        """The next entry."""
        self.entries += 1
        self.states[state] += 1
        kind = str(members.get("type"))
        self.types[kind] = self.types.get(kind, 0) + 1
        if kind == REQUESTED:
            self._accepted.add(str(members.get("interaction")))
        elif kind == COMPLETED:
            self._ended.add(str(members.get("interaction")))

    def as_dict(self) -> dict[str, Any]:
        """For the summary. `unfinished` lists a thousand at most."""
        unfinished = sorted(self._accepted - self._ended)
        return {
            "entries": self.entries,
            "payloads": self.states,
            "types": dict(sorted(self.types.items())),
            "accepted": len(self._accepted),
            "accepted_and_ended": len(self._accepted & self._ended),
            "unfinished_count": len(unfinished),
            "unfinished": unfinished[:_UNFINISHED_LISTED],
        }
