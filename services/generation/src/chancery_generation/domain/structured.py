"""Answers that must fit a prompt's output schema."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from chancery_contracts.interactions import Citation, Passage
from chancery_prompting.schemas import fits, unfenced

from chancery_generation.domain.completion import Answer, CallResult

_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
_MARKER = re.compile(r"\[(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\]")


def judged(result: CallResult, schema: Mapping[str, Any] | None) -> CallResult:
    """An answer that does not fit counts as malformed, so that it is asked for again; what it took stays counted.

    One that wants tools called is on the way to an answer, and is none that could fit.
    """
    answer = result.completion
    if schema is None or answer is None or answer.tool_calls or fits(schema, answer.text):
        return result
    return replace(result, outcome="malformed", completion=None)


def read_structured(text: str, passages: Sequence[Passage]) -> Answer:
    """The JSON as it came, without a fence. A string with a marker, like `[1]`, is cited as a whole; markers stay: they may be data."""
    clean = unfenced(text)
    found = {
        Citation(passage_id=passages[number - 1].passage_id, start=string.start(1), end=string.end(1)): None
        for string in _STRING.finditer(clean)
        for marker in _MARKER.finditer(string[1])
        for number in map(int, re.findall(r"\d+", marker[1]))
        if 1 <= number <= len(passages)
    }
    return Answer(clean, tuple(found), unanswerable=False)
