"""How much each word of a question says, and which of them are rare enough to select passages by.

The weight is BM25's inverse document frequency (Robertson, Zaragoza 2009, §3.4). Common words rank what the rare ones selected,
so that the work of a search is bounded whatever is asked.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

SELECTED_AT_MOST = 400
"""Passages that the selecting words may bring together; the rarest word alone may bring this many times `RAREST_FACTOR`."""
RAREST_FACTOR = 10
WORDS_AT_MOST = 16


@dataclass(frozen=True, slots=True)
class WeightedWords:
    """Words quoted for tsquery. `selecting` is empty where every word is too common to say anything."""

    selecting: tuple[str, ...]
    weights: dict[str, float]


def weigh(words: Sequence[tuple[str, int]], passages: int) -> WeightedWords:
    """From words with the number of passages in which each stands, of `passages` in scope."""
    rarest = sorted(words, key=lambda word: (word[1], word[0]))[:WORDS_AT_MOST]
    weights = {_quoted(lexeme): _inverse_frequency(count, passages) for lexeme, count in rarest}
    selecting: list[str] = []
    selected = 0
    for lexeme, count in rarest:
        selected += count
        room = SELECTED_AT_MOST if selecting else SELECTED_AT_MOST * RAREST_FACTOR
        if selected > room:
            break
        selecting.append(_quoted(lexeme))
    return WeightedWords(tuple(selecting), weights)


def _inverse_frequency(having: int, passages: int) -> float:
    return math.log(1 + (max(passages - having, 0) + 0.5) / (having + 0.5))


def _quoted(lexeme: str) -> str:
    """A lexeme as tsquery reads it (PostgreSQL manual, 8.11.2)."""
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"
