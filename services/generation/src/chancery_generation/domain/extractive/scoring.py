"""How well each unit of the passages answers a question: idf-weighted coverage, headings, kind of answer, rank."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from chancery_contracts.interactions import Passage
from chancery_generation.domain.extractive.question import Question, fits
from chancery_generation.domain.extractive.segments import Unit, units_of
from chancery_generation.domain.extractive.words import concept, stems

SYNONYM = 0.85
HEADING = 0.8
LEAD_IN = 0.45
TITLE = 0.4
"""What a term is worth that is matched by a synonym; in a heading; in the unit before; in the document's title. Own words: 1."""
KIND_BONUS = 0.2
RANK_BONUS = 0.1
PROXIMITY_BONUS = 0.1
ASKED_BEFORE = 0.6
"""A heading this similar to the question is a question of the same meaning (FAQ)."""
FIRST_UNITS = (0.5, 0.3, 0.15)
"""Bonus of the first units under such a heading."""
SHORTEST = 2


@dataclass(frozen=True, slots=True)
class Candidate:
    """A unit that may be quoted, with its place and its score. `support`: share of the question that its section covers."""

    unit: Unit
    passage: Passage
    rank: int
    order: int
    lead: frozenset[str]
    nth: int
    score: float = 0.0
    own: float = 0.0
    support: float = 0.0


def candidates(passages: Sequence[Passage]) -> list[Candidate]:
    """Every unit that may be quoted: none that overlaps an injection, is a question itself, or says next to nothing."""
    found: list[Candidate] = []
    for rank, passage in enumerate(passages):
        lead: frozenset[str] = frozenset()
        section, nth = -1, 0
        for order, unit in enumerate(units_of(passage.text)):
            nth = nth + 1 if unit.section == section else 0
            section = unit.section
            if _quotable(unit, passage):
                found.append(Candidate(unit, passage, rank, order, lead if nth else frozenset(), nth))
            if unit.kind == "sentence":
                lead = frozenset(unit.terms)
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


class Scorer:
    """Scores candidates of one question. Built for each question; holds document frequencies and section vocabularies."""

    def __init__(self, question: Question, found: Sequence[Candidate]) -> None:
        self.question = question
        self.total = max(1, len(found))
        self.frequency: Counter[str] = Counter()
        self.sections: dict[tuple[str, int], set[str]] = {}
        for candidate in found:
            unit = candidate.unit
            words = {concept(term) for term in unit.terms}
            self.frequency.update(words)
            section = self.sections.setdefault((candidate.passage.passage_id, unit.section), set())
            section.update(words, *(_concepts(heading) for heading in unit.headings), _concepts(candidate.passage.title))
        self.worth = {term: weight * self.idf(term) for term, weight in question.weights.items()}
        self.whole = sum(self.worth.values()) or 1.0

    def idf(self, term: str) -> float:
        """Inverse frequency of a term over the units; a term that no unit holds weighs most."""
        return math.log(1 + self.total / (1 + self.frequency[concept(term)]))

    def scored(self, candidate: Candidate) -> Candidate:
        """The candidate with its scores filled in."""
        own = self._coverage(frozenset(candidate.unit.terms))
        relevance = self._relevance(candidate)
        if relevance == 0.0:
            return candidate
        score = relevance * (1 + KIND_BONUS * fits(self.question.wanted, candidate.unit.text))
        score += RANK_BONUS / (1 + candidate.rank) + PROXIMITY_BONUS * self._proximity(candidate.unit) + self._asked_before(candidate)
        section = self.sections[(candidate.passage.passage_id, candidate.unit.section)]
        support = sum(worth for term, worth in self.worth.items() if concept(term) in section) / self.whole
        return replace(candidate, score=score, own=own, support=support)

    def _coverage(self, words: frozenset[str]) -> float:
        folded = {concept(word) for word in words}
        return sum(worth * _match(term, words, folded) for term, worth in self.worth.items()) / self.whole

    def _relevance(self, candidate: Candidate) -> float:
        own = frozenset(candidate.unit.terms)
        heading = frozenset(term for name in candidate.unit.headings for term in stems(name))
        title = frozenset(stems(candidate.passage.title))
        sources = [(words, {concept(word) for word in words}, value) for words, value in
                   ((own, 1.0), (heading, HEADING), (candidate.lead, LEAD_IN), (title, TITLE)) if words]  # fmt: skip
        return sum(worth * max(_match(term, words, folded) * value for words, folded, value in sources) for term, worth in self.worth.items()) / self.whole

    def _proximity(self, unit: Unit) -> float:
        """Share of the question's neighbouring pairs that stand near each other in the unit."""
        terms = [concept(term) for term in self.question.weights]
        places = {concept(term): place for place, term in enumerate(unit.terms)}
        pairs = list(zip(terms, terms[1:], strict=False))
        near = sum(1 for one, two in pairs if one in places and two in places and abs(places[one] - places[two]) <= 3)
        return near / len(pairs) if pairs else 0.0

    def _asked_before(self, candidate: Candidate) -> float:
        if not candidate.unit.headings or candidate.nth >= len(FIRST_UNITS):
            return 0.0
        similarity = self.similarity(candidate.unit.headings[-1])
        return similarity * FIRST_UNITS[candidate.nth] if similarity >= ASKED_BEFORE else 0.0

    def similarity(self, heading: str) -> float:
        """F1 of a heading against the question, weighted by idf; between 0 and 1."""
        words = _concepts(heading)
        asked = {concept(term) for term in self.question.weights}
        shared = sum(self.idf(word) for word in words & asked)
        whole = sum(self.idf(word) for word in words) + sum(self.idf(word) for word in asked)
        return 2 * shared / whole if whole else 0.0


def _match(term: str, words: frozenset[str], folded: set[str]) -> float:
    return 1.0 if term in words else SYNONYM if concept(term) in folded else 0.0


def _concepts(text: str) -> frozenset[str]:
    return frozenset(concept(term) for term in stems(text))
