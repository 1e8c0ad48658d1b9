"""Reads the markers, such as `[1]` or `[2, 3]`, by which a model cites numbered passages."""

import re
from collections.abc import Sequence

from chancery_contracts.interactions import Citation, Passage

from chancery_generation.domain.completion import UNANSWERABLE_TEXT, Answer
from chancery_generation.domain.extractive.segments import sentence_spans

LONGEST_REFUSAL = 240
_MARKER = re.compile(r"[ \t]*(?:\[\^?(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\]|【(\d{1,3})[^】]{0,40}】)(?!\()")
_NOT_THERE = re.compile(
    r"^\W*(?:the )?(?:provided |given |supplied )?(?:documents?|passages?|context|sources?|information provided)\s+"
    r"(?:do(?:es)? not|don't|doesn't)\s+(?:hold|contain|provide|include|have|answer|mention|give|state)",
    re.IGNORECASE,
)


def read_answer(text: str, passages: Sequence[Passage]) -> Answer:
    """The text without its markers, and a citation of each sentence that carried one.

    A number that is no passage's stays in the text (`[2019] UKSC 4` is not a marker); its sentence stays uncited.
    """
    clean, marks = _take_markers(text.strip(), passages)
    if _says_not_there(clean, marks):
        return Answer(clean, (), unanswerable=True)
    return Answer(clean, _cite(clean, marks), unanswerable=False)


def _take_markers(text: str, passages: Sequence[Passage]) -> tuple[str, list[tuple[int, str]]]:
    pieces: list[str] = []
    marks: list[tuple[int, str]] = []
    length = position = 0
    for match in _MARKER.finditer(text):
        numbers = [int(number) for number in re.findall(r"\d+", match.group(1) or match.group(2))]
        if not all(1 <= number <= len(passages) for number in numbers):
            continue
        piece = text[position : match.start()]
        pieces.append(piece)
        length += len(piece)
        marks += [(length, passages[number - 1].passage_id) for number in numbers]
        position = match.end()
    pieces.append(text[position:])
    return "".join(pieces).rstrip(), marks


def _cite(text: str, marks: Sequence[tuple[int, str]]) -> tuple[Citation, ...]:
    spans = [span for start, end in _lines(text) for span in sentence_spans(text, start, end)]
    found: dict[tuple[int, int, str], None] = {}
    for position, passage_id in marks:
        before = [span for span in spans if span[0] < position]
        if before:
            found[(*before[-1], passage_id)] = None
    return tuple(Citation(passage_id=passage_id, start=start, end=end) for start, end, passage_id in sorted(found))


def _lines(text: str) -> list[tuple[int, int]]:
    spans, position = [], 0
    for line in text.splitlines(keepends=True):
        spans.append((position, position + len(line)))
        position += len(line)
    return spans


def _says_not_there(text: str, marks: Sequence[tuple[int, str]]) -> bool:
    """Only an answer that says this and nothing else: what goes on to claim something is checked like any answer."""
    if text.startswith(UNANSWERABLE_TEXT):
        return len(text) <= LONGEST_REFUSAL and not marks
    return not marks and len(text) <= LONGEST_REFUSAL and _NOT_THERE.match(text) is not None
