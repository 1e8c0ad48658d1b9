"""How well each unit of the passages answers a question: idf-weighted coverage, headings, kind of answer, rank."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from chancery_contracts.interactions import Passage

from chancery_generation.domain.extractive.question import Question, fits
from chancery_generation.domain.extractive.segments import Unit, units_of
from chancery_generation.domain.extractive.words import concept, stems

SYNONYM = 0.85
HEADING = 0.75
LEAD_IN = 0.45
TITLE = 0.4
"""What a term is worth that is matched by a synonym; in a section's or column's heading; in the unit before; in the title. Own words: 1."""
KIND_BONUS = 0.2
RANK_BONUS = 0.06
PROXIMITY_BONUS = 0.15
PRECISION_BONUS = 0.3
"""Raised by this much if a unit speaks of nothing else than what was asked."""
ASKED_BEFORE = 0.6
"""A heading this similar to the question is a question of the same meaning (FAQ)."""
TOPIC = 0.7
"""A heading that is no question itself must be nearer, and counts for less."""
FIRST_UNITS = (0.5, 0.3, 0.15)
"""Bonus of the first units under such a heading."""
CIRCUMSTANCES = 0.5
"""What is told beside a question weighs together at most this share of what is asked: a long story must not drown it."""
SHORTEST = 2
NEAR = 3


@dataclass(frozen=True, slots=True)
class Words:
    """A text as stems and as concepts."""

    stems: frozenset[str]
    concepts: frozenset[str]


@lru_cache(maxsize=8192)
def words_of(text: str) -> Words:
    """Cached: headings, titles and units come again and again."""
    found = frozenset(stems(text))
    return Words(found, frozenset(concept(term) for term in found))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A unit that may be quoted, with its place and its score. `support`: share of the question that its section covers."""

    unit: Unit
    passage: Passage
    rank: int
    order: int
    lead: Words | None
    nth: int
    score: float = 0.0
    support: float = 0.0


def candidates(passages: Sequence[Passage]) -> list[Candidate]:
    """Every unit that may be quoted: none that overlaps an injection, is a question itself, or says next to nothing."""
    found: list[Candidate] = []
    for rank, passage in enumerate(passages):
        lead: Words | None = None
        section, nth = -1, 0
        for order, unit in enumerate(units_of(passage.text)):
            nth = nth + 1 if unit.section == section else 0
            section = unit.section
            if _quotable(unit, passage):
                found.append(Candidate(unit, passage, rank, order, lead if nth else None, nth))
            if unit.kind == "sentence":
                lead = words_of(unit.text)
    return _once(found)


def _quotable(unit: Unit, passage: Passage) -> bool:
    if any(unit.start < injection.end and injection.start < unit.end for injection in passage.injections):
        return False
    return len(unit.terms) >= SHORTEST and not unit.text.endswith("?")


def _once(found: list[Candidate]) -> list[Candidate]:
    """Passages overlap: the same words from the same document count once, at their best rank."""
    seen: set[tuple[str, str]] = set()
    kept: list[Candidate] = []
    for candidate in found:
        identity = (candidate.passage.document_id, candidate.unit.text)
        if identity not in seen:
            seen.add(identity)
            kept.append(candidate)
    return kept


class Corpus:
    """What the candidates hold together: in how many units a concept stands, and the vocabulary of each section."""

    def __init__(self, found: Sequence[Candidate]) -> None:
        self.units = max(1, len(found))
        self.frequency: Counter[str] = Counter()
        self.sections: dict[tuple[str, int], set[str]] = {}
        for candidate in found:
            unit = candidate.unit
            own = words_of(unit.text).concepts
            around = frozenset().union(
                words_of(candidate.passage.title).concepts, *(words_of(heading).concepts for heading in unit.headings)
            )
            self.frequency.update(own | around)
            self.sections.setdefault((candidate.passage.passage_id, unit.section), set()).update(own, around)

    def idf(self, folded: str) -> float:
        """Inverse frequency of a concept over the units; one that no unit holds weighs most."""
        return math.log(1 + self.units / (1 + self.frequency[folded]))


