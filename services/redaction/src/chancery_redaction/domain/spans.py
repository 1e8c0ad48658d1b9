"""Spans of personal data in a text, and how overlapping ones are settled."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

_FREE = re.compile(rb"\0+")


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` to `end` are a personal datum of this type. `of`: the full value elsewhere in the request that a mention means."""

    entity_type: str
    start: int
    end: int
    score: float
    of: str | None = None


def settle(spans: Iterable[Span]) -> list[Span]:
    """Spans that do not overlap, in order: of two that do, the surer stays, then the longer; what is left over of the other stays too.

    The work is the sum of the spans' lengths, whatever their number.
    """
    ordered = sorted((span for span in spans if span.start < span.end), key=lambda one: (-one.score, one.start - one.end, one.start))
    taken = bytearray(max((span.end for span in ordered), default=0))
    kept: list[Span] = []
    for span in ordered:
        kept += _outside(span, taken)
        taken[span.start : span.end] = b"\1" * (span.end - span.start)
    return sorted(kept, key=lambda one: one.start)


def _outside(span: Span, taken: bytearray) -> list[Span]:
    """The parts of a span that no kept one covers: never leave a rest of a datum unmasked."""
    parts = [(free.start(), free.end()) for free in _FREE.finditer(taken, span.start, span.end)]
    whole = parts == [(span.start, span.end)]
    return [replace(span, start=start, end=end) for start, end in parts if whole or end - start > 1]
