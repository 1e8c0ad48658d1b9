"""Spans of personal data in a text, and how overlapping ones are settled."""

from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` to `end` are a personal datum of this type. `of`: the full value elsewhere in the request that a mention means."""

    entity_type: str
    start: int
    end: int
    score: float
    of: str | None = None


def settle(spans: Iterable[Span]) -> list[Span]:
    """Spans that do not overlap, in order: of two that do, the surer stays, then the longer; what is left over of the other stays too."""
    kept: list[Span] = []
    for span in sorted(spans, key=lambda one: (-one.score, one.start - one.end, one.start)):
        kept += _outside(span, kept)
    return sorted(kept, key=lambda one: one.start)


def _outside(span: Span, kept: list[Span]) -> list[Span]:
    """The parts of a span that no kept one covers: never leave a rest of a datum unmasked."""
    parts = [(span.start, span.end)]
    for other in kept:
        parts = [piece for part in parts for piece in _subtract(part, (other.start, other.end))]
    whole = parts == [(span.start, span.end)]
    return [replace(span, start=start, end=end) for start, end in parts if whole or end - start > 1]


def _subtract(part: tuple[int, int], cut: tuple[int, int]) -> list[tuple[int, int]]:
    if cut[1] <= part[0] or cut[0] >= part[1]:
        return [part]
    return [(start, end) for start, end in ((part[0], cut[0]), (cut[1], part[1])) if start < end]
