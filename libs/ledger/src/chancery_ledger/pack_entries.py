"""Entries in a pack: one line each, and what they come to.

An entry: `entry TAB seq TAB state TAB key TAB sealed TAB leaf`; key and sealed payload in base64, `-` where there is none. A leaf is
canonical JSON and so has no tab or newline. Places of the log that were not asked for: `gap TAB from TAB to TAB roots`, the roots
(hexadecimal, comma between) of the perfect subtrees from `from` up to `to`, not included, from left to right.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from chancery_ledger.base64s import decimal, decode64_bytes, encode64
from chancery_ledger.errors import Malformed

SHOWN, HIDDEN, ERASED = "shown", "hidden", "erased"
REQUESTED, COMPLETED = "chancery.interaction.requested.v1", "chancery.interaction.completed.v1"
_STATES = {state.encode(): state for state in (SHOWN, HIDDEN, ERASED)}
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
        yield _entry(line) if line.startswith(b"entry\t") else _gap(line)


def _entry(line: bytes) -> PackEntry:
    """Each field has one spelling (canonical base64, decimal, one of three states), so that nothing else gives the same entry."""
    parts = line.split(b"\t")
    if len(parts) != 6:
        raise Malformed("not an entry")
    _, number, named, key64, sealed64, leaf = parts
    key = None if key64 == b"-" else decode64_bytes(key64)
    sealed = None if sealed64 == b"-" else decode64_bytes(sealed64)
    state = _STATES.get(named)
    fits = key is None if state == ERASED else (key is not None) == (sealed is not None) == (state == SHOWN)
    if state is None or not fits:
        raise Malformed("the state does not fit what is there")
    return PackEntry(decimal(_ascii(number)), state, leaf, key, sealed)


def _gap(line: bytes) -> Gap:
    parts = line.split(b"\t")
    if len(parts) != 4 or parts[0] != b"gap":
        raise Malformed("neither an entry nor a gap")
    try:
        roots = tuple(bytes.fromhex(one) for one in _ascii(parts[3]).split(","))
    except ValueError as exc:
        raise Malformed("not the roots of a gap") from exc
    found = Gap(decimal(_ascii(parts[1])), decimal(_ascii(parts[2])), roots)
    if found.line()[:-1] != line:
        raise Malformed("not as it is written")
    return found


def _ascii(data: bytes) -> str:
    try:
        return data.decode("ascii")
    except UnicodeDecodeError as exc:
        raise Malformed("not ASCII") from exc


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
