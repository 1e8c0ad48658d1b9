"""Sentences and content words, as the checks see them."""

import re
from collections.abc import Iterator
from functools import lru_cache

import snowballstemmer

WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?|\d+(?:[.,]\d+)*")
_ENDS = re.compile(r"(?:[.!?][\"'”’)\]*_]*(?=\s+[\"“'(\[<£$€]?[A-Z0-9])|\n+)")
_ABBREVIATION = re.compile(
    r"\b(?:e\.g|i\.e|cf|vs?|nos?|arts?|sec|cl|paras?|pp?|fig|approx|inc|ltd|co|corp|plc|mrs?|ms|dr|prof|st|jr|sr|u\.s|u\.k|[A-Z])\.$",
    re.IGNORECASE,
)
_CLAUSE_NUMBER = re.compile(r"\s*\(?\d{1,3}(?:\.\d{1,3})*\.$")
STOP_WORDS = frozenset(
    """a about above after again all also am an and any are as at be because been before being below between both but by can could did
    do does doing down during each few for from further had has have having he her here hers him his how i if in into is it its itself
    just may me might more most must my no nor not now of off on once only or other our out over own per same shall she should so some
    such than that the their them then there these they this those through to too under until up upon very was we were what when where
    which while who whom whose why will with within would you your yours""".split()  # noqa: SIM905  # a list of strings would not be read
)
_STEMMER = snowballstemmer.stemmer("english")


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """The stem of one lower-case word (Snowball English); numbers stay as they are."""
    return word if word[0].isdigit() else str(_STEMMER.stemWord(word.replace("’", "'").removesuffix("'s")))


def words(text: str) -> list[str]:
    """All words of a text, lower case, in order."""
    return WORD.findall(text.lower())


def content(text: str) -> list[str]:
    """Stems of the words that say something, in order."""
    return [stem(word) for word in words(text) if word not in STOP_WORDS]


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Spans of sentences and lines, trimmed."""
    begin = 0
    for match in _ENDS.finditer(text):
        if text[match.start()] == "." and _goes_on(text, begin, match.start() + 1):
            continue
        yield from _trimmed(text, begin, match.end())
        begin = match.end()
    yield from _trimmed(text, begin, len(text))


def _goes_on(text: str, begin: int, end: int) -> bool:
    """A full stop after an abbreviation, an initial, or the number that opens a clause ends nothing."""
    return _ABBREVIATION.search(text[max(begin, end - 12) : end]) is not None or _CLAUSE_NUMBER.fullmatch(text[begin:end]) is not None


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        yield start, end


def plain(text: str) -> str:
    """Lower case, one space between words, straight quotation marks: for finding one text in another."""
    return re.sub(r"\s+", " ", text.replace("’", "'").replace("*", "")).strip().lower()
