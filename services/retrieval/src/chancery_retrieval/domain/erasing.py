"""A document's text, put together from its passages, and without a person."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class IndexedText:
    """What stands in the index of a document."""

    document_id: str
    version: int
    collection: str
    matter: str | None
    title: str
    text: str

    @property
    def place(self) -> str:
        """As events name it."""
        return f"{self.document_id}@{self.version}"


def assembled(starts: Sequence[int], bodies: Sequence[str]) -> str:
    """Spans are exact, and nothing but white space lies between them: as much of it comes back, as ends of lines."""
    pieces: list[str] = []
    length = 0
    for start, body in zip(starts, bodies, strict=True):
        pieces.append("\n" * max(0, start - length))
        pieces.append(body)
        length = max(start, length) + len(body)
    return "".join(pieces)
