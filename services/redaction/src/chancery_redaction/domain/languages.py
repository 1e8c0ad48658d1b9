"""Which pieces of a text are in a language that no recognizer knows: by their script, or by how little a classifier takes them for another.

Names and addresses of all the world stand in English sentences: what is judged is the words between them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

_PIECE = re.compile(r"[^.!?\n;:]+")
_WORD = re.compile(r"(?<![\w@.&/-])[^\W\d_]+(?:['’-][^\W\d_]+)*(?![\w@&/]|\.\w)")
"""No parts of addresses, hosts, paths or numbers."""
_LATIN = "A-Za-zªºÀ-ʯʰ-˿Ḁ-ỿⱠ-Ɀ꜠-ꟿ"
_PAIRED = "\u0370-\u052f\u1c80-\u1c8f\u1f00-\u1fff"
"""Greek and Cyrillic: one letter alone is a formula's, or was put in place of a Latin one; two are a word."""
_SCRIPT = re.compile(rf"[{_PAIRED}][\u0300-\u036f]?(?=[{_PAIRED}])|[^\W\d_{_LATIN}{_PAIRED}]")
_ENGLISH = frozenset({
    "the", "of", "and", "is", "my", "i", "you", "your", "what", "how", "to", "with", "this", "that", "it", "it's", "i'm", "from", "have",
    "has", "does", "can", "could", "would", "please", "want", "need", "when", "where", "which", "why", "get", "not", "by", "or", "be",
    "been", "if", "they", "she", "his", "their", "there", "lives", "about",
})  # fmt: skip
"""Words that tell English at once: two of them, and a quarter of a piece, are not asked of the classifier."""


@dataclass(frozen=True)
class Piece:
    """A sentence, or a part of one. `words`: those that are no names, by their small letters."""

    text: str
    count: int
    words: tuple[str, ...]

    @cached_property
    def joined(self) -> str:
        """What is judged of it."""
        return " ".join(self.words)

    @property
    def english(self) -> bool:
        """Told at once."""
        known = sum(word in _ENGLISH for word in self.words)
        return known >= 2 and 4 * known >= len(self.words)


def foreign_script(text: str) -> bool:
    """Whether there are letters that are not Latin."""
    return _SCRIPT.search(text) is not None


def pieces(text: str) -> Iterator[Piece]:
    """Those with enough words to be judged."""
    for match in _PIECE.finditer(text):
        words = _WORD.findall(match[0])
        small = words if match[0].isupper() else [word for word in words if word[0].islower()]
        if len(small) >= 2:
            yield Piece(match[0], len(words), tuple(word.lower() for word in small))


def foreign(piece: Piece, of_words: float, of_all: float) -> bool:
    """By the probabilities that its words, and all of it, are in a covered language. The fewer words, the surer it must be."""
    doubt = of_words * of_all
    if len(piece.words) == 2:
        return piece.count >= 5 and doubt < 3e-6 and not _numbered(piece)
    if len(piece.words) == 3:
        return doubt < 1e-5 and not _numbered(piece)
    return doubt < 2e-4 and (len(piece.words) >= 8 or not _numbered(piece))


def _numbered(piece: Piece) -> bool:
    """A short piece with a number in it is an address more often than a sentence."""
    return any(char.isdigit() for char in piece.text)
