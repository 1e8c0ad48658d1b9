"""How far a sentence is borne out by texts: its words, and its neighbouring words, among theirs."""

from collections.abc import Sequence
from itertools import pairwise

from chancery_validation.domain.texts import content, pairs, vocabulary

WORDS, PAIRS = 0.8, 0.2
"""Words weigh most: an answer may order them anew; pairs tell "A paid B" from words that lie about anywhere."""


def grounding(sentence: str, texts: Sequence[str]) -> float:
    """Between 0 (nothing of it is there) and 1 (all of it is, in that order)."""
    found = content(sentence)
    if not found:
        return 1.0
    known = frozenset().union(*(vocabulary(text) for text in texts))
    words = sum(1 for word in found if word in known) / len(found)
    neighbours = list(pairwise(found))
    if not neighbours:
        return words
    joined = frozenset().union(*(pairs(text) for text in texts))
    return WORDS * words + PAIRS * sum(1 for pair in neighbours if pair in joined) / len(neighbours)
