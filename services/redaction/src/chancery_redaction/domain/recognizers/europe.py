"""Persons of the European Union: German Steuer-ID, French NIR, Spanish DNI and NIE, Italian codice fiscale."""

import re
from collections import Counter

from chancery_redaction.domain.recognizers.checksums import compact, mod11_10
from chancery_redaction.domain.recognizers.recognizer import Recognizer, whole, words

_STEUER_ID = re.compile(r"(?<![\d-])[1-9]\d(?:\d{9}| \d{3} \d{3} \d{3})(?![\d-]|[.,]\d)")
_STEUER_WORDS = words("steuer id", "steuer identifikationsnummer", "steueridentifikationsnummer", "steuerliche identifikationsnummer",
                      "identifikationsnummer", "idnr", "id nr", "tin", "tax id", "tax identification", "german tax")  # fmt: skip
_NIR = re.compile(r"(?<![\w-])[1-478] ?\d{2} ?(?:0[1-9]|1[0-2]|[2-9]\d) ?(?:\d{2}|2[ABab]) ?\d{3} ?\d{3} ?\d{2}(?![\w-])")
_SPANISH = "TRWAGMYFPDXBNJZSQVHLCKE"
_DNI = re.compile(rf"(?<![\w-])\d{{8}}[- ]?[{_SPANISH}](?![\w-])|(?<![\w-])\d{{2}}\.\d{{3}}\.\d{{3}}[- ]?[{_SPANISH}](?![\w-])")
_NIE = re.compile(rf"(?<![\w-])[XYZ][- ]?\d{{7}}[- ]?[{_SPANISH}](?![\w-])")
_CODICE = re.compile(r"(?<!\w)[A-Z]{6}[\dLMNP-V]{2}[A-EHLMPR-T][\dLMNP-V]{2}[A-MZ][\dLMNP-V]{3}[A-Z](?!\w)", re.IGNORECASE)
_ODD = dict(zip("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", (
    1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23,
), strict=True))  # fmt: skip


def _steuer_id(value: str) -> bool:
    """§ 139b AO: one digit of the first ten comes two or three times; mod 11,10."""
    digits = compact(value)
    counts = sorted(Counter(digits[:10]).values(), reverse=True)
    return counts[0] in (2, 3) and counts[1] < 3 and mod11_10(digits)


def _nir(value: str) -> bool:
    """INSEE: key = 97 minus the number mod 97; Corsica's 2A and 2B count as 19 and 18."""
    number = compact(value)
    department = number[5:7]
    digits = number[:5] + {"2A": "19", "2B": "18"}.get(department, department) + number[7:13]
    return 97 - int(digits) % 97 == int(number[13:])


def _dni(value: str) -> bool:
    """Real Decreto 1553/2005: the letter is the number mod 23."""
    number = compact(value)
    return _SPANISH[int(number[:8]) % 23] == number[8]


def _nie(value: str) -> bool:
    """X, Y, Z count as 0, 1, 2."""
    number = compact(value)
    return _SPANISH[int(str("XYZ".index(number[0])) + number[1:8]) % 23] == number[8]


def _codice_fiscale(value: str) -> bool:
    """Decreto 23 dicembre 1976: odd places by table, even by value, mod 26."""
    code = value.upper()
    odd = sum(_ODD[char] for char in code[0:15:2])
    even = sum(int(char) if char.isdigit() else ord(char) - ord("A") for char in code[1:15:2])
    return chr(ord("A") + (odd + even) % 26) == code[15]


RECOGNIZERS = (
    Recognizer(
        "DE_TAX_ID", _STEUER_ID, 0.95, "digits' counts, mod 11,10; words near it", whole(_steuer_id), _STEUER_WORDS, bare=0.3, digits=11
    ),
    Recognizer("FR_NIR", _NIR, 1.0, "key mod 97", whole(_nir), digits=13),
    Recognizer("ES_NIF", _DNI, 0.95, "letter mod 23", whole(_dni), digits=8),
    Recognizer("ES_NIE", _NIE, 0.95, "letter mod 23", whole(_nie), digits=7),
    Recognizer("IT_FISCAL_CODE", _CODICE, 1.0, "letter mod 26", whole(_codice_fiscale)),
)
