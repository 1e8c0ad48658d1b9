"""Operating points: which head speaks, and how sure it must be of each type. They are kept beside the weights."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from chancery_ner.addressees import apart
from chancery_ner.entity import Candidate, Entity
from chancery_ner.forms import form
from chancery_ner.joining import joined
from chancery_ner.references import references, referred


@dataclass(frozen=True)
class Profile:
    """`scores` and `identifies` are the least that a type needs; a type that is not listed is not found, or identifies always."""

    head: str
    scores: Mapping[str, float]
    identifies: Mapping[str, float] = field(default_factory=dict)


def parse(text: str) -> dict[str, Profile]:
    """The profiles by name, from JSON."""
    return {name: Profile(**body) for name, body in json.loads(text)["profiles"].items()}


def apply(text: str, candidates: Sequence[Candidate], profile: Profile) -> list[Entity]:
    """Entities of a text, with further mentions of them. Equal values of a type identify together: by the mean of their chances."""
    if profile.head == "general":
        candidates = [replace(one, label=label) for one in candidates if (label := form(one.label, text[one.start : one.end]))]
    kept = [one for one in candidates if one.score >= profile.scores.get(one.label, 2.0)]
    kept = joined(text, kept) if profile.head == "legal" else [part for one in kept for part in apart(text, one)]
    chances = _chances(text, kept)
    found = [
        Entity(one.label, one.start, one.end, _score(one, profile), chances[_value(text, one)] >= profile.identifies.get(one.label, 0.0))
        for one in kept
    ]
    return sorted([*referred(text, found), *references(text, found)], key=lambda one: one.start)


def _score(one: Candidate, profile: Profile) -> float:
    """0.5 at the profile's own threshold of the type, 1 where the model is sure: so that scores of all types and profiles compare."""
    least = profile.scores[one.label]
    return round(0.5 + 0.5 * (one.score - least) / (1 - least), 4) if least < 1 else 1.0


def _chances(text: str, kept: Sequence[Candidate]) -> dict[tuple[str, str], float]:
    grouped: dict[tuple[str, str], list[float]] = defaultdict(list)
    for one in kept:
        grouped[_value(text, one)].append(one.identifies)
    return {value: sum(chances) / len(chances) for value, chances in grouped.items()}


def _value(text: str, one: Candidate) -> tuple[str, str]:
    return one.label, text[one.start : one.end].casefold()
