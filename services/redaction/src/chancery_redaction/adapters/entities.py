"""Which model finds persons, organisations and places; each is loaded only where it is chosen."""

from typing import Literal

from chancery_redaction.ports import EntityFinder

Model = Literal["model", "spacy"]
"""Ours, or spaCy's small one in Presidio's frame."""


def make_entities(model: Model) -> EntityFinder:
    """Loads it: seconds, and tens of megabytes."""
    if model == "spacy":
        from chancery_redaction.adapters.presidio import SpacyEntities

        return SpacyEntities()
    from chancery_redaction.adapters.classifying import ClassifiedEntities

    return ClassifiedEntities()
