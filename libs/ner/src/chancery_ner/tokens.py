"""Text to tokens with exact offsets, and the shape of each word, which an uncased vocabulary forgets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

Ints = NDArray[np.int64]

CLS, SEP, PAD = 101, 102, 0
_LOWER, _TITLE, _UPPER, _INITIAL, _MIXED, _DIGITS, _MARK, _UNCASED = range(8)
_GLUED, _SPACE, _LINE, _PARAGRAPH = range(4)
SHAPES = 1 + 8 * 4
"""Shape 0 is of the special tokens."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """A text in pieces. `words` are the places in `ids` where words begin; `starts` and `ends` are of pieces, in characters."""

    ids: Ints
    shapes: Ints
    starts: Ints
    ends: Ints
    words: Ints
    gaps: Ints
    """Of each word: glued to the one before (0), after a space (1), on a new line (2), in a new paragraph (3)."""


def tokenize(tokenizer: Tokenizer, text: str) -> Tokens:
    """The pieces of a text; no special tokens."""
    encoding = tokenizer.encode(text, add_special_tokens=False)
    ids = np.array(encoding.ids, dtype=np.int64)
    offsets = np.array(encoding.offsets, dtype=np.int64).reshape(-1, 2)
    numbers = np.array(encoding.word_ids, dtype=np.int64)
    words = np.flatnonzero(np.diff(numbers, prepend=-1))
    starts, ends = offsets[:, 0], offsets[:, 1]
    lasts = np.append(words[1:], len(ids)) - 1
    shapes, gaps = _shapes(text, starts[words].tolist(), ends[lasts].tolist()) if len(ids) else ([], [])
    lengths = lasts - words + 1
    word_shapes = np.array(shapes, dtype=np.int64) + 8 * np.array(gaps, dtype=np.int64) + 1
    return Tokens(ids, np.repeat(word_shapes, lengths), starts, ends, words, np.array(gaps, dtype=np.int64))


def _shapes(text: str, starts: list[int], ends: list[int]) -> tuple[list[int], list[int]]:
    shapes: list[int] = []
    gaps: list[int] = []
    before = 0
    for start, end in zip(starts, ends, strict=True):
        shapes.append(_shape(text[start:end]))
        gaps.append(_GLUED if start == before and start else _gap(text[before:start], start == 0 or before == 0))
        before = end
    return shapes, gaps


def _shape(word: str) -> int:
    if word.islower():
        return _LOWER
    if word.isdigit():
        return _DIGITS
    if word.isupper():
        return _INITIAL if len(word) == 1 else _UPPER
    if word.istitle():
        return _TITLE
    if not any(char.isalnum() for char in word):
        return _MARK
    return _MIXED if any(char.isupper() for char in word) else _UNCASED


def _gap(between: str, first: bool) -> int:
    lines = between.count("\n")
    if first or lines > 1:
        return _PARAGRAPH
    return _LINE if lines else _SPACE
