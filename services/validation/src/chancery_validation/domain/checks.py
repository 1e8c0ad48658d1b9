"""The checks. Each gives a score, higher is better, and says in words, without quoting anything, what it found."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from chancery_contracts.interactions import Check, Passage

from chancery_validation.domain.derivation import derived
from chancery_validation.domain.evidence import Evidence
from chancery_validation.domain.grounding import grounding
from chancery_validation.domain.names import names, opens_sentence
from chancery_validation.domain.numbers import claims, quantities, supported
from chancery_validation.domain.personal import PSEUDONYM, compact, personal_data
from chancery_validation.domain.texts import plain, words
from chancery_validation.errors import UnknownThreshold

NEXT_TO_NOTHING = 0.3
"""A sentence grounded less than this, half of the default threshold, is not made good by the others."""
SHINGLE = 4
"""So many words in a row, taken over from an injection, are no accident."""


@dataclass(frozen=True, slots=True)
class Result:
    """A score between 0 and 1, and its reason in words."""

    score: float
    evidence: str


@dataclass(frozen=True, slots=True)
class Validator:
    """A check by name, its version, its default threshold."""

    name: str
    version: int
    threshold: float
    check: Callable[[Evidence], Result]


def personal_data_kept(evidence: Evidence) -> Result:
    """No personal datum but those of the cited passages; no pseudonym but those of this interaction."""
    sources = " ".join(compact(passage.text) for passage in evidence.cited)
    strange = [datum.kind for datum in personal_data(evidence.answer) if compact(datum.text) not in sources]
    known = {finding.token for finding in evidence.findings}
    tokens = set(PSEUDONYM.findall(evidence.answer))
    unknown = len(tokens - known)
    if not strange and not unknown:
        return Result(1.0, f"no personal data beyond the cited passages; {len(tokens)} pseudonyms, all of this interaction")
    kinds = ", ".join(f"{count} × {kind}" for kind, count in Counter(strange).items()) or "none"
    return Result(0.0, f"not in the cited passages: {kinds}; unknown pseudonyms: {unknown}")


def citations_resolve(evidence: Evidence) -> Result:
    """Every citation points to a passage that was given and to characters of the answer; every sentence is cited."""
    if evidence.unanswerable or evidence.calls:
        return _none_needed(evidence)
    whole = len(evidence.answer)
    broken = sum(1 for c in evidence.citations if c.passage_id not in evidence.passages or not 0 <= c.start < c.end <= whole)
    if broken:
        return Result(0.0, f"{broken} of {len(evidence.citations)} citations point to nothing")
    if not evidence.citations:
        return Result(0.0, "the answer cites nothing")
    telling = [sentence for sentence in evidence.sentences if sentence.telling]
    return _share(sum(1 for sentence in telling if sentence.cited), len(telling), "sentences cited")


def numbers_supported(evidence: Evidence) -> Result:
    """Every number, amount, percentage and date stands in the cited passages or in the question, or is computed from such."""
    if evidence.calls:
        return _none_needed(evidence)
    claimed = claims(PSEUDONYM.sub(" ", evidence.answer))
    if not claimed:
        return Result(1.0, "no numbers")
    sources = [quantities(f"{passage.title}\n{passage.text}") for passage in _sources(evidence)] + [quantities(evidence.asked)]
    found = [claim for claim in claimed if supported(claim, sources)]
    computed = derived([claim for claim in claimed if claim not in found], found, evidence.answer)
    result = _share(len(found) + len(computed), len(claimed), "numbers found in the cited passages or the question")
    return Result(result.score, f"{result.evidence}; {len(computed)} of them computed from such") if computed else result


def names_supported(evidence: Evidence) -> Result:
    """Every name of several words stands in the cited passages, their titles or the question."""
    if evidence.calls:
        return _none_needed(evidence)
    named = [(line, name) for line in evidence.answer.splitlines() for name in names(PSEUDONYM.sub(" ", line))]
    if not named:
        return Result(1.0, "no names of several words")
    source = plain("\n".join([evidence.asked, *(f"{passage.title}\n{passage.text}" for passage in _sources(evidence))]))
    found = sum(1 for line, name in named if _named(line, name, source))
    return _share(found, len(named), "names found in the cited passages or the question")


def grounded(evidence: Evidence) -> Result:
    """The mean of the sentences; but a sentence of which next to nothing is there decides alone."""
    if evidence.unanswerable or evidence.calls:
        return _none_needed(evidence)
    telling = [sentence for sentence in evidence.sentences if sentence.telling]
    if not telling:
        return Result(1.0, "no sentence claims anything")
    scores = [grounding(s.text, [f"{p.title}\n{p.text}" for p in s.passages], evidence.asked) for s in telling]
    mean, least = sum(scores) / len(scores), min(scores)
    score = least if least < NEXT_TO_NOTHING else mean
    return Result(round(score, 4), f"mean of {len(scores)} sentences {mean:.2f}, the least grounded {least:.2f}")


def instructions_followed(evidence: Evidence) -> Result:
    """Nothing is taken over from passages' text that tries to instruct the model."""
    foreign = {shingle for passage in evidence.passages.values() for shingle in _injected(passage)}
    if not foreign:
        return Result(1.0, "no instructions in the passages")
    taken = len(foreign & set(_shingles(evidence.answer)))
    return Result(0.0 if taken else 1.0, f"{taken} runs of {SHINGLE} words taken over from instructions in the passages")


