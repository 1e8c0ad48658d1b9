"""What a tenant adds by policy: names, and patterns that RE2 runs in linear time."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Any

from chancery_contracts.catalogue import PolicyPattern
from chancery_contracts.patterns import compiled

from chancery_redaction.domain.literals import Literals
from chancery_redaction.domain.spans import Span

NAME_TYPE = "PERSON"
LONGEST = 200
"""Bytes of a match: longer ones are cut where a search ends. Each search is linear, but as many as there are matches in a text are not."""
_STEP = 1_800


@lru_cache(maxsize=64)
def _literals(names: tuple[str, ...]) -> Literals[None]:
    return Literals(dict.fromkeys(names))


@lru_cache(maxsize=512)
def _pattern(regex: str) -> Any:
    return compiled(regex)


def find_names(text: str, names: tuple[str, ...]) -> list[Span]:
    """Every one of the names, by whole words, in either case."""
    return [Span(NAME_TYPE, start, end, 1.0) for start, end, _ in _literals(names).find(text)] if names else []


def find_patterns(text: str, patterns: Sequence[PolicyPattern]) -> list[Span]:
    """Every match of the tenant's patterns."""
    if not patterns:
        return []
    raw, place = _encoded(text)
    return [
        Span(one.entity_type, place[start], place[end], one.score) for one in patterns for start, end in _matches(_pattern(one.regex), raw)
    ]


def _matches(pattern: Any, raw: bytes) -> Iterator[tuple[int, int]]:
    """In windows that overlap by a match's longest length on either side, so that no match costs more than its window."""
    for begin in range(0, max(1, len(raw)), _STEP):
        offset = max(0, begin - LONGEST)
        for match in pattern.finditer(raw[offset : begin + _STEP + LONGEST]):
            start, end = match.span()
            if begin <= start + offset < begin + _STEP and start < end:
                yield start + offset, end + offset


def _encoded(text: str) -> tuple[bytes, Sequence[int]]:
    """UTF-8, and the character at each of its bytes (one more for the end)."""
    raw = text.encode("utf-8", errors="replace")
    if len(raw) == len(text):
        return raw, range(len(raw) + 1)
    starts = (byte & 0xC0 != 0x80 for byte in raw)
    return raw, [*(count - 1 for count in accumulate(starts)), len(text)]
