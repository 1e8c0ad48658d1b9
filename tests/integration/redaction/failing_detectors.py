"""Detectors that fail for real, in the child process where the service loads them. A file counts the calls: a child may not live."""

import asyncio
import os
import re
from functools import partial
from pathlib import Path

from chancery_redaction.domain.recognizers import recognize
from chancery_redaction.domain.spans import Span, settle

ALWAYS = 1_000_000


class FailingDetector:
    """Fails `times` times in one way, then finds what the patterns find."""

    def __init__(self, way, times, counts):
        self.way, self.times, self.counts = way, times, Path(counts)

    async def detect(self, texts, policy):
        with self.counts.open("ab") as file:
            file.write(b".")
        if self.counts.stat().st_size <= self.times:
            return await WAYS[self.way](texts)
        return [settle(recognize(text, frozenset(policy.entity_types), frozenset({"en"}))) for text in texts]


async def _raises(texts):
    raise ValueError(f"what an analyzer may say: {texts}")


async def _hangs(texts):
    """Not in an await, which could be cancelled, but in a regular expression, which holds the interpreter's lock."""
    return re.match(r"(a+)+$", "a" * 64 + "b")


async def _dies(texts):
    os._exit(1)


async def _waits(texts):
    await asyncio.Event().wait()


def _answers(*spans):
    async def answer(texts):
        return [list(spans) for _ in texts]

    return answer


async def _forgets(texts):
    return []


async def _says_nothing(texts):
    return None


async def _answers_what_cannot_be_sent(texts):
    return (text for text in texts)


WAYS = {
    "raises": _raises,
    "hangs": _hangs,
    "dies": _dies,
    "waits": _waits,
    "forgets": _forgets,
    "says nothing": _says_nothing,
    "answers what cannot be sent": _answers_what_cannot_be_sent,
    "ends beyond its text": _answers(Span("PERSON", 0, 10**6, 0.9)),
    "begins before its text": _answers(Span("PERSON", -3, 2, 0.9)),
    "is empty": _answers(Span("PERSON", 3, 3, 0.9)),
    "overlaps": _answers(Span("PERSON", 0, 5, 0.9), Span("PERSON", 4, 8, 0.9)),
    "is out of order": _answers(Span("PERSON", 6, 8, 0.9), Span("PERSON", 0, 4, 0.9)),
    "has no score": _answers(Span("PERSON", 0, 5, float("nan"))),
    "has no name": _answers(Span("person", 0, 5, 0.9)),
}


def failing(way, times, counts):
    """What makes the detector; goes to the child."""
    return partial(FailingDetector, way, times, counts)


def unloadable():
    """A detector whose model is not there."""
    raise OSError("no model")
