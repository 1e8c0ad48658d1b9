"""A text's tokens in windows that the model reads one by one, cut where sentences and paragraphs end."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chancery_ner.tokens import Tokens

ENDS = frozenset({1012, 1029, 999, 1025})
"""Ids of `.`, `?`, `!` and `;`."""

Window = tuple[int, int]


def breaks(tokens: Tokens) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where a new line begins, and where a new sentence may: places in `ids`, in order."""
    lines = tokens.words[tokens.gaps >= 2]
    spaced = tokens.words[tokens.gaps >= 1]
    spaced = spaced[spaced > 0]
    sentences = spaced[np.isin(tokens.ids[spaced - 1], list(ENDS))]
    return lines, sentences


def cut(tokens: Tokens, longest: int, first: int = 0) -> list[Window]:
    """Windows of at most `longest` pieces that follow each other from piece `first` on."""
    lines, sentences = breaks(tokens)
    windows: list[Window] = []
    start, end = first, len(tokens.ids)
    while end - start > longest:
        limit = start + longest
        stop = _last(lines, start + longest // 2, limit) or _last(sentences, start + longest // 3, limit)
        stop = stop or _last(tokens.words, start, limit) or limit
        windows.append((start, stop))
        start = stop
    return [*windows, (start, end)] if end > start else windows


def _last(places: NDArray[np.int64], after: int, limit: int) -> int:
    """The last of the places that lies after `after` and not after `limit`; 0 if there is none."""
    at = int(np.searchsorted(places, limit, side="right")) - 1
    return int(places[at]) if at >= 0 and places[at] > after else 0
