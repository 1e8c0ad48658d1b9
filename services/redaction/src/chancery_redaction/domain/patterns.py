"""Personal data that a pattern finds: each is linear in the text, and has a checksum or words around it that say what it is."""

import re
from collections.abc import Callable, Iterator

from chancery_redaction.domain.spans import Span

_DATE = r"(?:\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}|\d{4}-\d{2}-\d{2}|\d{1,2}(?:st|nd|rd|th)? (?:January|February|March|April|May|June|July|August|September|October|November|December),? \d{4})"  # fmt: skip  # noqa: E501
_BIRTH = re.compile(rf"(?i:\b(?:born(?: on)?|date of birth|d\.?o\.?b\.?|birth ?date)\b)[^\n\d]{{0,25}}({_DATE})")
_SORT_CODE = re.compile(r"(?<![\d-])(\d{2}-\d{2}-\d{2})(?![\d-])")
_ACCOUNT = re.compile(r"(?i:\b(?:account|acct|a/c)\b)[^\n\d]{0,30}(\d{6,10})(?!\d)")
_POSTCODE = r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}"
_STREET = r"(?:Street|St|Road|Rd|Lane|Ln|Avenue|Ave|Close|Drive|Court|Crescent|Square|Terrace|Way|Gardens|Place|Row|Hill|Grove|Mews|Walk)"
_WORD = r"[A-Z][a-z'’-]{1,30}"
_PLACE = rf"(?:,? {_WORD}(?: {_WORD}){{0,2}}){{0,3}}"
_ADDRESS = re.compile(rf"\b\d{{1,4}}[A-Za-z]?,? (?:{_WORD} ){{1,4}}{_STREET}\b\.?{_PLACE}(?:,? {_POSTCODE}\b)?")
_POSTCODE_ALONE = re.compile(rf"\b{_POSTCODE}\b")
_NINO = re.compile(r"\b(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z\d]{4}){2,7}(?: ?[A-Z\d]{1,3})?\b")
_CARD = re.compile(r"(?<![\d-])\d(?:[ -]?\d){12,18}(?![\d-])")
_EMAIL = re.compile(r"\b[A-Za-z0-9][A-Za-z0-9._%+'-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}\b")


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if position % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def iban_valid(iban: str) -> bool:
    """ISO 13616, mod 97-10."""
    compact = iban.replace(" ", "")
    moved = compact[4:] + compact[:4]
    return 15 <= len(compact) <= 34 and int("".join(str(int(char, 36)) for char in moved)) % 97 == 1


def _cards(text: str) -> Iterator[Span]:
    for match in _CARD.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        if 13 <= len(digits) <= 19 and digits[0] in "23456" and luhn(digits):
            yield Span("CREDIT_CARD", match.start(), match.end(), 1.0)


def _ibans(text: str) -> Iterator[Span]:
    for match in _IBAN.finditer(text):
        words = match[0].split(" ")
        # The pattern may have run on into the next word: the longest prefix whose checksum holds is the number.
        for count in range(len(words), 0, -1):
            candidate = " ".join(words[:count])
            if iban_valid(candidate):
                yield Span("IBAN_CODE", match.start(), match.start() + len(candidate), 1.0)
                break


def _all(pattern: re.Pattern[str], entity_type: str, score: float) -> Callable[[str], Iterator[Span]]:
    group = 1 if pattern.groups else 0

    def find(text: str) -> Iterator[Span]:
        for match in pattern.finditer(text):
            yield Span(entity_type, match.start(group), match.end(group), score)

    return find


FINDERS: dict[str, tuple[Callable[[str], Iterator[Span]], ...]] = {
    "CREDIT_CARD": (_cards,),
    "IBAN_CODE": (_ibans,),
    "EMAIL_ADDRESS": (_all(_EMAIL, "EMAIL_ADDRESS", 1.0),),
    "UK_NINO": (_all(_NINO, "UK_NINO", 0.9),),
    "UK_ACCOUNT": (_all(_SORT_CODE, "UK_ACCOUNT", 0.8), _all(_ACCOUNT, "UK_ACCOUNT", 0.85)),
    "DATE_OF_BIRTH": (_all(_BIRTH, "DATE_OF_BIRTH", 0.9),),
    "POSTAL_ADDRESS": (_all(_ADDRESS, "POSTAL_ADDRESS", 0.8), _all(_POSTCODE_ALONE, "POSTAL_ADDRESS", 0.6)),
}
"""By entity type. What is not here (persons, phones, US numbers) is found by Presidio."""


def find_patterns(text: str, entity_types: frozenset[str]) -> list[Span]:
    """Every span of the types that are asked for."""
    return [span for name, finders in FINDERS.items() if name in entity_types for finder in finders for span in finder(text)]
