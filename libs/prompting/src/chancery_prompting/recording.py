"""Takes what a template writes, piece by piece, and stops it where it is too much."""

from chancery_prompting.errors import TemplateRefused
from chancery_prompting.values import Included, Part, Piece, written

LONGEST_TEXT = 2_000_000
"""Characters of a rendered template: several times what the largest contexts hold."""


class Recorder:
    """Of one rendering."""

    def __init__(self, most_steps: int) -> None:
        self._left = most_steps
        self._room = LONGEST_TEXT
        self._pieces: list[Piece] = []
        self._branches: set[int] = set()

    def put(self, part: Part, value: object) -> str:
        """Writes a value. Raises TemplateRefused."""
        self._step()
        pieces = value.pieces if isinstance(value, Included) else (Piece(part, written(value)),)
        self._room -= sum(len(piece.text) for piece in pieces)
        if self._room < 0:
            raise TemplateRefused(f"the rendered text has more than {LONGEST_TEXT} characters")
        self._pieces += pieces
        return ""

    def took(self, number: int) -> str:
        """Notes a branch."""
        self._step()
        self._branches.add(number)
        return ""

    def pieces(self) -> tuple[Piece, ...]:
        """In order."""
        return tuple(piece for piece in self._pieces if piece.text)

    def branches(self) -> tuple[int, ...]:
        """Ascending."""
        return tuple(sorted(self._branches))

    def _step(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise TemplateRefused("rendering takes too many steps")
