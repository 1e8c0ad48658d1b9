"""Pseudonyms as a model writes them: ours to the letter, or changed in a way that leaves no doubt.

`<person_7k2m>`, `PERSON_7K2M`, `&lt;PERSON_7K2M&gt;`, `\\u003cPERSON_7K2M\\u003e`, `%3CPERSON_7K2M%3E`, `<PERSON\\_7K2M>`, `<Person 7K2M>`,
`＜PERSON_7K2M＞`. Only one that is known counts, and never as part of a longer word. Linear in the text.
"""

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from string import ascii_lowercase, ascii_uppercase
from typing import Literal

Form = Literal["plain", "html", "url", "json"]
CLOSING: dict[str, tuple[str, Form]] = {
    "<": (">", "plain"), "＜": ("＞", "plain"), "〈": ("〉", "plain"), "⟨": ("⟩", "plain"), "‹": ("›", "plain"), "\\<": ("\\>", "plain"),
    "&lt;": ("&gt;", "html"), "&#60;": ("&#62;", "html"), "&#x3c;": ("&#x3e;", "html"), "%3c": ("%3e", "url"),
    "\\u003c": ("\\u003e", "json"),
}  # fmt: skip
"""How the brackets may be written, in lower case."""
_OPEN = "|".join(re.escape(one) for one in sorted(CLOSING, key=len, reverse=True))
_CLOSE = "|".join(re.escape(one) for one, _ in sorted(CLOSING.values(), key=lambda pair: -len(pair[0])))
_LETTERS = "[2-9A-HJKMNP-TV-Z]{4,12}"
_BEFORE = r"(?<![\w@./\\<&#%-])"
_AFTER = r"(?![\w@/>-]|\.\w|\\{1,2}[_>])"
_US = r"\\{0,2}_"
_WORD = "[A-Z]{1,41}"
_FENCED = rf"(?P<type>{_WORD}(?:(?:{_US}|[ -])[A-Z]{{0,40}}){{0,40}})(?:{_US}|[ -])(?P<letters>{_LETTERS})"
_BARE = rf"(?P<bare_type>{_WORD}(?:{_US}[A-Z]{{0,40}}){{0,40}}){_US}(?P<bare_letters>{_LETTERS})"
MENTION = re.compile(rf"(?P<open>{_OPEN}){_FENCED}(?P<close>{_CLOSE})|{_BEFORE}{_BARE}{_AFTER}", re.IGNORECASE)
BARE_AFTER = re.compile(_BEFORE)
"""Where a mention without brackets may begin."""
_SEPARATOR = re.compile(rf"{_US}|[ -]")
_BARE_SEPARATOR = re.compile(_US)
_UPPER = str.maketrans(ascii_lowercase, ascii_uppercase)


@dataclass(frozen=True, slots=True)
class Mention:
    """Characters `start` to `end` of a text are this token, written in this form."""

    token: str
    start: int
    end: int
    form: Form
    bare: bool


def mentions(text: str, known: Container[str], since: int = 0) -> Iterator[Mention]:
    """Of known tokens, in order."""
    position = since
    while found := MENTION.search(text, position):
        position = found.end()
        bare = found["open"] is None
        token = canonical(found["bare_type"] if bare else found["type"], found["bare_letters"] if bare else found["letters"])
        form: Form = "plain"
        if not bare:
            closing, form = CLOSING[found["open"].lower()]
            if found["close"].lower() != closing:
                position = found.start() + 1  # within may be another: `\\<PERSON_7K2M>`
                continue
        if token in known:
            yield Mention(token, found.start(), found.end(), form, bare)


class _Anything:
    def __contains__(self, _: object) -> bool:
        return True


def all_tokens(text: str) -> list[str]:
    """What may be tokens, each once, in order."""
    return list(dict.fromkeys(one.token for one in mentions(text, _Anything())))


def canonical(entity_type: str, letters: str) -> str:
    """As we write it."""
    return f"<{separated(entity_type, fenced=True)}_{separated(letters, fenced=True)}>"


def separated(written: str, *, fenced: bool) -> str:
    """Part of a token, as we write it. Without brackets, words are joined by underscores alone."""
    return (_SEPARATOR if fenced else _BARE_SEPARATOR).sub("_", written).translate(_UPPER)
