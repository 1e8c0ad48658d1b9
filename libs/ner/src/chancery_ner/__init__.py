"""Personal data in English legal and financial text."""

from chancery_ner.classifier import TokenClassifier
from chancery_ner.entity import Candidate, Entity
from chancery_ner.profiles import Profile, apply
from chancery_ner.references import references

__all__ = ["Candidate", "Entity", "Profile", "TokenClassifier", "apply", "references"]
