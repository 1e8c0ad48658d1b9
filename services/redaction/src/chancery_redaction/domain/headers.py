"""Persons in the headers of e-mails: `From: "Smith, Ann" <ann@…>`, `To: Ann Smith; Lee, Bob`, `On …, Ann Smith <ann@…> wrote:`.

A header says what it is, where a sentence would have to: a name in it needs no guess.
"""

import re
from collections.abc import Iterator

from chancery_redaction.domain.spans import Span

SCORE = 0.9
_HEADER = re.compile(r"(?im)^[ \t]{0,3}\**(?:from|to|cc|bcc|reply-to|sender|von|an|de|para|à)\**:\**(?P<value>[^\n]{1,2000})$")
_WROTE = re.compile(r"(?m)^(?:On|Am) (?P<value>[^\n]{1,300})(?:\n[^\n]{0,200})?(?:wrote|schrieb):")
_ADDRESS = re.compile(r"<[^<>\s]{1,320}>")
_FIGURE = re.compile(r"\d[\d:.]*(?: ?[AP]M)?")
_NAME = re.compile(
    r"[^\W\d_a-zß-öø-ÿ][\w.'’-]{0,40}(?:,? (?:[^\W\d_a-zß-öø-ÿ][\w.'’-]{0,40}|van|von|der|den|de|del|di|da|la|le|bin|ibn|zu)){0,6}"
)


def named_in_headers(text: str) -> list[Span]:
    """Each with the name in its usual order, where the header has the surname first."""
    spans = [span for found in _HEADER.finditer(text) for span in _listed(text, *found.span("value"))]
    return spans + [span for found in _WROTE.finditer(text) for span in _addressed(text, *found.span("value"), alone=False)]


def _listed(text: str, start: int, end: int) -> Iterator[Span]:
    position = start
    while position < end:
        stop = text.find(";", position, end)
        stop = end if stop < 0 else stop
        yield from _addressed(text, position, stop, alone=True)
        position = stop + 1


def _addressed(text: str, start: int, end: int, *, alone: bool) -> Iterator[Span]:
    """What stands before each address; `alone`: and what has none."""
    position = start
    for address in _ADDRESS.finditer(text, start, end):
        yield from _name(text, position, address.start(), dated=not alone)
        position = address.end()
    if alone and position == start and "@" not in text[start:end]:
        yield from _name(text, start, end, dated=False)


def _name(text: str, start: int, end: int, *, dated: bool) -> Iterator[Span]:
    """The name that ends there; further addresses without a name may stand before it."""
    mail = text.rfind("@", start, end)
    if mail >= 0:
        comma = text.find(",", mail, end)
        start = end if comma < 0 else comma
    stripped = text[start:end].strip(" \t,;'\"*\r")
    first = text.find(stripped, start) if stripped else end
    # In `On Mon, 3 March 2024 at 10:12, Ann Smith` the name is what comes after the last figure.
    figures = [match.end() for match in _FIGURE.finditer(stripped)] if dated else []
    if figures:
        rest = stripped[figures[-1] :].lstrip(" ,")
        first, stripped = first + len(stripped) - len(rest), rest
    if _NAME.fullmatch(stripped) and len(stripped) > 1:
        yield Span("PERSON", first, first + len(stripped), SCORE, _in_order(stripped))


def _in_order(name: str) -> str | None:
    surname, comma, given = name.partition(", ")
    return f"{given} {surname}" if comma and "," not in given else None
