"""What to search for: the requester's words, without pseudonyms, in the two forms that the searches need."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chancery_contracts.interactions import Message

_PSEUDONYM = re.compile(r"<[A-Z][A-Z0-9_]{0,60}_[A-Z0-9]{2,16}>")
_WORD = re.compile(r"\w+")
_SHORT_WORDS = 4
"""A last turn with fewer words ("and abroad?") leans on the turn before it."""
MAX_QUERY_CHARACTERS = 4_000
MAX_TERMS = 64


@dataclass(frozen=True, slots=True)
class Query:
    """`text` is embedded; `terms` are put in one full-text query, any of which may match."""

    text: str
    terms: tuple[str, ...]

    @property
    def empty(self) -> bool:
        """Nothing but pseudonyms and signs: there is nothing to search for."""
        return not self.terms


def query_of(messages: Sequence[Message]) -> Query:
    """From the last user turn; a very short one is read with the user turn before it."""
    turns = [_plain(message.content) for message in messages if message.role == "user"]
    if not turns:
        return query_from("")
    last = turns[-1]
    if len(turns) > 1 and len(_WORD.findall(last)) < _SHORT_WORDS:
        last = f"{turns[-2][-MAX_QUERY_CHARACTERS // 2 :]}\n{last}"
    return query_from(last)


def query_from(text: str) -> Query:
    """A query of plain words. Of an overlong text its end is kept: the question stands there, after what was pasted."""
    kept = _plain(text)[-MAX_QUERY_CHARACTERS:].strip()
    terms = dict.fromkeys(word.casefold() for word in _WORD.findall(kept.replace("_", " ")))
    return Query(kept, tuple(terms)[-MAX_TERMS:])


def _plain(text: str) -> str:
    return _PSEUDONYM.sub(" ", text).replace("\x00", " ")
