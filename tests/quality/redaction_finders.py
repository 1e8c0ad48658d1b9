"""What finds personal data in the two sets: our whole detector, and stock Presidio."""

import hashlib
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from chancery_contracts.bodies import RedactionPolicyBody
from chancery_ner import Candidate, Entity, Profile, TokenClassifier, apply
from chancery_redaction.adapters.classifying import ClassifiedEntities
from chancery_redaction.adapters.searching import SearchingDetector
from redaction_metrics import Find, Spans

OURS = {"POSTAL_ADDRESS": "LOCATION", "DATE_OF_BIRTH": "DATE_TIME", "CASE_NUMBER": "CODE"}
STOCK = {"US_PASSPORT": "CODE", "US_BANK_NUMBER": "CODE"}
"""The same thing has one name here, whoever names it."""

SYNTH_TYPES = frozenset({
    "PERSON", "EMAIL_ADDRESS", "PHONE_NUMBER", "IBAN_CODE", "CREDIT_CARD", "US_SSN", "POSTAL_ADDRESS", "LOCATION", "ORGANIZATION",
    "DATE_TIME", "NRP", "URL", "IP_ADDRESS", "AGE", "TITLE", "US_DRIVER_LICENSE",
})  # fmt: skip
LEGAL_TYPES = frozenset({
    "PERSON", "LOCATION", "DATE_TIME", "ORGANIZATION", "DEMOGRAPHIC", "QUANTITY", "MISC", "CASE_NUMBER", "EMAIL_ADDRESS", "PHONE_NUMBER",
})  # fmt: skip
"""What a policy would ask for."""

Entities = Callable[[str], list[Entity]]


@dataclass(frozen=True)
class Reading:
    """A classifier at one operating point, whatever profile it is asked for."""

    entities: Entities

    def find(self, text: str, profile: str) -> list[Entity]:
        return self.entities(text)


def ours(entities: Entities, types: frozenset[str], profile: Literal["default", "judgment"]) -> Find:
    """The whole detector as it ships, over what the classifier says."""
    detector = SearchingDetector(ClassifiedEntities(Reading(entities)), threads=1)
    policy = RedactionPolicyBody(entity_types=tuple(sorted(types)), profile=profile)

    def find(text: str) -> Spans:
        return {(one.start, one.end, OURS.get(one.entity_type, one.entity_type)) for one in detector.detect_all([text], policy)[0]}

    return find


def shipped(model: TokenClassifier, profile: str) -> Entities:
    """What ships, at one of its operating points."""
    return lambda text: model.find(text, profile)


class Folds:
    """What each fold of the training read in the texts that it was not shown, nor their template. Texts are known by their hash."""

    def __init__(self, training: Path) -> None:
        results = json.loads((training / "results.json").read_text("utf-8"))
        self.commit: str = results["trained_at_commit"]
        self.number: int = results["folds"]
        self._trained_on = frozenset(results["trained_on"])
        read = json.loads((training / "read.json").read_text("utf-8"))
        self._read: dict[str, Any] = {key: heads for texts in read.values() for key, heads in texts.items()}

    def seen(self, text: str) -> bool:
        """Whether the shipped weights were trained on it."""
        return _digest(text) in self._trained_on

    def entities(self, profile: Profile) -> Entities:
        """As the shipped code decides today on what the folds read."""
        return lambda text: apply(text, [Candidate(*span) for span in self._read[_digest(text)].get(profile.head, [])], profile)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def stock() -> Find:
    """Presidio as it comes, on spaCy's small model; only the download of the public-suffix list is off. Asked for all it knows."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from stock_presidio import stock_analyzer

    analyzer = stock_analyzer()

    @cache  # asked again for each reader and profile
    def find(text: str) -> Spans:
        return {(one.start, one.end, STOCK.get(one.entity_type, one.entity_type)) for one in analyzer.analyze(text=text, language="en")}

    return find
