"""Passports and identity cards: numbers by the words near them, machine-readable lines by their check digits (ICAO 9303)."""

import re

from chancery_redaction.domain.recognizers.checksums import weights_731
from chancery_redaction.domain.recognizers.recognizer import Recognizer, whole, words

_NUMBER = re.compile(r"(?<![\w-])(?=[A-Z]{0,3}\d)[A-Z0-9]{7,9}(?![\w-]|[.,]\d)")
_NUMBER_WORDS = words("passports?", "passport no", "passport number", "reisepass", "passeport", "personalausweis", "ausweisnummer",
                      "travel document", "identity card", "id card")  # fmt: skip
_NAME_LINE = re.compile(r"(?<![A-Z0-9<])(?:P[A-Z<][A-Z<]{3}(?=[A-Z<]{0,37}<<)[A-Z<]{39}|(?=[A-Z<]{2,28}<<)[A-Z][A-Z<]{29})(?![A-Z0-9<])")
_PASSPORT_LINE = re.compile(r"(?<![A-Z0-9<])[A-Z0-9<]{9}\d[A-Z<]{3}\d{7}[MFX<]\d{7}[A-Z0-9<]{14}[\d<]\d(?![A-Z0-9<])")
_CARD_FIRST = re.compile(r"(?<![A-Z0-9<])[ACI][A-Z0-9<][A-Z<]{3}[A-Z0-9<]{9}[\d<][A-Z0-9<]{15}(?![A-Z0-9<])")
_CARD_SECOND = re.compile(r"(?<![A-Z0-9<])\d{7}[MFX<]\d{7}[A-Z<]{3}[A-Z0-9<]{11}\d(?![A-Z0-9<])")


def _mostly_digits(value: str) -> bool:
    return sum(char.isdigit() for char in value) >= 5


def _passport_line(line: str) -> bool:
    """Part 4, 4.2.2: the number, the dates, and all of them together."""
    dates = weights_731(line[13:19]) == int(line[19]) and weights_731(line[21:27]) == int(line[27])
    return dates and weights_731(line[:9]) == int(line[9]) and weights_731(line[:10] + line[13:20] + line[21:43]) == int(line[43])


def _card_first(line: str) -> bool:
    """Part 5, 4.2.2: the number's digit, unless the number goes on in the optional data."""
    return line[14] == "<" or weights_731(line[5:14]) == int(line[14])


def _card_second(line: str) -> bool:
    return weights_731(line[:6]) == int(line[6]) and weights_731(line[8:14]) == int(line[14])


RECOGNIZERS = (
    Recognizer("PASSPORT", _NUMBER, 0.85, "words near it", whole(_mostly_digits), _NUMBER_WORDS, digits=5,
               cues=("pass", "ausweis", "travel document", "id card", "identity card")),
    Recognizer("PASSPORT", _NAME_LINE, 0.95, "shape of a machine-readable line", cues=("<<",)),
    Recognizer("PASSPORT", _PASSPORT_LINE, 1.0, "check digits (ICAO 9303)", whole(_passport_line), digits=18),
    Recognizer("PASSPORT", _CARD_FIRST, 0.95, "check digit (ICAO 9303)", whole(_card_first), cues=("<",)),
    Recognizer("PASSPORT", _CARD_SECOND, 0.95, "check digits (ICAO 9303)", whole(_card_second), digits=14, cues=("<",)),
)  # fmt: skip
