"""What a recognizer is: a pattern whose every repetition is bounded, a check of what it finds, words that must stand near."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from chancery_redaction.domain.spans import Span

BEFORE, AFTER = 60, 20
"""Characters before and after a value in which the words count that say what it is."""


def whole(check: Callable[[str], bool]) -> Callable[[str], int]:
    """A check of the whole value, as a `valid` of a recognizer."""
    return lambda value: len(value) if check(value) else 0


@dataclass(frozen=True, slots=True)
class Recognizer:
    """Finds one kind of datum. The value is the pattern's group `value`, or all of the match.

    `valid` says how many characters of the value count, 0 for none. Where `context` is set, a value without these words near it scores
    `bare` (0: it is nothing). `cues`: one of them stands in every text that holds a value (lower case); texts without are not searched.
    `languages` none: for any. `further`: what directly follows a found value and is another one, in its own group `value` (a list).
    """

    entity_type: str
    pattern: re.Pattern[str]
    score: float
    validated_by: str
    valid: Callable[[str], int] | None = None
    context: re.Pattern[str] | None = None
    bare: float = 0.0
    cues: tuple[str, ...] = ()
    digits: int = 0
    languages: frozenset[str] | None = None
    further: re.Pattern[str] | None = None

    def concerns(self, lowered: str, digits: int) -> bool:
        """Can a text that reads so in lower case and has so many digits hold a value?"""
        return digits >= self.digits and (not self.cues or any(cue in lowered for cue in self.cues))

    def find(self, text: str) -> Iterator[Span]:
        """Every value, in order."""
        group = "value" if "value" in self.pattern.groupindex else 0
        position = 0
        while match := self.pattern.search(text, position):
            start, end = match.span(group)
            position = max(match.end(), match.start() + 1)
            if self.valid is not None:
                end = start + self.valid(text[start:end])
                # What was not taken may be, or begin, another value: `AB12 GB29 NWBK …`, two IBANs in a row.
                position = max(end, match.start() + 1)
            score = self._score(text, start, end)
            if end > start and score > 0:
                yield Span(self.entity_type, start, end, score)
                for listed in self._listed(text, end):
                    position = listed.end()
                    yield Span(self.entity_type, *listed.span("value"), score)

    def _listed(self, text: str, end: int) -> Iterator[re.Match[str]]:
        """Further values of a list, from the end of one that was found."""
        while self.further is not None and (match := self.further.match(text, end)):
            yield match
            end = match.end()

    def _score(self, text: str, start: int, end: int) -> float:
        if self.context is None:
            return self.score
        near = text[max(0, start - BEFORE) : start] + "\n" + text[end : end + AFTER]
        return self.score if self.context.search(near) else self.bare


def further(value: str) -> re.Pattern[str]:
    """Behind a value, another one: after a comma, a word that joins them, or spaces. `value` has the group of that name."""
    return re.compile(rf"[^\S\n]{{0,2}}(?:(?:[,;/&]\s{{0,2}}|(?<=\s))(?i:(?:and|or|to|und|oder|bis)[^\S\n]{{1,2}})?){value}")


def words(*alternatives: str) -> re.Pattern[str]:
    """Any of these words, in either case, as a context; spaces match any run of a few."""
    joined = "|".join(one.replace(" ", r"[ -]{0,2}") for one in alternatives)
    return re.compile(rf"(?<![^\W_])(?:{joined})(?![^\W_])", re.IGNORECASE)
