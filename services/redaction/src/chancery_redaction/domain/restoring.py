"""Puts values in the place of their pseudonyms, written as the place demands; exact where a text was only masked."""

import html
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from chancery_contracts.interactions import Citation

from chancery_redaction.domain.json_text import Scalar, json_regions, scalars
from chancery_redaction.domain.mentions import Mention, mentions
from chancery_redaction.domain.spellings import Spelling, escape, read_spelling


def tokens_in(text: str, known: frozenset[str]) -> set[str]:
    """The known tokens of a text; what only looks like one is not ours."""
    return {one.token for one in mentions(text, known)}


Replacement = tuple[int, int, str]
"""Characters of a text, and what stands there instead."""


def restore(
    text: str, values: Mapping[str, str], citations: Sequence[Citation] = (), more: Sequence[Replacement] = ()
) -> tuple[str, list[Citation]]:
    """The text with its tokens replaced by their values, and the citations moved along. One pass: a value is never searched for tokens,
    nor for what else is replaced."""
    found = list(mentions(text, values))
    strings = _strings(text) if found else []
    pieces: list[str] = []
    moves: list[tuple[int, int]] = [(0, 0)]  # from this character of the old text on, shifted by so much
    position = shift = 0
    places = [_written(text, one, read_spelling(values[one.token]), _home(strings, one)) for one in found]
    for start, end, written in sorted([*places, *more]):
        if start < position:
            continue
        pieces += [text[position:start], written]
        position = end
        shift += len(written) - (end - start)
        moves.append((end, shift))
    return "".join(pieces) + text[position:], [_moved(citation, moves) for citation in citations]


def written_in(form: str, spelling: Spelling, depth: int) -> str:
    """A value in the escape of the token that it replaces."""
    if form == "html":
        return escape(html.escape(spelling.plain, quote=False), depth)
    if form == "url":
        return quote(spelling.plain, safe="")
    return spelling.within(max(depth, 1) if form == "json" else depth)


def _written(text: str, one: Mention, spelling: Spelling, home: Scalar | None) -> Replacement:
    depth = home.depth if home is not None else 0
    if home is not None and spelling.kind == "number" and home.kind == "string" and (one.start, one.end) == (home.start, home.end):
        mark = escape('"', depth - 1)
        return one.start - len(mark), one.end + len(mark), spelling.raw
    return one.start, one.end, written_in(one.form, spelling, depth)


def _strings(text: str) -> list[Scalar]:
    return [one for region in json_regions(text) for one in scalars(text, *region) if one.kind != "number"]


def _home(strings: Sequence[Scalar], one: Mention) -> Scalar | None:
    """The JSON string that a mention stands in."""
    at = bisect_right(strings, one.start, key=lambda scalar: scalar.start) - 1
    return strings[at] if at >= 0 and one.end <= strings[at].end else None


def _moved(citation: Citation, moves: list[tuple[int, int]]) -> Citation:
    def place(offset: int) -> int:
        at = bisect_right(moves, offset, key=lambda move: move[0]) - 1
        return offset + moves[at][1]

    return citation.model_copy(update={"start": place(citation.start), "end": place(citation.end)})
