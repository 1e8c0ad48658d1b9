"""What to search for: the requester's words, without pseudonyms."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chancery_contracts.interactions import Message

_PSEUDONYM = re.compile(r"<[A-Z][A-Z0-9_]{0,60}_[A-Z0-9]{2,16}>")
_WORD = re.compile(r"\w+")
_SHORT_WORDS = 4
"""A last turn with fewer words ("and abroad?") leans on the turn before it."""
MAX_QUERY_CHARACTERS = 4_000


@dataclass(frozen=True, slots=True)
class Query:
    """Plain words, bounded in length."""

    text: str

    @property
    def empty(self) -> bool:
        """Nothing but pseudonyms and signs: there is nothing to search for."""
        return _WORD.search(self.text) is None


def query_of(messages: Sequence[Message]) -> Query:
    """From the last user turn; a very short one is read with the user turn before it."""
    turns = [_plain(message.content) for message in messages if message.role == "user"]
    if not turns:
        return Query("")
    last = turns[-1]
    if len(turns) > 1 and len(_WORD.findall(last)) < _SHORT_WORDS:
        last = f"{turns[-2][-MAX_QUERY_CHARACTERS // 2 :]}\n{last}"
    return query_from(last)


def query_from(text: str) -> Query:
    """Of an overlong text its end is kept: the question stands there, after what was pasted."""
    return Query(_plain(text)[-MAX_QUERY_CHARACTERS:].strip())


def _plain(text: str) -> str:
    """Without pseudonyms, which mean nothing in a document, and without NUL, which PostgreSQL has no text for."""
    return _PSEUDONYM.sub(" ", text).replace("\x00", " ")
