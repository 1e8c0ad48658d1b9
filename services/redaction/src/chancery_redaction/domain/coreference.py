"""Once a person is found, shorter mentions are found too: by surname, first name, initials; over all texts of one request."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from chancery_redaction.domain.literals import Literals
from chancery_redaction.domain.spans import Span

PERSON = "PERSON"
MOST_PERSONS = 2_000
"""Different full names of one request that are followed; a request of 100,000 characters has fewer."""
_WORD = re.compile(r"[^\W\d_][\w'’-]*")
_TITLE_WORDS = (
    "mr mrs ms miss mx dr prof professor sir dame lord lady rev reverend judge justice baroness baron hon herr herrn frau dott sig sra "
    "sr señor señora monsieur madame mme mlle counsel attorney"
)
_TITLES = frozenset(_TITLE_WORDS.split())
_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv", "esq", "qc", "kc", "phd", "md", "llm", "obe", "cbe", "mbe"})
PARTICLES = frozenset(
    {"van", "von", "de", "der", "den", "del", "della", "di", "da", "dos", "du", "la", "le", "el", "al", "bin", "ibn", "zu"}
)
_COMMON_WORDS = (
    "april august may june march will mark bill grace hope faith rose art frank rich grant chase court bank law street hall church king "
    "queen price cash fund trust bond case page long short young old new good best love the and for not are was has had may can all any "
    "our one two who why how you she him her his its out off per see day week month year north south east west london paris berlin state "
    "city company limited agreement"
)
_COMMON = frozenset(_COMMON_WORDS.split())
"""Words that are names as well: alone they say nothing of a person."""


def refer(texts: Sequence[str], found: Sequence[Sequence[Span]]) -> list[list[Span]]:
    """The spans, with those of shorter mentions added, and with `of` where a mention means one full name only. Not settled."""
    persons = [text[one.start : one.end] for text, spans in zip(texts, found, strict=True) for one in spans if one.entity_type == PERSON]
    names = _full_names(persons)
    if not names:
        return [list(spans) for spans in found]
    meanings = _meanings(names)
    literals = Literals({mention: (mention, full) for mention, full in meanings.items()})
    scores = _scores(texts, found)
    least = min(scores.values())
    scores = {full: scores.get(full, least) for full in (*names.values(), "")}
    return [_of_text(text, spans, literals, meanings, scores) for text, spans in zip(texts, found, strict=True)]


def name_words(value: str) -> list[str]:
    """The words of a name, without titles before and suffixes after it."""
    words = [word.removesuffix("'s").removesuffix("’s") for word in _WORD.findall(value)]
    while words and words[0].casefold() in _TITLES:
        words.pop(0)
    while len(words) > 1 and words[-1].casefold() in _SUFFIXES:
        words.pop()
    return words


def _full_names(values: Sequence[str]) -> dict[tuple[str, ...], str]:
    """Each full name (a first name and a surname) by its words in lower case, as it was first spelled.

    With an initial for the first name it is one where no longer name is meant by it.
    """
    spelled: dict[tuple[str, ...], str] = {}
    for value in values:
        words = tuple(word.casefold() for word in name_words(value))
        if 2 <= len(words) <= 6 and len(words[-1]) > 1 and words[0] not in PARTICLES and len(spelled) < MOST_PERSONS:
            spelled.setdefault(words, " ".join(value.split()))
    longer = {words for words in spelled if len(words[0]) > 1}
    meant = {mention for words in longer for mention in _mentions(words)}
    return {words: full for words, full in spelled.items() if words in longer or " ".join(words) not in meant}


def _meanings(names: Mapping[tuple[str, ...], str]) -> dict[str, str | None]:
    """Mentions in lower case, and the full name that each shorter one means; none where it could mean two, or is a full name itself."""
    meanings: dict[str, str | None] = {}
    for words, full in names.items():
        for mention in _mentions(words):
            known = meanings.setdefault(mention, full)
            if known != full:
                meanings[mention] = None
    return meanings | {" ".join(words): None for words in names}


def _mentions(words: tuple[str, ...]) -> Iterator[str]:
    begins = next((place for place, word in enumerate(words[1:-1], 1) if word in PARTICLES), len(words) - 1)
    surname, given = " ".join(words[begins:]), words[:begins]
    letters = [word[0] for word in given]
    for alone in {surname, words[-1], given[0]}:
        if len(alone) > 1 and alone not in _COMMON and alone not in PARTICLES:
            yield alone
    yield from {f"{letters[0]} {surname}", f"{' '.join(letters)} {surname}", f"{given[0]} {surname}"}
    yield " ".join([*letters, *(word[0] for word in words[begins:])])


def _of_text(
    text: str,
    spans: Sequence[Span],
    literals: Literals[tuple[str, str | None]],
    meanings: Mapping[str, str | None],
    scores: Mapping[str, float],
) -> list[Span]:
    """A text's spans with `of`, and its further mentions."""
    known = [replace(span, of=meanings.get(_folded(text[span.start : span.end]))) if span.entity_type == PERSON else span for span in spans]
    taken = bytearray(len(text))
    for span in spans:
        taken[span.start : span.end] = b"\1" * (span.end - span.start)
    for start, end, (mention, full) in literals.find(text):
        if not taken[start] and not taken[end - 1] and _reads_as_name(text, start, end, mention):
            known.append(Span(PERSON, start, _with_stop(text, end, mention), scores[full or ""], full))
    return known


def _folded(value: str) -> str:
    return " ".join(name_words(value)).casefold()


def _reads_as_name(text: str, start: int, end: int, mention: str) -> bool:
    """Capital letters where a name has them; initials alone have a stop each (`A. L.`)."""
    initials = all(len(word) == 1 for word in mention.split())
    piece = text[start : end + 1]
    return text[start].isupper() and (not initials or piece.count(".") == len(mention.split()))


def _with_stop(text: str, end: int, mention: str) -> int:
    return end + 1 if mention[-2:-1] in ("", " ") and text[end : end + 1] == "." else end


def _scores(texts: Sequence[str], found: Sequence[Sequence[Span]]) -> dict[str, float]:
    """How sure each person is: mentions are no surer."""
    scores: dict[str, float] = {}
    for text, spans in zip(texts, found, strict=True):
        for span in spans:
            if span.entity_type == PERSON:
                value = " ".join(text[span.start : span.end].split())
                scores[value] = max(scores.get(value, 0.0), span.score)
    return scores
