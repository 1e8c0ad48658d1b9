"""Exact phrases in texts: how a person's names and numbers are found, whatever the case, the spaces and the separators."""

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from typing import Any

ERASED = "[erased]"
_UNSEEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\U000e0000-\U000e0fff"
)
"""What nobody sees: it may stand for a gap, or inside a word."""
_WIDE = "\uff01-\uff5e"
_ODD = re.compile(f"[{_UNSEEN}{_WIDE}]")
_HIDDEN = re.compile(f"[{_UNSEEN}]")
_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
"""Full-width characters, one for one."""
_GAP = rf"(?:[\s{_UNSEEN}]|\\[nrt]|&nbsp;)+"
_SEPARATORS = rf"(?:[\s\-./\u2010-\u2015\u2212{_UNSEEN}]|\\[nrt]|&nbsp;)*"
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
        return self.first(text) is not None

    def first(self, text: str) -> int | None:
        """Where the first one begins."""
        if _plain(text):
            found = self._found.search(text)
            return None if found is None else found.start()
        return min((start for start, _ in self._spans(text)), default=None)

    def erased(self, text: str) -> str:
        """The text with every phrase replaced."""
        if _plain(text):
            return self._found.sub(ERASED, text)
        pieces, position = [], 0
        for start, end in _merged(self._spans(text)):
            pieces += [text[position:start], ERASED]
            position = end
        return "".join([*pieces, text[position:]])

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        """As it stands, and as it is seen: without what nobody sees, and in narrow letters."""
        yield from (found.span() for found in self._found.finditer(text))
        places = [place for place, char in enumerate(text) if _HIDDEN.match(char) is None]
        seen = "".join([text[place] for place in places]).translate(_NARROW)
        yield from ((places[found.start()], places[found.end() - 1] + 1) for found in self._found.finditer(seen))

    def erased_json(self, document: Any) -> Any:
        """The same document, with every string of it erased; members' names are ours, and stay."""
        return _mapped(document, self.erased)

    def texts(self, document: Any) -> Iterator[tuple[str, str]]:
        """Which strings of a document hold a phrase, and where: `messages.0.content`."""
        return ((member, text) for member, text in _strings(document, "") if self.occur(text))


def _plain(text: str) -> bool:
    """Whether it is seen as it stands."""
    return text.isascii() or _ODD.search(text) is None


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _forms(value: str) -> set[str]:
    """As it is, composed, decomposed, in compatible characters: a text may have any. What nobody sees is no part of it."""
    value = _HIDDEN.sub("", value)
    return {
        value.strip(),
        value.translate(_NARROW).strip(),
        *(unicodedata.normalize(form, value).strip() for form in ("NFC", "NFD", "NFKC")),
    }


def _pattern(value: str) -> str:
    if sum(char.isdigit() for char in value) >= _FEWEST_DIGITS and "@" not in value:
        body = _SEPARATORS.join(re.escape(char) for char in value if char.isalnum())
    else:
        body = _GAP.join(_word(word) for word in value.split())
    # `\n` before a word in JSON as written ends in a letter: it is a gap, too.
    return rf"(?:(?<!\w)|(?<=\\[nrt])){body}(?!\w)"


_WRITTEN_AS = {
    **dict.fromkeys("'’ʼ‘", "(?:['’ʼ‘]|&#39;|&#x27;|&apos;|&rsquo;)"),
    **dict.fromkeys("-‐‑–", "[-‐‑–]"),
    **dict.fromkeys('"“”„', r'(?:\\?["“”„]|&quot;)'),
    "&": "&(?:amp;)?",
}
"""Signs that are written in several ways; a quotation mark has a backslash in JSON, and some are entities in HTML."""


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
