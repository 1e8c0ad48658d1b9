"""What stands in the vault behind a pseudonym, and how it is written where the pseudonym stood.

Nearly always that is the value as it was read. Where it was written in a way that nothing else tells (a JSON number, an escape that
`json.dumps` would not have chosen, capitals where the vault knows the value in small letters), a mark in front says how: a control
character, which the vault stores with the rest. Such a spelling has a pseudonym of its own, and the data subject of the value.
"""

import json
from dataclasses import dataclass
from typing import Literal

Kind = Literal["plain", "escaped", "number", "verbatim", "exact"]
_MARKS: dict[str, Kind] = {"\x01": "escaped", "\x02": "number", "\x03": "verbatim", "\x04": "exact"}
_OF_KIND = {kind: mark for mark, kind in _MARKS.items()}
DEEPEST = 9
"""JSON in a string in JSON in a string …: one digit."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """A value. `raw`: its characters in the text; `depth`: within how many JSON strings they stood, one in the other."""

    kind: Kind
    raw: str
    depth: int = 0

    @property
    def stored(self) -> str:
        """As the vault has it."""
        if self.kind == "plain":
            return self.raw
        return f"{_OF_KIND[self.kind]}{self.depth}{self.raw}"

    @property
    def plain(self) -> str:
        """The value for a person to read."""
        return unescape(self.raw, self.depth) if self.kind == "escaped" else self.raw

    @property
    def told_apart(self) -> "Spelling":
        """Of a value that the vault knows in another spelling: this one is kept beside it."""
        return Spelling("exact", self.raw) if self.kind == "plain" else self

    def within(self, depth: int) -> str:
        """The characters to write within so many JSON strings."""
        if self.kind == "verbatim" or (self.kind == "escaped" and depth == self.depth):
            return self.raw
        return escape(self.plain, depth)


def read_spelling(stored: str) -> Spelling:
    """What the vault gave back."""
    kind = _MARKS.get(stored[:1])
    if kind is None or not stored[1:2].isdigit():
        return Spelling("plain", stored)
    return Spelling(kind, stored[2:], int(stored[1]))


def plain(stored: str) -> str:
    """The value for a person to read, of what the vault gave back."""
    return read_spelling(stored).plain


def is_exact(value: str) -> bool:
    """Whether a value is marked: then its spelling is part of it."""
    return value[:1] in _MARKS and len(value) > 1


def spelled(decoded: str, raw: str, depth: int) -> Spelling:
    """The plainest spelling that gives `raw` again at its depth."""
    if escape(decoded, depth) == raw and not is_exact(decoded):
        return Spelling("plain", decoded)
    return Spelling("escaped", raw, depth) if depth else Spelling("verbatim", raw)


def escape(text: str, depth: int) -> str:
    """As the body of a JSON string (RFC 8259 §7), so many times over."""
    for _ in range(depth):
        text = json.dumps(text, ensure_ascii=False)[1:-1]
    return text


def unescape(text: str, depth: int) -> str:
    """The reverse."""
    for _ in range(depth):
        text = str(json.loads(f'"{text}"', strict=False))
    return text
