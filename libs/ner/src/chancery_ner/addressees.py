"""Who stands above an address: the first line of a block that the model took whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from chancery_ner.entity import Candidate

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*\.?")
_LONGEST = 60
_PLACES = (
    "house road street avenue lane court tower building floor square park place close way hall mews gardens terrace drive row quay "
    "county city town valley springs falls hills port north south east west new san santa st saint box"
)
_PLACE_WORDS = frozenset(_PLACES.split())


def apart(text: str, one: Candidate) -> Iterator[Candidate]:
    """A person and the address below, where the first line has the form of a name and only what follows has figures; else the same."""
    name, _, rest = text[one.start : one.end].partition("\n")
    below = rest.strip()
    if one.label != "POSTAL_ADDRESS" or not _is_name(name.rstrip()) or not any(char.isdigit() for char in below):
        yield one
        return
    start = one.end - len(rest.lstrip())
    yield replace(one, label="PERSON", end=one.start + len(name.rstrip()))
    yield replace(one, start=start)


def _is_name(line: str) -> bool:
    words = line.split()
    if len(line) > _LONGEST or not 2 <= len(words) <= 4:
        return False
    return all(word[0].isupper() and _WORD.fullmatch(word) and word.casefold() not in _PLACE_WORDS for word in words)
