"""United Kingdom: National Insurance, taxpayer reference, NHS number, company number, driving licence."""

import re

from chancery_redaction.domain.recognizers.checksums import compact, weighted
from chancery_redaction.domain.recognizers.recognizer import Recognizer, whole, words

_NINO = re.compile(
    r"\b(?!BG|GB|KN|NK|NT|TN|ZZ|bg|gb|kn|nk|nt|tn|zz)[A-CEGHJ-PR-TW-Za-ceghj-pr-tw-z][A-CEGHJ-NPR-TW-Za-ceghj-npr-tw-z]"
    r"[ -]?\d{2}[ -]?\d{2}[ -]?\d{2}[ -]?[A-Da-d]\b"
)
_UTR = re.compile(r"(?<![\d-])(?:\d{10}|\d{5} \d{5})(?:[Kk]\b|(?![\d-]|[.,]\d))")
_UTR_WORDS = words("utr", "unique taxpayer", "tax reference", "taxpayer reference", "self assessment", "hmrc")
_NHS = re.compile(r"(?<![\d-])\d{3}([ -]?)\d{3}\1\d{4}(?![\d-]|[.,]\d)")
_NHS_WORDS = words("nhs", "health service", "patient", "hospital number", "medical record")
_COMPANY = re.compile(r"(?<![A-Za-z0-9])(?:(?:SC|NI|OC|SO|NC|R0|FC|GE|LP|SL|CE|RC|IP|SP|RS|NF|BR)\d{6}|\d{8}|\d{7})(?![A-Za-z0-9]|[.,]\d)")
_COMPANY_WORDS = words("company no", "company number", "companies house", "registered no", "registered number", "registration number",
                       "registration no", "co no", "crn", "registered in england", "registered in scotland", "registered in wales",
                       "incorporated in england")  # fmt: skip
_LICENCE = re.compile(r"\b[A-Z9]{5} ?\d(?:[05][1-9]|[16][0-2])(?:0[1-9]|[12]\d|3[01])\d ?[A-Z9]{2}[A-HJ-NP-Z2-9][A-Z]{2}(?: ?\d{2})?\b")


def _nhs_valid(value: str) -> bool:
    """NHS data dictionary: weights 10 to 2, mod 11."""
    digits = compact(value)
    check = 11 - weighted(digits[:9], range(10, 1, -1)) % 11
    return check != 10 and check % 11 == int(digits[9]) and len(set(digits)) > 1


def _utr_valid(value: str) -> bool:
    """HMRC: the first digit checks the other nine."""
    digits = compact(value)[:10]
    return int(digits[0]) == (2, 1, 9, 8, 7, 6, 5, 4, 3, 2, 1)[weighted(digits[1:], (6, 7, 8, 9, 10, 5, 4, 3, 2)) % 11]


def _licence_valid(value: str) -> bool:
    """DVLA: the surname's five letters end, not begin, with nines; so do the initials."""
    surname, initials = value[:5], compact(value)[11:13]
    return surname[0] != "9" and "9" not in surname.rstrip("9") and initials[0] != "9"


RECOGNIZERS = (
    Recognizer("UK_NINO", _NINO, 0.95, "letters that are issued", digits=6),
    Recognizer("UK_NHS", _NHS, 0.95, "mod 11; words near it", whole(_nhs_valid), _NHS_WORDS, bare=0.3, digits=10),
    Recognizer("UK_UTR", _UTR, 0.95, "mod 11; words near it", whole(_utr_valid), _UTR_WORDS, bare=0.1, digits=10),
    Recognizer("UK_COMPANY_NUMBER", _COMPANY, 0.85, "prefix; words near it", None, _COMPANY_WORDS, digits=6),
    Recognizer("UK_DRIVING_LICENCE", _LICENCE, 0.95, "structure: surname, date of birth, initials", whole(_licence_valid), digits=6),
)
