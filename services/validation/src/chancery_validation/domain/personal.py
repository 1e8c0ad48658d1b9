"""Personal data by their form: found by pattern, kept where a checksum or the context agrees."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

PSEUDONYM = re.compile(r"<[A-Z][A-Z_]*_[0-9A-Z]{2,}>")
_EMAIL = re.compile(r"\b[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}\b")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:\s?[A-Z0-9]{4}){2,7}(?:\s?[A-Z0-9]{1,3})?\b")
_CARD = re.compile(r"(?<!\d)(?:\d[ -]?){12,18}\d(?!\d)")
_PHONE = re.compile(r"(?<![\w£$€.,/-])(?:\+\d{1,3}[\s.-]?(?:\(0\)\s?)?|\(?0)\d{1,4}\)?(?:[\s.-]?\d{2,4}){2,4}(?![\w])")
_NINO = re.compile(r"\b(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\s?\d{2}\s?\d{2}\s?\d{2}\s?[A-D]\b")
_SSN = re.compile(r"\b(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}\b")
_PHONE_DIGITS = range(9, 16)


@dataclass(frozen=True, slots=True)
class Datum:
    """Something personal: its kind and how it was written."""

    kind: str
    text: str


def personal_data(text: str) -> list[Datum]:
    """All that is found; what is part of a longer one found before is not counted again."""
    found: list[Datum] = []
    taken: list[tuple[int, int]] = []
    for kind, start, end in _matches(text):
        if all(end <= begin or stop <= start for begin, stop in taken):
            taken.append((start, end))
            found.append(Datum(kind, text[start:end]))
    return found


def compact(text: str) -> str:
    """Without spaces and separators: for finding a datum that is written otherwise."""
    return re.sub(r"[\s().-]", "", text).lower()


def _matches(text: str) -> Iterator[tuple[str, int, int]]:
    for match in _EMAIL.finditer(text):
        yield "e-mail address", *match.span()
    for match in _IBAN.finditer(text):
        if _iban_holds(match.group()):
            yield "IBAN", *match.span()
    for match in _NINO.finditer(text):
        yield "national insurance number", *match.span()
    for match in _SSN.finditer(text):
        yield "social security number", *match.span()
    for match in _CARD.finditer(text):
        if _luhn_holds(re.sub(r"\D", "", match.group())):
            yield "card number", *match.span()
    for match in _PHONE.finditer(text):
        if sum(character.isdigit() for character in match.group()) in _PHONE_DIGITS:
            yield "telephone number", *match.span()


def _luhn_holds(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0 and len(set(digits)) > 1


def _iban_holds(written: str) -> bool:
    """ISO 13616: rearranged, letters as numbers, the remainder by 97 is 1."""
    plain = re.sub(r"\s", "", written)
    if not 15 <= len(plain) <= 34:
        return False
    number = "".join(str(int(character, 36)) for character in plain[4:] + plain[:4])
    return int(number) % 97 == 1
