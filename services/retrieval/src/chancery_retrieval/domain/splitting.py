"""A span that is too long, split where it hurts least: lines of tables and code, sentences, words, at last anywhere."""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

CHARACTERS_PER_TOKEN_AT_MOST = 8
"""A piece that has no white space is cut after `target * this` characters."""

_BOUNDARIES: dict[str, re.Pattern[str]] = {
    "line": re.compile(r"\n+"),
    "sentence": re.compile(r"(?<=[.!?;:])[\"')\]]*\s+"),
    "word": re.compile(r"\s+"),
}


class Span(NamedTuple):
    """Offsets, end exclusive."""

    start: int
    end: int


def split_span(text: str, span: Span, target: int, count: Callable[[str], int], *, by_line: bool) -> Iterator[Span]:
    """Pieces of at most `target` tokens where a boundary allows; they cover all but white space of the span."""
    yield from _split(text, span, target, count, ("line", "word") if by_line else ("sentence", "line", "word"))


def _split(text: str, span: Span, target: int, count: Callable[[str], int], boundaries: tuple[str, ...]) -> Iterator[Span]:
    if not boundaries:
        yield from _cut_anywhere(span, target * CHARACTERS_PER_TOKEN_AT_MOST)
        return
    held: Span | None = None
    held_tokens = 0
    for piece in _parts(text, span, _BOUNDARIES[boundaries[0]]):
        tokens = count(text[piece.start : piece.end])
        if held is not None and held_tokens + tokens <= target:
            held, held_tokens = Span(held.start, piece.end), held_tokens + tokens
            continue
        if held is not None:
            yield held
        held, held_tokens = None, 0
        if tokens <= target:
            held, held_tokens = piece, tokens
        else:
            yield from _split(text, piece, target, count, boundaries[1:])
    if held is not None:
        yield held


def _parts(text: str, span: Span, boundary: re.Pattern[str]) -> Iterator[Span]:
    """What lies between boundaries, trimmed; closing quotes stay with their sentence."""
    start = span.start
    for match in boundary.finditer(text, span.start, span.end):
        end = match.end() - _trailing_space(match.group())
        if end > start:
            yield Span(start, end)
        start = match.end()
    if start < span.end:
        yield Span(start, span.end)


def _trailing_space(boundary: str) -> int:
    return len(boundary) - len(boundary.rstrip())


def _cut_anywhere(span: Span, length: int) -> Iterator[Span]:
    for start in range(span.start, span.end, length):
        yield Span(start, min(start + length, span.end))
