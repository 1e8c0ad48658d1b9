"""Probabilities of pieces to spans of whole words."""

from __future__ import annotations

import unicodedata

import numpy as np
from numpy.typing import NDArray

from chancery_ner.entity import Candidate
from chancery_ner.tokens import Tokens

_HYPHEN = 1011
"""Its id in the vocabulary."""

Floats = NDArray[np.float32]


def candidates(text: str, tokens: Tokens, logits: Floats, identifies: Floats, types: tuple[str, ...], floor: float) -> list[Candidate]:
    """Spans of one head. A word belongs to its likeliest type where "none" has at most `1 - floor`."""
    if not len(tokens.ids):
        return []
    chances, begins = _by_word(text, tokens, logits)
    sure = chances.sum(axis=1)
    kinds = np.where(sure >= floor, chances.argmax(axis=1), -1)
    kinds = _bridged(text, tokens, kinds)
    ident = _mean(tokens, _sigmoid(identifies)[:, None])[:, 0]
    return _spans(text, tokens, kinds, begins, sure, ident, types)


def _by_word(text: str, tokens: Tokens, logits: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Each word's chance of each type, and whether a span of that type rather begins at it than goes on.

    A number is one word, hyphens and all.
    """
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    chances = shifted / shifted.sum(axis=1, keepdims=True)
    first, later = chances[:, 1::2], chances[:, 2::2]
    means: Floats = _mean(tokens, first + later)
    begins: NDArray[np.bool_] = first[tokens.words] > later[tokens.words]
    for start, stop in _numbers(text, tokens):
        means[start:stop] = means[start:stop].sum(axis=0) / np.float32(stop - start)
        begins[start + 1 : stop] = False
    return means, begins


def _numbers(text: str, tokens: Tokens) -> list[tuple[int, int]]:
    """Runs of words that are one number with hyphens: `75534-030`."""
    runs: list[tuple[int, int]] = []
    for at in (np.flatnonzero(tokens.ids[tokens.words] == _HYPHEN)).tolist():
        if (
            0 < at < len(tokens.words) - 1
            and tokens.gaps[at] == tokens.gaps[at + 1] == 0
            and _digits_around(text, int(tokens.starts[tokens.words[at]]))
        ):
            start = runs.pop()[0] if runs and runs[-1][1] == at else at - 1
            runs.append((start, at + 2))
    return runs


def _digits_around(text: str, at: int) -> bool:
    return text[at - 1].isdigit() and text[at + 1].isdigit()


def _mean(tokens: Tokens, values: Floats) -> Floats:
    lengths = np.diff(np.append(tokens.words, len(tokens.ids)))
    sums: Floats = np.add.reduceat(values, tokens.words, axis=0)
    means: Floats = (sums / lengths[:, None]).astype(np.float32)
    return means


def _sigmoid(values: Floats) -> Floats:
    result: Floats = np.reciprocal(1 + np.exp(-values)).astype(np.float32)
    return result


def _bridged(text: str, tokens: Tokens, kinds: NDArray[np.int64]) -> NDArray[np.int64]:
    """A lone mark inside a span of one type belongs to it."""
    lonely = np.flatnonzero((kinds[1:-1] < 0) & (kinds[:-2] >= 0) & (kinds[:-2] == kinds[2:])) + 1
    for at in lonely.tolist():
        glued = tokens.gaps[at] == 0 and tokens.gaps[at + 1] < 2
        if glued and text[tokens.starts[tokens.words[at]]] in ".'’-/":
            kinds[at] = kinds[at - 1]
    return kinds


def _spans(
    text: str, tokens: Tokens, kinds: NDArray[np.int64], begins: NDArray[np.bool_], sure: Floats, ident: Floats, types: tuple[str, ...]
) -> list[Candidate]:
    found: list[Candidate] = []
    places = np.flatnonzero(kinds >= 0).tolist()
    lasts = np.append(tokens.words[1:], len(tokens.ids)) - 1
    at = 0
    while at < len(places):
        first = last = places[at]
        kind = kinds[first]
        while at + 1 < len(places) and places[at + 1] == last + 1 and kinds[last + 1] == kind and not begins[last + 1, kind]:
            at += 1
            last = places[at]
        at += 1
        start, end = _trimmed(text, int(tokens.starts[tokens.words[first]]), _end(text, int(tokens.ends[lasts[last]])))
        if start >= end:
            continue
        among = slice(first, last + 1)
        found.append(Candidate(types[kind], start, end, float(sure[among].mean()), float(ident[among].max())))
    return found


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Without marks before the first letter or digit and without commas and colons at the end; empty where there is neither."""
    while start < end and not text[start].isalnum():
        start += 1
    while start < end and text[end - 1] in ',:;?!"”“*|>/-–— \n':
        end -= 1
    return start, end


def _end(text: str, end: int) -> int:
    """After marks that combine with the last character: the tokenizer leaves them out."""
    while end < len(text) and (unicodedata.combining(text[end]) or text[end] in "\u200d\ufe0f"):
        end += 1
    return end
