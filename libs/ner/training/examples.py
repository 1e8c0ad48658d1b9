"""Annotated texts as arrays: for every piece, which tags each head may give it. Marginal likelihood over the allowed tags is the loss."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from chancery_ner.labels import GENERAL, LEGAL, OUTSIDE, tags
from chancery_ner.tokens import Tokens, tokenize
from numpy.typing import NDArray
from tokenizers import Tokenizer

Bools = NDArray[np.bool_]
UNKNOWN = -1.0


@dataclass(frozen=True)
class Mark:
    """Characters `start` to `end` are of this type; `among` names other types that would be right too ("O": none)."""

    kind: str
    start: int
    end: int
    among: tuple[str, ...] = ()
    identifies: float = UNKNOWN


@dataclass(frozen=True)
class Annotated:
    """A text with marks of one or both heads. Where a head has no mark, `outside` says what it may say there; empty: anything."""

    key: str
    text: str
    general: list[Mark] = field(default_factory=list)
    legal: list[Mark] = field(default_factory=list)
    general_outside: tuple[str, ...] = ("O",)
    legal_outside: tuple[str, ...] = ()


@dataclass(frozen=True)
class Example:
    """What is trained on: `identifies` is 1, 0 or unknown."""

    key: str
    tokens: Tokens
    general: Bools
    legal: Bools
    identifies: NDArray[np.float32]


def example(tokenizer: Tokenizer, one: Annotated) -> Example:
    tokens = tokenize(tokenizer, one.text)
    identifies = np.full(len(tokens.ids), 0.0 if one.legal_outside else UNKNOWN, dtype=np.float32)
    for mark in one.legal:
        first, last = inside(tokens, mark)
        identifies[first:last] = mark.identifies
    return Example(
        one.key,
        tokens,
        _allowed(tokens, one.general, GENERAL, one.general_outside),
        _allowed(tokens, one.legal, LEGAL, one.legal_outside),
        identifies,
    )


def inside(tokens: Tokens, mark: Mark) -> tuple[int, int]:
    """The pieces that a mark touches."""
    return int(np.searchsorted(tokens.ends, mark.start, side="right")), int(np.searchsorted(tokens.starts, mark.end, side="left"))


def _allowed(tokens: Tokens, marks: Iterable[Mark], types: tuple[str, ...], outside: tuple[str, ...]) -> Bools:
    allowed = np.zeros((len(tokens.ids), tags(types)), dtype=np.bool_)
    allowed[:, :] = _columns(types, outside) if outside else True
    for mark in marks:
        first, last = inside(tokens, mark)
        if mark.kind == "?":
            allowed[first:last] = _columns(types, mark.among)
            continue
        at = 1 + 2 * types.index(mark.kind)
        others = _columns(types, mark.among)
        allowed[first:last] = others
        allowed[first : first + 1, at] = True
        allowed[first + 1 : last, at + 1] = True
    return allowed


def _columns(types: tuple[str, ...], names: tuple[str, ...]) -> Bools:
    row = np.zeros(tags(types), dtype=np.bool_)
    for name in names:
        if name == "O":
            row[OUTSIDE] = True
        else:
            at = 1 + 2 * types.index(name)
            row[at : at + 2] = True
    return row
