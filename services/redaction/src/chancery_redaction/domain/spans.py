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
    """Spans that do not overlap, in order. Of one type those that do are one span; else the surer stays, then the longer, and what is
    left over of the other stays too. The work is the sum of the spans' lengths, whatever their number.
    """
    ordered = sorted(_united(span for span in spans if span.start < span.end), key=lambda one: (-one.score, one.start - one.end, one.start))
    taken = bytearray(max((span.end for span in ordered), default=0))
    kept: list[Span] = []
    for span in ordered:
        kept += _outside(span, taken)
        taken[span.start : span.end] = b"\1" * (span.end - span.start)
    return sorted(kept, key=lambda one: one.start)


def _united(spans: Iterable[Span]) -> list[Span]:
    """Overlapping spans of a type as one, as sure as the surest; `of` is the longest one's."""
    united: list[Span] = []
    longest = 0
    for span in sorted(spans, key=lambda one: (one.entity_type, one.start, -one.end)):
        last = united[-1] if united else None
        if last is None or last.entity_type != span.entity_type or span.start >= last.end:
            united.append(span)
            longest = span.end - span.start
            continue
        of = span.of if span.end - span.start > longest else last.of
        longest = max(longest, span.end - span.start)
        united[-1] = replace(last, end=max(last.end, span.end), score=max(last.score, span.score), of=of)
    return united


def _outside(span: Span, taken: bytearray) -> list[Span]:
    """The parts of a span that no kept one covers: never leave a rest of a datum unmasked."""
    parts = [(free.start(), free.end()) for free in _FREE.finditer(taken, span.start, span.end)]
    whole = parts == [(span.start, span.end)]
    return [replace(span, start=start, end=end) for start, end in parts if whole or end - start > 1]
