"""Texts as detectors read them, and the way back: full-width digits, ligatures, invisible characters and look-alikes hide no datum.

Every character of the plain text stems from one stretch of the original, so that a span found in the one is a span of the other.
"""

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

from chancery_redaction.domain.spans import Span

_MARKS = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_INVISIBLE = (
    "\\x00-\\x08\\x0e-\\x1f\\x7f-\\x84\\x86-\\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff"
)
_GREEK_CYRILLIC = "\u0370-\u0482\u048a-\u052f"
_UNSEEN = re.compile(f"[{_INVISIBLE}]+")
_ODD = re.compile(rf"[{_INVISIBLE}]+|[^{_MARKS}{_INVISIBLE}][{_MARKS}{_INVISIBLE}]*[{_MARKS}]|[{_MARKS}]+|[^\x00-\x7f]")
"""What may not be plain: the invisible, a character and the marks upon it, anything beyond ASCII."""
_MOST_MARKS = 4
"""On one character; what has more is there to hide it."""
_LOOKALIKES = str.maketrans("АВЕЅІЈКМНОРСТХУаеѕіјорсхуһԁԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧονι", "ABESIJKMHOPCTXYaesijopcxyhdqwABEZHIKMNOPTYXovi")
_WORD = re.compile(r"[^\W_]+")
_LATIN = re.compile(r"[A-Za-z0-9]")
_OTHER = re.compile(f"[{_GREEK_CYRILLIC}]")
_DASH = re.compile(r"(?<=\d)[\u2010-\u2015\u2212](?=\d)")


class Stretch(NamedTuple):
    """Characters of a plain text from `at` on, and those of the original that they stem from. `made`: all of these from all of those."""

    at: int
    start: int
    end: int
    made: bool


@dataclass(frozen=True, slots=True)
class Plain:
    """A text to be read, and its stretches; without any it is the original one."""

    text: str
    stretches: tuple[Stretch, ...] = ()

    def original(self, span: Span) -> Span:
        """The span of the original text that a span of this text stems from."""
        if not self.stretches:
            return span
        return replace(span, start=self._place(span.start)[0], end=self._place(span.end - 1)[1])

    def _place(self, offset: int) -> tuple[int, int]:
        stretch = self.stretches[bisect_right(self.stretches, offset, key=lambda one: one.at) - 1]
        if stretch.made:
            return stretch.start, stretch.end
        within = stretch.start + offset - stretch.at
        return within, within + 1


def normalised(text: str) -> Plain:
    """NFKC, without what is not seen, all digits as ASCII ones, and in mixed words the Latin letters for what looks like them."""
    if text.isascii() and _UNSEEN.search(text) is None:
        return Plain(text)
    pieces, stretches = _pieces(text)
    whole = "".join(pieces)
    read = _DASH.sub("-", _WORD.sub(_read, whole) if _OTHER.search(whole) else whole)
    return Plain(read, tuple(stretches) if whole != text else ())


def _pieces(text: str) -> tuple[list[str], list[Stretch]]:
    pieces: list[str] = []
    stretches: list[Stretch] = []
    length = position = 0

    def add(piece: str, start: int, end: int, made: bool) -> None:
        nonlocal length
        if piece:
            pieces.append(piece)
            stretches.append(Stretch(length, start, end, made))
            length += len(piece)

    for match in _ODD.finditer(text):
        plain = _plain(match[0])
        if plain != match[0]:
            add(text[position : match.start()], position, match.start(), False)
            add(plain, match.start(), match.end(), True)
            position = match.end()
    add(text[position:], position, len(text), False)
    return pieces, stretches


def _read(word: re.Match[str]) -> str:
    """Only where Latin letters or digits are among them: a whole word of Greek or Cyrillic ones is another language's."""
    return word[0].translate(_LOOKALIKES) if _OTHER.search(word[0]) and _LATIN.search(word[0]) else word[0]


@lru_cache(maxsize=4096)
def _plain(cluster: str) -> str:
    seen = _UNSEEN.sub("", cluster)
    made = unicodedata.normalize("NFKC", seen[: _MOST_MARKS + 1])
    return "".join(str(digit) if (digit := unicodedata.decimal(char, None)) is not None else char for char in made)
