"""JSON within a text, also where it is quoted in a string of JSON: which characters are its scalars, and what they decode to.

Linear in the text. Only what `json.loads` accepts counts, and only where it has a string: `[1]` is a footnote.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from chancery_redaction.domain.spellings import DEEPEST

_BRACKET = re.compile(r'["{}\[\]]')
_STRING_BODY = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*')
_LEXEME = re.compile(r'"((?:[^"\\]|\\.)*)"(\s*:)?|-?\d[\d.eE+-]*|[{}\[\]]')
_ESCAPE = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|[^\\]+")
_OPENS = {"}": "{", "]": "["}


@dataclass(frozen=True, slots=True)
class Scalar:
    """A string's body, or a number. `starts[i]` to `ends[i]`: the characters of the text that are character `i` of `decoded`."""

    decoded: str
    starts: Sequence[int] = field(repr=False)
    ends: Sequence[int] = field(repr=False)
    start: int
    end: int
    depth: int
    """Within how many JSON strings it stands, its own among them."""
    name: str
    """The key that it is under; its own, where it is a key."""
    kind: str
    """`string`, `number` or `key`."""


def json_regions(text: str) -> list[tuple[int, int]]:
    """Where JSON objects and arrays with strings stand in a text, the largest ones."""
    if '"' not in text:
        return []
    return [(start, end) for start, end in _balanced(text) if _parses(text[start:end])]


def _balanced(text: str) -> list[tuple[int, int]]:
    """The largest stretches whose brackets close, strings aside."""
    open_, closed = list[tuple[str, int]](), list[tuple[int, int]]()
    position = 0
    while found := _BRACKET.search(text, position):
        position, bracket = found.end(), found[0]
        if bracket == '"':
            if open_ and (body := _STRING_BODY.match(text, found.start())):
                position = body.end() + 1
        elif bracket in "{[":
            open_.append((bracket, found.start()))
        elif any(one == _OPENS[bracket] for one, _ in open_[-1:]):
            start = open_.pop()[1]
            while closed and closed[-1][0] > start:
                closed.pop()
            closed.append((start, position))
        else:
            open_.clear()
    return closed


def _parses(candidate: str) -> bool:
    if '"' not in candidate:
        return False
    try:
        json.loads(candidate)
    except (ValueError, RecursionError):
        return False
    return True


def scalars(text: str, start: int, end: int) -> Iterator[Scalar]:
    """Keys, strings and numbers of a region, in order; for a string that is JSON itself, what is within it."""
    return _walk(text[start:end], range(start, end), range(start + 1, end + 1), 0)


def _walk(text: str, starts: Sequence[int], ends: Sequence[int], depth: int) -> Iterator[Scalar]:
    names: list[str] = [""]
    for found in _LEXEME.finditer(text):
        lexeme = found[0]
        if lexeme in "{[":
            names.append(names[-1])
        elif lexeme in "}]":
            names.pop()
        elif found[1] is None:
            yield _scalar(lexeme, starts[found.start() : found.end()], ends[found.start() : found.end()], depth, names[-1], "number")
        else:
            decoded, inner_starts, inner_ends = _decoded(found[1], starts, ends, found.start(1))
            if found[2] is not None:
                names[-1] = decoded
            elif depth < DEEPEST - 1 and decoded.lstrip()[:1] in ("{", "[") and _parses(decoded):
                yield from _walk(decoded, inner_starts, inner_ends, depth + 1)
                continue
            kind = "string" if found[2] is None else "key"
            yield _scalar(decoded, inner_starts, inner_ends, depth + 1, names[-1], kind, ends[found.start()])


def _scalar(
    decoded: str, starts: Sequence[int], ends: Sequence[int], depth: int, name: str, kind: str, at: int = 0
) -> Scalar:  # fmt: skip
    return Scalar(decoded, starts, ends, starts[0] if decoded else at, ends[-1] if decoded else at, depth, name, kind)


def _decoded(body: str, starts: Sequence[int], ends: Sequence[int], at: int) -> tuple[str, Sequence[int], Sequence[int]]:
    """A string's body without its escapes (RFC 8259 §7), and where each character stood."""
    if "\\" not in body:
        return body, starts[at : at + len(body)], ends[at : at + len(body)]
    decoded, new_starts, new_ends = [], list[int](), list[int]()
    for found in _ESCAPE.finditer(body):
        first, last = at + found.start(), at + found.end()
        if found[0][0] == "\\":
            decoded.append(str(json.loads(f'"{found[0]}"')))
            new_starts.append(starts[first])
            new_ends.append(ends[last - 1])
        else:
            decoded.append(found[0])
            new_starts += starts[first:last]
            new_ends += ends[first:last]
    return "".join(decoded), new_starts, new_ends
