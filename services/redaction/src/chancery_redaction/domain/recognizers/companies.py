"""Companies: LEI (ISO 17442), SIREN and SIRET; and ISIN (ISO 6166), which is nobody's and is left as it is."""

import re

from chancery_redaction.domain.recognizers.checksums import compact, luhn, mod97
from chancery_redaction.domain.recognizers.countries import COUNTRIES
from chancery_redaction.domain.recognizers.recognizer import Recognizer, whole, words

SECURITY = "ISIN"
"""Of a security: found so that it is not taken for something else, never masked."""
_LEI = re.compile(r"(?<![A-Za-z0-9])[A-Z0-9]{18}\d{2}(?![A-Za-z0-9])")
_SIREN = re.compile(r"(?<![\w-])\d{3}([ .]?)\d{3}\1\d{3}(?![\w-]|[.,]\d)")
_SIREN_WORDS = words("siren", "rcs", "r\\.c\\.s\\.", "registre du commerce", "sirene")
_SIRET = re.compile(r"(?<![\w-])\d{3}([ .]?)\d{3}\1\d{3}[ .]?\d{5}(?![\w-]|[.,]\d)")
_SIRET_WORDS = words("siret", "établissement", "etablissement", "rcs", "sirene", "siren")
_ISIN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}[A-Z0-9]{9}\d(?![A-Za-z0-9])")


def _lei(value: str) -> bool:
    return mod97(value) == 1 and any(char.isdigit() for char in value[:18])


def _siret(value: str) -> bool:
    """Luhn; La Poste's offices (SIREN 356000000) have a sum of digits that is a multiple of five instead."""
    digits = compact(value)
    return luhn(digits) or (digits.startswith("356000000") and sum(int(digit) for digit in digits) % 5 == 0)


def isin_valid(value: str) -> bool:
    """A country's prefix or XS, EU, XC, XD; Luhn over the letters as numbers."""
    return (value[:2] in COUNTRIES or value[:2] in ("XS", "EU", "XC", "XD")) and luhn("".join(str(int(char, 36)) for char in value))


RECOGNIZERS = (
    Recognizer("LEI", _LEI, 1.0, "mod 97-10 (ISO 17442)", whole(_lei), None, digits=2),
    Recognizer("FR_SIREN", _SIREN, 0.9, "Luhn; words near it", whole(lambda value: luhn(compact(value))), _SIREN_WORDS, bare=0.1, digits=9),
    Recognizer("FR_SIRET", _SIRET, 0.97, "Luhn; words near it", whole(_siret), _SIRET_WORDS, bare=0.3, digits=14),
    Recognizer(SECURITY, _ISIN, 1.0, "country, Luhn (ISO 6166); never masked", whole(isin_valid), digits=1),
)
