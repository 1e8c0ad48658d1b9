"""Accounts and banks: IBAN (ISO 13616), BIC (ISO 9362), UK accounts and sort codes, ABA routing numbers."""

import re

from chancery_redaction.domain.recognizers.checksums import compact, mod97, weighted
from chancery_redaction.domain.recognizers.countries import COUNTRIES, IBAN_LENGTHS
from chancery_redaction.domain.recognizers.recognizer import Recognizer, further, whole, words

_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z\d]){11,31}")
_BIC = re.compile(r"(?<![A-Za-z0-9])[A-Z]{6}[A-Z2-9][A-NP-Z0-9](?:XXX|[A-WYZ0-9][A-Z0-9]{2})?(?![A-Za-z0-9])")
_SORT_CODE = re.compile(r"(?<![\d-])(?<![LRD]\. )\d{2}-\d{2}-\d{2}(?![\d-])")
_CODE = r"(?P<value>\d{6}|\d{2} \d{2} \d{2})(?!\d)"
_SORT_CODE_BARE = re.compile(rf"(?i:\bsort[ -]?codes?\b)[^\n\d]{{0,30}}{_CODE}")
_NUMBER = r"(?P<value>\d{6,10}|\d{4} \d{4})(?!\d|\.\d|,(?!\d{6})\d)"
_ACCOUNT = re.compile(rf"(?i:\b(?:accounts?|accts?|a/cs?)\b)[^\n\d]{{0,30}}{_NUMBER}")
_ABA = re.compile(r"(?<![\d-])(?:\d{9}|\d{4}-\d{4}-\d)(?![\d-]|[.,]\d)")
_ABA_WORDS = words("aba", "routing", "rtn", "transit", "wire", "fedwire", "ach")
_BIC_WORDS = words("bic", "swift", "bank identifier", "correspondent", "intermediary", "iban", "beneficiary bank")


def iban_valid(iban: str) -> bool:
    """Length by country and mod 97-10."""
    number = compact(iban)
    return IBAN_LENGTHS.get(number[:2]) == len(number) and number[2:4] not in ("00", "01", "99") and mod97(number[4:] + number[:4]) == 1


def _iban(value: str) -> int:
    """Characters of the IBAN that a run of letters and digits begins with: its country says how long it is."""
    wanted = IBAN_LENGTHS.get(value[:2].upper(), 0)
    places = [place for place, char in enumerate(value) if char.isalnum()]
    if not wanted or len(places) < wanted:
        return 0
    end = places[wanted - 1] + 1
    runs_on = end < len(value) and value[end].isalnum() and not _begins_a_word(value, end)
    return end if not runs_on and iban_valid(value[:end]) else 0


def _begins_a_word(value: str, at: int) -> bool:
    return not value[at - 1].isalnum() or (value[at - 1].isdigit() and value[at].islower())


def _bic_strong(value: str) -> bool:
    return value[4:6] in COUNTRIES


def _aba_valid(value: str) -> bool:
    """Federal Reserve ranges; weights 3, 7, 1."""
    digits = compact(value)
    prefix = int(digits[:2])
    in_range = prefix <= 12 or 21 <= prefix <= 32 or 61 <= prefix <= 72 or prefix == 80
    return in_range and digits != "0" * 9 and weighted(digits, (3, 7, 1) * 3) % 10 == 0


RECOGNIZERS = (
    Recognizer("IBAN_CODE", _IBAN, 1.0, "length by country, mod 97-10 (ISO 13616)", _iban, digits=8),
    Recognizer("BIC_CODE", _BIC, 0.9, "country of ISO 3166; words near it", whole(_bic_strong), _BIC_WORDS, bare=0.2),
    Recognizer("UK_ACCOUNT", _SORT_CODE, 0.8, "shape of a sort code", digits=6),
    Recognizer("UK_ACCOUNT", _SORT_CODE_BARE, 0.8, "words before it", digits=6, cues=("sort",), further=further(_CODE)),
    Recognizer("UK_ACCOUNT", _ACCOUNT, 0.85, "words before it", digits=6, cues=("account", "acct", "a/c"), further=further(_NUMBER)),
    Recognizer("US_BANK_ROUTING", _ABA, 0.9, "range, weights 3-7-1; words near it", whole(_aba_valid), _ABA_WORDS, bare=0.1, digits=9),
)
