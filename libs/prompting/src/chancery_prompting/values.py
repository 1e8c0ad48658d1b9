"""What a template can see, and how it is written. What is written is never read as a template again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from chancery_contracts.base import InputValue

QUESTION, PASSAGES, HISTORY = "question", "passages", "history"
BUILT_IN = frozenset({QUESTION, PASSAGES, HISTORY})
Part = Literal["text", "question", "passages", "history", "inputs"]


@dataclass(frozen=True, slots=True)
class ShownPassage:
    """A passage as it is shown; its number is what the model cites."""

    number: int
    title: str
    text: str

    def __str__(self) -> str:
        return f"[{self.number}] {self.title}\n{self.text}"


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of the conversation so far."""

    role: str
    content: str

    def __str__(self) -> str:
        return f"{self.role}: {self.content}"


class Passages(tuple[ShownPassage, ...]):
    """Written as numbered blocks."""

    __slots__ = ()

    def __str__(self) -> str:
        return "\n\n".join(map(str, self))


class History(tuple[Turn, ...]):
    """Written as one line a turn."""

    __slots__ = ()

    def __str__(self) -> str:
        return "\n".join(map(str, self))


@dataclass(frozen=True, slots=True)
class Piece:
    """Some of a rendered text. `part`: `text` stands in the template itself."""

    part: Part
    text: str


@dataclass(frozen=True, slots=True)
class Included:
    """Another prompt's text, rendered."""

    pieces: tuple[Piece, ...]

    def __str__(self) -> str:
        return "".join(piece.text for piece in self.pieces)


Value = InputValue | Passages | History | Included


@dataclass(frozen=True, slots=True)
class Asked:
    """What one request brings. `inputs`: resolved, every declared one."""

    question: str = ""
    passages: Sequence[ShownPassage] = ()
    history: Sequence[Turn] = ()
    inputs: Mapping[str, InputValue] | None = None

    def values(self) -> dict[str, Value]:
        """By the names that templates use."""
        built_in: dict[str, Value] = {QUESTION: self.question, PASSAGES: Passages(self.passages), HISTORY: History(self.history)}
        return built_in | dict(self.inputs or {})


def written(value: object) -> str:
    """As it stands in the prompt."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple) and not isinstance(value, Passages | History):
        return ", ".join(map(str, value))
    return str(value)


def part_of(name: str) -> Part:
    """Where a name's value counts."""
    return name if name in BUILT_IN else "inputs"  # type: ignore[return-value]  # BUILT_IN holds the other words of Part
