"""Exact phrases in texts: how a person's names and numbers are found, whatever the case, the spaces and the separators."""

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from typing import Any

ERASED = "[erased]"
_GAP = r"(?:\s|\\[nrt])+"
_SEPARATORS = r"(?:[\s\-./]|\\[nrt])*"
_FEWEST_DIGITS = 6
"""From so many digits on, a value is a number: how it is grouped does not matter."""


class Phrases:
    """Some spellings of one person. A phrase is found where it stands as whole words."""

    def __init__(self, values: Iterable[str]) -> None:
        patterns = {_pattern(form) for value in values for form in _forms(value) if form}
        # The longest first: of two that begin alike, the longer is taken whole.
        self._found = re.compile("|".join(sorted(patterns, key=len, reverse=True)) or r"(?!)", re.IGNORECASE)

    def occur(self, text: str) -> bool:
        """In a text, or in JSON as it was written."""
        return self._found.search(text) is not None

    def first(self, text: str) -> int | None:
        """Where the first one begins."""
        found = self._found.search(text)
        return None if found is None else found.start()

    def erased(self, text: str) -> str:
        """The text with every phrase replaced."""
        return self._found.sub(ERASED, text)

    def erased_json(self, document: Any) -> Any:
        """The same document, with every string of it erased; members' names are ours, and stay."""
        return _mapped(document, self.erased)

    def texts(self, document: Any) -> Iterator[tuple[str, str]]:
        """Which strings of a document hold a phrase, and where: `messages.0.content`."""
        return ((member, text) for member, text in _strings(document, "") if self.occur(text))


def _forms(value: str) -> set[str]:
    """As it is, composed, decomposed, in compatible characters: a text may have any."""
    return {value.strip(), *(unicodedata.normalize(form, value).strip() for form in ("NFC", "NFD", "NFKC"))}


def _pattern(value: str) -> str:
    if sum(char.isdigit() for char in value) >= _FEWEST_DIGITS and "@" not in value:
        body = _SEPARATORS.join(re.escape(char) for char in value if char.isalnum())
    else:
        body = _GAP.join(_word(word) for word in value.split())
    # `\n` before a word in JSON as written ends in a letter: it is a gap, too.
    return rf"(?:(?<!\w)|(?<=\\[nrt])){body}(?!\w)"


_WRITTEN_AS = {
    **dict.fromkeys("'’ʼ‘", "['’ʼ‘]"),
    **dict.fromkeys("-‐‑–", "[-‐‑–]"),
    **dict.fromkeys('"“”„', r'\\?["“”„]'),
}
"""Signs that are written in several ways; a quotation mark has a backslash in JSON."""


def _word(word: str) -> str:
    return "".join(_WRITTEN_AS.get(char) or re.escape(char) for char in word)


def _strings(node: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, str):
        yield place, node
    elif isinstance(node, dict):
        for name, value in node.items():
            yield from _strings(value, f"{place}.{name}" if place else str(name))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _strings(value, f"{place}.{index}" if place else str(index))


def _mapped(node: Any, change: Callable[[str], str]) -> Any:
    if isinstance(node, str):
        return change(node)
    if isinstance(node, dict):
        return {name: _mapped(value, change) for name, value in node.items()}
    return [_mapped(value, change) for value in node] if isinstance(node, list) else node


def as_written(document: Any) -> str:
    """Compact JSON whose letters stand as they are: what `Phrases.occur` reads."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
