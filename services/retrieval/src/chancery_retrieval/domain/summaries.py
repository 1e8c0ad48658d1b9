"""For summaries: which document is meant, and which of its passages stand for the whole."""

import re
from collections.abc import Sequence

from chancery_retrieval.domain.passages import Candidate, Title

_WORD = re.compile(r"[^\W_]+")
_FILLERS = frozenset(["the", "a", "an", "of", "and", "for", "to", "in", "on", "with", "between", "by", "this", "that",
                      "please", "summarise", "summarize", "summary", "document", "give", "me", "what", "is", "are", "it"])  # fmt: skip
NAMED_FROM = 0.6
"""A title is named when this share of its words stands in the question."""


def named_document(question: str, titles: Sequence[Title]) -> tuple[Title, float] | None:
    """The document whose title the question names best, and how well (0 to 1); none if none is named, or two equally."""
    asked = _words(question)
    scored = sorted(
        ((_overlap(asked, title.title), title) for title in titles), key=lambda pair: (-pair[0][0], -pair[0][1], pair[1].document_id)
    )
    best = [pair for pair in scored if pair[0][0] >= NAMED_FROM]
    if not best or (len(best) > 1 and best[0][0] == best[1][0]):
        return None
    (share, _), title = best[0]
    return title, share


def spread(passages: Sequence[Candidate], limit: int) -> list[Candidate]:
    """Up to `limit` passages of one document, in its order: the first of each section, then the others, evenly."""
    firsts: dict[int, Candidate] = {}
    for passage in passages:
        firsts.setdefault(passage.section, passage)
    opening = list(firsts.values())
    if len(opening) >= limit:
        return _evenly(opening, limit)
    taken = {passage.key for passage in opening}
    rest = [passage for passage in passages if passage.key not in taken]
    return sorted([*opening, *_evenly(rest, limit - len(opening))], key=lambda passage: passage.start)


def _overlap(asked: frozenset[str], title: str) -> tuple[float, int]:
    """Share of the title's words that were asked for, then how many: the longer of two full matches is the more exact."""
    words = _words(title)
    shared = len(words & asked)
    return (shared / len(words) if words else 0.0), shared


def _words(text: str) -> frozenset[str]:
    """Content words, plural endings aside."""
    words = (word.casefold() for word in _WORD.findall(text))
    return frozenset(word[:-1] if len(word) > 3 and word.endswith("s") else word for word in words if word not in _FILLERS)


def _evenly(passages: Sequence[Candidate], limit: int) -> list[Candidate]:
    if len(passages) <= limit:
        return list(passages)
    return [passages[index * len(passages) // limit] for index in range(limit)]