class Scorer:
    """Scores candidates against one part of a question."""

    def __init__(self, question: Question, corpus: Corpus) -> None:
        self.question = question
        self.corpus = corpus
        self.terms = _bounded(
            [(term, concept(term), weight * corpus.idf(concept(term))) for term, weight in question.weights.items()], question
        )
        self.whole = sum(worth for _, _, worth in self.terms) or 1.0
        self.asked = {concept(term): weight for term, weight in question.weights.items() if term in question.asked}
        self.demand = sum(corpus.idf(term) * weight for term, weight in self.asked.items()) or 1.0
        self.pairs = list(pairwise(folded for term, folded, _ in self.terms if term in question.asked))

    def scored(self, candidate: Candidate) -> Candidate:
        """The candidate with its scores filled in; unchanged where it has nothing to do with the question."""
        relevance = self._relevance(candidate)
        if relevance == 0.0:
            return candidate
        unit = candidate.unit
        score = relevance * (1 + KIND_BONUS * fits(self.question.wanted, unit.text))
        score += PROXIMITY_BONUS * self._proximity(unit) + PRECISION_BONUS * self._precision(unit)
        score += RANK_BONUS / (1 + candidate.rank) + self._asked_before(candidate)
        section = self.corpus.sections[(candidate.passage.passage_id, unit.section)]
        return replace(candidate, score=score, support=self.share(section))

    def share(self, concepts: set[str] | frozenset[str]) -> float:
        """How much of what is asked for these concepts cover, by idf."""
        return sum(self.corpus.idf(term) * weight for term, weight in self.asked.items() if term in concepts) / self.demand

    def _relevance(self, candidate: Candidate) -> float:
        sources = [(words_of(candidate.unit.said), 1.0), (words_of(candidate.passage.title), TITLE)]
        sources += [(words_of(heading), HEADING) for heading in (*candidate.unit.headings, *candidate.unit.columns)]
        if candidate.lead is not None:
            sources.append((candidate.lead, LEAD_IN))
        covered = 0.0
        for term, folded, worth in self.terms:
            best = max((1.0 if term in words.stems else SYNONYM) * value if folded in words.concepts else 0.0 for words, value in sources)
            covered += worth * best
        return covered / self.whole

    def _proximity(self, unit: Unit) -> float:
        """Share of the question's neighbouring pairs that stand near each other in the unit."""
        if not self.pairs:
            return 0.0
        places: dict[str, list[int]] = {}
        for place, term in enumerate(unit.terms):
            places.setdefault(concept(term), []).append(place)
        return sum(1 for one, two in self.pairs if _near(places.get(one), places.get(two))) / len(self.pairs)

    def _precision(self, unit: Unit) -> float:
        """Share of the unit's words, figures apart, that were asked for."""
        own = {word for word in words_of(unit.said).concepts if not word[0].isdigit()}
        return len(own & self.asked.keys()) / len(own) if own else 0.0

    def _asked_before(self, candidate: Candidate) -> float:
        if not candidate.unit.headings or candidate.nth >= len(FIRST_UNITS):
            return 0.0
        heading = candidate.unit.headings[-1]
        similarity = self.similarity(heading) * (1.0 if heading.endswith("?") else TOPIC)
        return similarity * FIRST_UNITS[candidate.nth] if similarity >= ASKED_BEFORE else 0.0

    def similarity(self, heading: str) -> float:
        """F1 of a heading against the question, weighted by idf; between 0 and 1."""
        words = words_of(heading).concepts
        shared = sum(self.corpus.idf(word) for word in words & self.asked.keys())
        whole = sum(self.corpus.idf(word) for word in words) + self.demand
        return 2 * shared / whole if whole else 0.0


def _bounded(terms: list[tuple[str, str, float]], question: Question) -> list[tuple[str, str, float]]:
    """The terms with the worth of circumstances brought down to their share."""
    asked = sum(worth for term, _, worth in terms if term in question.asked)
    told = sum(worth for term, _, worth in terms if term not in question.asked)
    factor = min(1.0, CIRCUMSTANCES * asked / told) if told else 1.0
    return [(term, folded, worth if term in question.asked else worth * factor) for term, folded, worth in terms]


def _near(one: list[int] | None, two: list[int] | None) -> bool:
    return one is not None and two is not None and any(abs(a - b) <= NEAR for a in one for b in two)
