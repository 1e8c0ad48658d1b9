"""Which model finds persons, organisations and places; each is loaded only where it is chosen."""

from typing import Literal

from chancery_redaction.ports import EntityFinder

Model = Literal["spacy"]


def make_entities(model: Model) -> EntityFinder:
    """Loads it: seconds, and tens of megabytes."""
    from chancery_redaction.adapters.presidio import SpacyEntities

    return SpacyEntities()
