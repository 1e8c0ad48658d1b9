"""Answers a question, or summarises, in sentences of the passages, each with its citation."""

from collections.abc import Sequence
from dataclasses import dataclass

from chancery_contracts.interactions import Citation, Message, Passage
from chancery_generation.domain.completion import UNANSWERABLE, Answer
from chancery_generation.domain.extractive.question import read_question
from chancery_generation.domain.extractive.scoring import Candidate, Scorer, candidates

MAX_UNITS = 3
LONGEST_ANSWER = 900
ENOUGH_OF_BEST = 0.72
"""A further unit must score this share of the best one's."""
TOO_ALIKE = 0.6


@dataclass(frozen=True, slots=True)
class Standards:
    """What is required before the model answers at all: shares (0 to 1) of the question's informative terms, by idf."""

    section: float = 0.55
    unit: float = 0.3


def answer(messages: Sequence[Message], passages: Sequence[Passage], standards: Standards = Standards()) -> Answer:
    """One to three units in the order of the documents; the plain statement that there is no answer, where support lacks."""
    question = read_question(messages)
    found = candidates(passages)
    if not question.informative or not found:
        return UNANSWERABLE
    scorer = Scorer(question, found)
    ranked = sorted((scorer.scored(candidate) for candidate in found), key=lambda c: (-c.score, c.rank, c.order))
    supported = [c for c in ranked if c.support >= standards.section and c.score >= standards.unit]
    if not supported:
        return UNANSWERABLE
    return compose(_with_items(_pick(supported), found))


def _pick(ranked: Sequence[Candidate]) -> list[Candidate]:
    best = ranked[0]
    chosen = [best]
    for candidate in ranked[1:]:
        if len(chosen) == MAX_UNITS or candidate.score < ENOUGH_OF_BEST * best.score:
            break
        if all(alike(candidate, other) < TOO_ALIKE for other in chosen) and _fits(chosen, candidate):
            chosen.append(candidate)
    return chosen


def _fits(chosen: Sequence[Candidate], further: Candidate) -> bool:
    return sum(len(c.unit.text) for c in chosen) + len(further.unit.text) <= LONGEST_ANSWER


def _with_items(chosen: list[Candidate], found: Sequence[Candidate]) -> list[Candidate]:
    """A unit that announces a list brings the items that follow it."""
    announcing = [c for c in chosen if c.unit.text.endswith(":")]
    taken = list(chosen)
    for lead in announcing:
        for candidate in found:
            follows = candidate.passage is lead.passage and candidate.order > lead.order and candidate.unit.section == lead.unit.section
            if follows and candidate.unit.kind != "sentence" and candidate not in taken and _fits(taken, candidate):
                taken.append(candidate)
    return taken


def alike(one: Candidate, two: Candidate) -> float:
    """Jaccard similarity of the words of two units."""
    a, b = set(one.unit.terms), set(two.unit.terms)
    return len(a & b) / len(a | b) if a | b else 1.0


def compose(chosen: Sequence[Candidate]) -> Answer:
    """Puts units into the order of the documents and cites each: characters of the answer, no separators."""
    ordered = sorted(chosen, key=lambda c: (c.rank, c.order))
    text, citations = "", []
    for number, candidate in enumerate(ordered):
        prose = candidate.unit.kind == "sentence" and number > 0 and ordered[number - 1].unit.kind == "sentence"
        text += "" if number == 0 else " " if prose else "\n"
        citations.append(Citation(passage_id=candidate.passage.passage_id, start=len(text), end=len(text) + len(candidate.unit.text)))
        text += candidate.unit.text
    return Answer(text, tuple(citations), unanswerable=False)
