"""How far a sentence is borne out by texts: its words, and whether its neighbouring words are neighbours there too."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from chancery_validation.domain.texts import content, sentences, stem

WORDS, PAIRS = 0.8, 0.2
"""Words weigh most, an answer may put them anew; pairs tell "A paid B" from words that lie about."""
ONLY_ASKED = 0.5
"""What stands in the question alone is repeated rather than claimed: half."""

_ABOUT_THE_ANSWER = frozenset(
    stem(word)
    for word in """according based provided given information context evidence passage passages document documents following follows above
    therefore thus hence however overall yes answer question calculate calculated calculation compute computed divide divided dividing
    multiply multiplied multiplying subtract subtracted subtracting formula result equals approximately million billion thousand percent
    percentage usd gbp eur""".split()  # noqa: SIM905  # a list of strings would not be read
)
"""Words that lead through an answer, or reckon, and claim nothing of the world; what is reckoned is left to the check of numbers."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What a text holds: stems, and stems that follow each other within one sentence, any stop words between them."""

    words: frozenset[str]
    pairs: frozenset[tuple[str, str]]


NOTHING = Vocabulary(frozenset(), frozenset())


@lru_cache(maxsize=4096)
def vocabulary(text: str) -> Vocabulary:
    """Cached, because the same passages come again and again."""
    lines = [content(text[start:end]) for start, end in sentences(text)]
    return Vocabulary(frozenset(word for line in lines for word in line), frozenset(pair for line in lines for pair in pairwise(line)))


def grounding(sentence: str, texts: Sequence[str], asked: str = "") -> float:
    """Between 0 (nothing of it is there) and 1 (all of it is, and together). Figures are left to the check of numbers."""
    told = [word for word in content(sentence) if not word[0].isdigit()]
    found = [word for word in told if word not in _ABOUT_THE_ANSWER]
    if not found:
        return 1.0
    sources, question = [vocabulary(text) for text in texts], vocabulary(asked) if asked else NOTHING
    words = sum(_held(any(word in s.words for s in sources), word in question.words) for word in found) / len(found)
    neighbours = [pair for pair in pairwise(told) if not _ABOUT_THE_ANSWER.intersection(pair)]
    if not neighbours:
        return words
    pairs = sum(_held(any(pair in s.pairs for s in sources), pair in question.pairs) for pair in neighbours)
    return WORDS * words + PAIRS * pairs / len(neighbours)


def _held(by_source: bool, by_question: bool) -> float:
    return 1.0 if by_source else ONLY_ASKED if by_question else 0.0
