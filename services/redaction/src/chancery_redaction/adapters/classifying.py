"""Persons, organisations, places and what else has no shape, by the classifier that is trained in this repository."""

from typing import Protocol

from chancery_ner import Entity, TokenClassifier

from chancery_redaction.domain.spans import Span

PROFILES = {"default": "general", "judgment": "legal-recall"}
"""The classifier's operating point for each profile of a policy."""
NAMES = {"CODE": "CASE_NUMBER"}
"""What a policy calls a label."""
BETTER_BY_PATTERN = frozenset({"EMAIL_ADDRESS", "URL", "IP_ADDRESS", "CREDIT_CARD", "IBAN_CODE", "US_SSN"})
"""Labels that recognizers find, and check."""


class Classifier(Protocol):
    """What is asked of the model."""

    def find(self, text: str, profile: str) -> list[Entity]:
        """Entities in order, none overlapping."""
        ...


class ClassifiedEntities:
    """One model, shared by all threads; the shipped one unless another is given."""

    types = frozenset({
        "PERSON", "LOCATION", "ORGANIZATION", "DATE_TIME", "NRP", "POSTAL_ADDRESS", "TITLE", "AGE", "PHONE_NUMBER", "US_DRIVER_LICENSE",
        "CASE_NUMBER", "DEMOGRAPHIC", "QUANTITY", "MISC",
    })  # fmt: skip

    def __init__(self, model: Classifier | None = None) -> None:
        self._model = TokenClassifier.load(threads=1) if model is None else model

    def find(self, text: str, entity_types: frozenset[str], profile: str) -> list[Span]:
        """Entities of these types; of a judgment those that identify somebody."""
        spans: list[Span] = []
        for one in self._model.find(text, PROFILES[profile]):
            label = NAMES.get(one.label, one.label)
            if label in entity_types and one.identifying and label not in BETTER_BY_PATTERN:
                spans.append(Span(label, one.start, one.end, one.score))
        return spans
