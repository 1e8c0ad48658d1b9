"""Whether what a detector answered can be an answer: one that cannot is a failure, and never "no findings"."""

import re
from collections.abc import Sequence

from chancery_redaction.domain.spans import Span

_ENTITY_TYPE = re.compile(r"[A-Z][A-Z_]{1,40}")
"""What a pseudonym can be named after; another name would make a token that is never found again."""


def unsound(texts: Sequence[str], found: object) -> str | None:
    """What is wrong with the spans found in `texts`, in words without a datum; None where nothing is."""
    if not isinstance(found, list) or len(found) != len(texts):
        return "not one answer for each text"
    for text, spans in zip(texts, found, strict=True):
        if not isinstance(spans, list):
            return "not one answer for each text"
        fault = _fault(len(text), spans)
        if fault is not None:
            return fault
    return None


def _fault(length: int, spans: list[object]) -> str | None:
    end = 0
    for span in spans:
        if not isinstance(span, Span):
            return "an answer that is no span"
        if not 0 <= span.start < span.end <= length:
            return "a span outside of its text"
        if span.start < end:
            return "spans that overlap or are out of order"
        if not 0.0 <= span.score <= 1.0:  # also false for "not a number"
            return "a score that is none"
        if not _ENTITY_TYPE.fullmatch(span.entity_type):
            return "an entity type that is none"
        end = span.end
    return None
