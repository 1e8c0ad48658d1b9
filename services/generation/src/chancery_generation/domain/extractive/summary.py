"""Summarises: the units nearest to what the passages are about, spread over documents and sections."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from chancery_contracts.interactions import Passage

from chancery_generation.domain.completion import UNANSWERABLE, Answer
from chancery_generation.domain.extractive.answer import TOO_ALIKE, alike, compose
from chancery_generation.domain.extractive.scoring import Candidate, candidates
from chancery_generation.domain.extractive.words import concept

FEWEST, MOST = 5, 8
LONGEST_SUMMARY = 4000
UNITS_FOR_ONE_MORE = 6
"""One more unit is chosen for each so many that there are, between the fewest and the most."""
MAX_PER_SECTION = 2
LONGEST_UNIT, SHORTEST_UNIT = 420, 30
TELLING_BONUS = 0.25
FIRST_BONUS = 0.15
_TELLING = re.compile(r"\d|\b(?:shall|must|agrees?|undertakes?|liable|terminat\w+|govern\w+|entitled|payable|means)\b", re.I)


def summarise(passages: Sequence[Passage], room: int = LONGEST_SUMMARY) -> Answer:
    """Five to eight units, in the order of the documents; fewer where `room` (characters) is less."""
    found = [c for c in candidates(passages) if SHORTEST_UNIT <= len(c.unit.text) <= LONGEST_UNIT and not c.unit.text.endswith(":")]
    if not found:
        return UNANSWERABLE
    wanted = min(MOST, max(FEWEST, len(found) // UNITS_FOR_ONE_MORE))
    return compose(_placed(_spread(_scored(found), wanted)), room)


def _scored(found: Sequence[Candidate]) -> list[Candidate]:
    """Cosine of each unit with the centroid of all (tf-idf), raised for figures and obligations and for first sentences."""
    vectors = [Counter(concept(term) for term in c.unit.terms) for c in found]
    frequency = Counter(term for vector in vectors for term in vector)
    idf = {term: math.log(1 + len(found) / count) for term, count in frequency.items()}
    weighted = [{term: count * idf[term] for term, count in vector.items()} for vector in vectors]
    centroid: dict[str, float] = {}
    for vector in weighted:
        for term, value in vector.items():
            centroid[term] = centroid.get(term, 0.0) + value
    return sorted(
        (replace(c, score=_cosine(vector, centroid) * _boost(c)) for c, vector in zip(found, weighted, strict=True)),
        key=lambda c: (-c.score, c.rank, c.order),
    )


def _boost(candidate: Candidate) -> float:
    telling = TELLING_BONUS if _TELLING.search(candidate.unit.text) else 0.0
    return 1.0 + telling + (FIRST_BONUS if candidate.nth == 0 else 0.0)


def _cosine(vector: dict[str, float], centroid: dict[str, float]) -> float:
    dot = sum(value * centroid[term] for term, value in vector.items())
    norm = math.sqrt(sum(v * v for v in vector.values())) * math.sqrt(sum(v * v for v in centroid.values()))
    return dot / norm if norm else 0.0


def _spread(ranked: Sequence[Candidate], wanted: int) -> list[Candidate]:
    """Best first, one a section before a second of any; none too like one already chosen."""
    chosen: list[Candidate] = []
    for limit in range(1, MAX_PER_SECTION + 1):
        for candidate in ranked:
            if len(chosen) == wanted:
                return chosen
            held = sum(1 for c in chosen if _section(c) == _section(candidate))
            if candidate not in chosen and held < limit and all(alike(candidate, c) < TOO_ALIKE for c in chosen):
                chosen.append(candidate)
    return chosen


def _section(candidate: Candidate) -> tuple[str, tuple[str, ...], int]:
    unit = candidate.unit
    return candidate.passage.document_id, unit.headings, unit.section if unit.headings else unit.paragraph


def _placed(chosen: Sequence[Candidate]) -> list[Candidate]:
    """Best first still, each with its place in the order of reading: documents as they were found, then as they run."""
    documents: dict[str, int] = {}
    for candidate in sorted(chosen, key=lambda c: c.rank):
        documents.setdefault(candidate.passage.document_id, len(documents))
    return [replace(c, rank=documents[c.passage.document_id], order=c.passage.start + c.unit.start) for c in chosen]
