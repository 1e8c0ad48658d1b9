"""How near in meaning a question is to what may be quoted: cosines of embeddings, where a model for them is at hand.

Words alone do not find "my wallet got nicked" under "lost or stolen"; embeddings alone do not tell one figure from another. Both are used:
a unit's merit is its cosine and a share of its score by words.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from chancery_contracts.interactions import Message, Passage

from chancery_generation.domain.extractive.question import Question, fits, read_question
from chancery_generation.domain.extractive.scoring import Candidate, Corpus, Scorer, candidates

SHORTLIST = 32
"""Units that are compared for one part of a question: an embedding takes milliseconds, and those far down by words and rank do not win."""
FIRST_PASSAGES = (0.3, 0.15)
"""The shortlist prefers what retrieval put first, whatever its words."""
WORDS_SHARE = 0.2
KIND_SHARE = 0.06
UNKNOWN_FIT = 0.5
"""An amount where one is asked for raises a unit, and its absence lowers it; where the kind is unknown neither does."""
NEAR_ENOUGH = 0.82
"""From this merit on a unit answers. Chosen on questions in customers' words over a bank's FAQ, those that are not held back."""


@dataclass(frozen=True, slots=True)
class Meanings:
    """Cosines by question and text. Empty: there is no model, words decide alone."""

    cosines: Mapping[tuple[str, str], float] = field(default_factory=dict)

    def merit(self, question: Question, candidate: Candidate) -> float | None:
        """None where the two were not compared."""
        cosine = self.cosines.get((question.text, compared_text(candidate)))
        if cosine is None:
            return None
        fit = UNKNOWN_FIT if question.wanted == "anything" else fits(question.wanted, candidate.unit.text)
        return cosine + WORDS_SHARE * candidate.score + KIND_SHARE * (fit - UNKNOWN_FIT)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One part of a question, and the texts to compare it with."""

    question: str
    texts: tuple[str, ...]


class Comparing(Protocol):
    """A model of meaning."""

    async def compare(self, comparisons: Sequence[Comparison]) -> Meanings:
        """The cosine of each question with each of its texts."""


def compared_text(candidate: Candidate) -> str:
    """A unit under its heading, which often says what it is about."""
    headings = candidate.unit.headings
    return f"{headings[-1]} {candidate.unit.text}" if headings else candidate.unit.text


def comparisons(messages: Sequence[Message], passages: Sequence[Passage]) -> list[Comparison]:
    """What has to be compared to answer."""
    found = candidates(passages)
    corpus = Corpus(found)
    return [Comparison(one.text, _shortlist(Scorer(one, corpus), found)) for one in read_question(messages)] if found else []


def _shortlist(scorer: Scorer, found: Sequence[Candidate]) -> tuple[str, ...]:
    scored = sorted((scorer.scored(one) for one in found), key=lambda one: (-one.score - _first(one.rank), one.rank, one.order))
    return tuple(dict.fromkeys(compared_text(one) for one in scored[:SHORTLIST]))


def _first(rank: int) -> float:
    return FIRST_PASSAGES[rank] if rank < len(FIRST_PASSAGES) else 0.0
