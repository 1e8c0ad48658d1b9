"""What a tenant adds by policy: names, and patterns that RE2 runs in linear time."""

from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from itertools import accumulate
from threading import Lock
from typing import Any

from chancery_contracts.bodies import PolicyPattern
from chancery_contracts.patterns import compiled

from chancery_redaction.domain.literals import Literals
from chancery_redaction.domain.spans import Span

NAME_TYPE = "PERSON"
LONGEST = 200
"""Bytes of a match: longer ones are cut where a search ends. Each search is linear, but as many as there are matches in a text are not."""
_STEP = 1_800


MOST_LISTS, MOST_CHARACTERS = 16, 1_000_000
"""Lists of names that are kept ready to search for, and characters of all of them: each takes some 50 bytes of memory."""


class Lists:
    """What the lists of names that were used last are searched with. The last one is kept, however long it is."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, ...], tuple[Literals[None], int]] = {}
        self._using = Lock()

    def of(self, names: tuple[str, ...]) -> Literals[None]:
        """Made if it is not there."""
        with self._using:
            made = self._kept.pop(names, None) or (Literals(dict.fromkeys(names)), sum(map(len, names)))
            while self._kept and (len(self._kept) >= MOST_LISTS or self.characters + made[1] > MOST_CHARACTERS):
                del self._kept[next(iter(self._kept))]
            self._kept[names] = made
            return made[0]

    @property
    def characters(self) -> int:
        """Of all the names that are kept."""
        return sum(characters for _, characters in self._kept.values())


@cache
def _lists() -> Lists:
    return Lists()


@lru_cache(maxsize=512)
def _pattern(regex: str) -> Any:
    return compiled(regex)


def find_names(text: str, names: tuple[str, ...]) -> list[Span]:
    """Every one of the names, by whole words, in either case."""
    return [Span(NAME_TYPE, start, end, 1.0) for start, end, _ in _lists().of(names).find(text)] if names else []


def find_patterns(text: str, patterns: Sequence[PolicyPattern]) -> list[Span]:
    """Every match of the tenant's patterns."""
    if not patterns:
        return []
    raw, place = _encoded(text)
    return [
        Span(one.entity_type, place[start], place[end], one.score) for one in patterns for start, end in _matches(_pattern(one.regex), raw)
    ]


def _matches(pattern: Any, raw: bytes) -> Iterator[tuple[int, int]]:
    """As a search of the whole text finds them, in windows that a match may run out of by its longest length: none costs more than one.

    A window begins where the last match of the one before ends; what stands around it is seen by `\\b` and `^`.
    """
    position = 0
    for border in range(_STEP, len(raw) + _STEP, _STEP):
        for match in pattern.finditer(raw, max(position, border - _STEP), border + LONGEST):
            start, end = match.span()
            if start >= border:
                break
            position = end
            if start < end:
                yield start, end


def _encoded(text: str) -> tuple[bytes, Sequence[int]]:
    """UTF-8, and the character at each of its bytes (one more for the end)."""
    raw = text.encode("utf-8", errors="replace")
    if len(raw) == len(text):
        return raw, range(len(raw) + 1)
    starts = (byte & 0xC0 != 0x80 for byte in raw)
    return raw, [*(count - 1 for count in accumulate(starts)), len(text)]
