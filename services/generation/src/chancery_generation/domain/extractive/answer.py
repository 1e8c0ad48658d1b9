"""Answers a question in sentences of the passages, each with its citation."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from chancery_contracts.interactions import Citation, Message, Passage

from chancery_generation.domain.completion import UNANSWERABLE, Answer
from chancery_generation.domain.extractive.meaning import NEAR_ENOUGH, Meanings
from chancery_generation.domain.extractive.question import read_question
from chancery_generation.domain.extractive.scoring import Candidate, Corpus, Scorer, candidates, words_of

MAX_UNITS = 3
LONGEST_ANSWER = 900
LEAST_GAIN = 0.12
TOO_ALIKE = 0.6


@dataclass(frozen=True, slots=True)
class Standards:
    """What is required before the model answers at all: shares (0 to 1) of what is asked for, by idf.

    `section`: what the unit's section, headings and title must cover of one part of the question; `whole`: of all parts
    together; `unit`: the least score of the unit itself; `meaning`: the merit from which a unit answers, whatever its words.
    """

    section: float = 0.5
    whole: float = 0.4
    unit: float = 0.3
    meaning: float = NEAR_ENOUGH


@dataclass(frozen=True, slots=True)
class Further:
    """What share of the best unit's score a further one must have: `near`, if it says more of what is asked; `equal`, if it does not."""

    near: float
    equal: float = math.inf


BY_WORDS = Further(near=0.7)
BY_MEANING = Further(near=0.93, equal=0.97)
"""Merits lie close together."""
DEFAULT = Standards()
WORDS_ALONE = Meanings()


def answer(
    messages: Sequence[Message],
    passages: Sequence[Passage],
    room: int = LONGEST_ANSWER,
    meanings: Meanings = WORDS_ALONE,
    standards: Standards = DEFAULT,
) -> Answer:
    """One to three units for each part of the question, in the order of the documents, or the statement that there is no answer.

    `room`: characters that the answer may have at most. `meanings`: cosines of `comparisons(messages, passages)`.
    """
    found = candidates(passages)
    corpus = Corpus(found)
    chosen: list[Candidate] = []
    demand = covered = 0.0
    for question in read_question(messages):
        scorer = Scorer(question, corpus)
        supported = _supported(scorer, found, meanings, standards)
        demand += scorer.demand
        if supported:
            covered += supported[0].support * scorer.demand
            further = BY_MEANING if meanings.cosines else BY_WORDS
            chosen += [c for c in _pick(supported, scorer, further) if all(not same(c, other) for other in chosen)]
    if not chosen or covered < standards.whole * demand:
        return UNANSWERABLE
    return compose(_with_items(chosen, found), room)


def _supported(scorer: Scorer, found: Sequence[Candidate], meanings: Meanings, standards: Standards) -> list[Candidate]:
    """Units that answer, best first. What is near enough in meaning is supported, whatever its words; its merit then is its score."""
    scored = [scorer.scored(candidate) for candidate in found]
    merits = [(candidate, meanings.merit(scorer.question, candidate)) for candidate in scored]
    if all(merit is None for _, merit in merits):
        passing = [c for c in scored if c.support >= standards.section and c.score >= standards.unit]
    else:
        passing = [
            replace(c, score=merit, support=max(c.support, 1.0 if merit >= standards.meaning else 0.0))
            for c, merit in merits
            if merit is not None and (merit >= standards.meaning or (c.support >= standards.section and c.score >= standards.unit))
        ]
    return sorted(passing, key=lambda c: (-c.score, c.rank, c.order))


def _pick(ranked: Sequence[Candidate], scorer: Scorer, further: Further) -> list[Candidate]:
    """The best unit, and further good ones as long as each adds to what is covered, or is as good, and is not said already."""
    chosen = [ranked[0]]
    covered = set(words_of(ranked[0].unit.text).concepts)
    for candidate in ranked[1:]:
        if len(chosen) == MAX_UNITS or candidate.score < further.near * ranked[0].score:
            break
        own = words_of(candidate.unit.text).concepts
        more = candidate.score >= further.equal * ranked[0].score or scorer.share(covered | own) - scorer.share(covered) >= LEAST_GAIN
        if more and all(alike(candidate, other) < TOO_ALIKE for other in chosen) and _fits(chosen, candidate):
            chosen.append(candidate)
            covered |= own
    return chosen


def _fits(chosen: Sequence[Candidate], further: Candidate) -> bool:
    return sum(len(c.unit.text) for c in chosen) + len(further.unit.text) <= LONGEST_ANSWER


def _with_items(chosen: list[Candidate], found: Sequence[Candidate]) -> list[Candidate]:
    """A unit that announces a list brings the items that follow it."""
    taken = list(chosen)
    for lead in [c for c in chosen if c.unit.text.endswith(":")]:
        for candidate in found:
            follows = candidate.passage is lead.passage and candidate.order > lead.order and candidate.unit.section == lead.unit.section
            if follows and candidate.unit.kind != "sentence" and not any(same(candidate, c) for c in taken) and _fits(taken, candidate):
                taken.append(candidate)
    return taken


def _within(chosen: Sequence[Candidate], room: int) -> list[Candidate]:
    kept, used = [chosen[0]], len(chosen[0].unit.text)
    for candidate in chosen[1:]:
        if used + 1 + len(candidate.unit.text) <= room:
            kept.append(candidate)
            used += 1 + len(candidate.unit.text)
    return kept


def same(one: Candidate, two: Candidate) -> bool:
    """True for one unit, however it was scored."""
    return (one.rank, one.order) == (two.rank, two.order)


def alike(one: Candidate, two: Candidate) -> float:
    """Jaccard similarity of the words of two units."""
    a, b = words_of(one.unit.text).stems, words_of(two.unit.text).stems
    return len(a & b) / len(a | b) if a | b else 1.0


def compose(chosen: Sequence[Candidate], room: int) -> Answer:
    """Puts units into the order of the documents and cites each: characters of the answer, no separators.

    Units come in the order in which they matter; those for which there is no room are left out. If not even the first has
    room it is cut, since the reservation covers no more.
    """
    ordered = sorted(_within(chosen, room), key=lambda c: (c.rank, c.order))
    text, citations = "", []
    for number, candidate in enumerate(ordered):
        prose = candidate.unit.kind == "sentence" and number > 0 and ordered[number - 1].unit.kind == "sentence"
        text += "" if number == 0 else " " if prose else "\n"
        citations.append(Citation(passage_id=candidate.passage.passage_id, start=len(text), end=len(text) + len(candidate.unit.text)))
        text += candidate.unit.text
    if len(text) > room:
        text = text[:room].rpartition(" ")[0] or text[:room]
        citations = [citations[0].model_copy(update={"end": len(text)})]
    return Answer(text, tuple(citations), unanswerable=False)
