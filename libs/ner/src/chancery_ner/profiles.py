"""Operating points: which head speaks, and how sure it must be of each type. They are kept beside the weights."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from chancery_ner.entity import Candidate, Entity
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
    """Entities of a text, with further mentions of them. Of equal values one that identifies makes all identify."""
    kept = [one for one in candidates if one.score >= profile.scores.get(one.label, 2.0)]
    telling = {text[one.start : one.end].casefold() for one in kept if one.identifies >= profile.identifies.get(one.label, 0.0)}
    found = [Entity(one.label, one.start, one.end, round(one.score, 4), text[one.start : one.end].casefold() in telling) for one in kept]
    return sorted([*referred(text, found), *references(text, found)], key=lambda one: one.start)
