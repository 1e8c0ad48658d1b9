"""What is found in a text."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entity:
    """Characters `start` to `end` are of this type.

    `identifying`: the profile says that it points to a person and is to be masked. `of`: the full value that this mention refers to.
    """

    label: str
    start: int
    end: int
    score: float
    identifying: bool = True
    of: str | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A span before any threshold: how sure the model is that it is an entity, and that the entity identifies someone."""

    label: str
    start: int
    end: int
    score: float
    identifies: float
