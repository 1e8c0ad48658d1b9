"""Spans of judgments that are one value with a word between: "PLN 40 [approx. EUR 10]", "8 February and 1 April 1999"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from chancery_ner.entity import Candidate

_YEAR = re.compile(r"\b(?:1[89]|20)\d\d\b")
_LINKS = {
    "QUANTITY": re.compile(r"\s?[\[(]?(?:approx\.|approximately|about|around)\s|\s(?:to|and|or)\s|\s?[\[(]"),
    "DATE_TIME": re.compile(r",?\s(?:(?:and|to|or|until)\s)?(?:on\s)?"),
    "ORGANIZATION": re.compile(r"\s(?:of|for|in)\s(?:the\s)?"),
}
_TAILS = {
    "DEMOGRAPHIC": re.compile(r"\snationals?\b"),
    "ORGANIZATION": re.compile(r"\sof\sFirst[\s-][Ii]nstance\b"),
}


def joined(text: str, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Neighbours of one type that a linking word makes one value. A date with a year is whole: nothing is joined to it."""
    kept: list[Candidate] = []
    for one in candidates:
        if kept and _linked(text, kept[-1], one):
            last = kept.pop()
            score, identifies = max(last.score, one.score), max(last.identifies, one.identifies)
            kept.append(Candidate(one.label, last.start, one.end, score, identifies))
        else:
            kept.append(one)
    limits = [*(one.start for one in kept[1:]), len(text)]
    return [_whole(text, one, limit) for one, limit in zip(kept, limits, strict=False)]


def _whole(text: str, one: Candidate, limit: int) -> Candidate:
    """With the words that its kind ends in: "Turkish national", "Court of First Instance"."""
    tail = _TAILS[one.label].match(text, one.end, limit) if one.label in _TAILS else None
    return replace(one, end=tail.end()) if tail else one


def _linked(text: str, one: Candidate, other: Candidate) -> bool:
    link = _LINKS.get(one.label)
    if link is None or one.label != other.label or not link.fullmatch(text, one.end, other.start):
        return False
    return one.label != "DATE_TIME" or (not _YEAR.search(text, one.start, one.end) and bool(_YEAR.search(text, other.start, other.end)))