def _sources(evidence: Evidence) -> tuple[Passage, ...]:
    """What says that there is no answer cites nothing, and may speak of all that was given."""
    return tuple(evidence.passages.values()) if evidence.unanswerable else evidence.cited


def _named(line: str, name: str, source: str) -> bool:
    if plain(name) in source:
        return True
    rest = name.partition(" ")[2]
    return opens_sentence(line, name) and plain(rest) in source


def _injected(passage: Passage) -> set[tuple[str, ...]]:
    spans = [passage.text[found.start : found.end] for found in passage.injections]
    outside = passage.text
    for span in spans:
        outside = outside.replace(span, "\n")
    own = {shingle for span in spans for shingle in _shingles(span)}
    return own - set(_shingles(outside)) if own else own


def _shingles(text: str) -> list[tuple[str, ...]]:
    found = words(text)
    return [tuple(found[place : place + SHINGLE]) for place in range(len(found) - SHINGLE + 1)]


def _share(good: int, whole: int, what: str) -> Result:
    return Result(round(good / whole, 4) if whole else 1.0, f"{good} of {whole} {what}")


def _none_needed(evidence: Evidence) -> Result:
    """What tools are called with is no claim to anybody; whether it lets out personal data or obeys a passage is checked as ever."""
    return Result(1.0, "tools are called: nothing is claimed" if evidence.calls else "the answer says that the documents hold none")


VALIDATORS: tuple[Validator, ...] = (
    Validator("personal_data", 1, 1.0, personal_data_kept),
    Validator("citations_resolve", 1, 1.0, citations_resolve),
    Validator("numbers_supported", 2, 1.0, numbers_supported),
    Validator("names_supported", 1, 1.0, names_supported),
    Validator("grounded", 2, 0.6, grounded),
    Validator("instructions_followed", 1, 1.0, instructions_followed),
)


def run_checks(evidence: Evidence, thresholds: Mapping[str, float]) -> tuple[Check, ...]:
    """Every check, passed or not. Raises UnknownThreshold for a threshold that no check would heed."""
    unknown = set(thresholds) - {validator.name for validator in VALIDATORS}
    if unknown:
        raise UnknownThreshold(f"no such check: {', '.join(sorted(unknown))}")
    return tuple(_run(validator, evidence, thresholds) for validator in VALIDATORS)


def _run(validator: Validator, evidence: Evidence, thresholds: Mapping[str, float]) -> Check:
    result = validator.check(evidence)
    threshold = thresholds.get(validator.name, validator.threshold)
    return Check(
        name=validator.name, version=validator.version, score=result.score, threshold=threshold,
        passed=result.score >= threshold, evidence=result.evidence,
    )  # fmt: skip
