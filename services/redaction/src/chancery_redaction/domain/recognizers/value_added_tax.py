"""VAT numbers of Europe, each with its country's check digits."""

import re
from collections.abc import Callable

from chancery_redaction.domain.recognizers.checksums import compact, luhn, mod11_10, weighted
from chancery_redaction.domain.recognizers.recognizer import Recognizer, whole

_CODES = "AT|BE|DE|DK|EL|ES|FI|FR|GB|IE|IT|LU|NL|PL|PT|SE|XI"
_VAT = re.compile(rf"(?<![A-Za-z0-9])(?:{_CODES})[ -]?(?=[A-Z\d ]{{0,6}}\d)[A-Z\d](?:[ .-]?[A-Z\d+*]){{7,12}}(?![A-Za-z0-9])")
_GB_BARE = re.compile(r"(?i:\bVAT\b)[^\n\d]{0,40}(?P<value>\d{3} ?\d{4} ?\d{2}(?: ?\d{3})?)(?!\d)")


def _gb(body: str) -> bool:
    """HMRC: weights 8 to 2, mod 97, or mod 97 with 55 added (numbers since 2010)."""
    if len(body) not in (9, 12) or not body.isdigit() or body[:7] == "0000000":
        return False
    rest = (weighted(body[:7], range(8, 1, -1)) + int(body[7:9])) % 97
    return rest in (0, 42)


def _be(body: str) -> bool:
    return len(body) == 10 and body.isdigit() and body[0] in "01" and 97 - int(body[:8]) % 97 == int(body[8:])


def _at(body: str) -> bool:
    if len(body) != 9 or body[0] != "U" or not body[1:].isdigit():
        return False
    total = sum(sum(divmod(int(digit) * (place % 2 + 1), 10)) for place, digit in enumerate(body[1:8]))
    return (96 - total) % 10 == int(body[8])


def _dk(body: str) -> bool:
    return len(body) == 8 and body.isdigit() and body[0] != "0" and weighted(body, (2, 7, 6, 5, 4, 3, 2, 1)) % 11 == 0


def _fi(body: str) -> bool:
    return len(body) == 8 and body.isdigit() and weighted(body, (7, 9, 10, 5, 8, 4, 2, 1)) % 11 == 0


def _fr(body: str) -> bool:
    """Key of the SIREN: (12 + 3 (SIREN mod 97)) mod 97; keys with letters are by another rule and rest on the SIREN's own Luhn digit."""
    if len(body) != 11 or not body[2:].isdigit() or not luhn(body[2:]):
        return False
    return not body[:2].isdigit() or int(body[:2]) == (12 + 3 * (int(body[2:]) % 97)) % 97


def _ie(body: str) -> bool:
    """Weights 8 to 2, and 9 for the ninth letter; mod 23 into the alphabet after W."""
    if not re.fullmatch(r"\d{7}[A-W][A-IW]?", body):
        return False
    ninth = 0 if len(body) == 8 or body[8] == "W" else ord(body[8]) - 64
    return "WABCDEFGHIJKLMNOPQRSTUV"[(weighted(body[:7], range(8, 1, -1)) + 9 * ninth) % 23] == body[7]


def _nl(body: str) -> bool:
    """Weights 9 to 2 mod 11 (until 2019), or mod 97-10 with the country (sole traders since 2020)."""
    if not re.fullmatch(r"\d{9}B\d{2}", body):
        return False
    by_eleven = weighted(body[:8], range(9, 1, -1)) % 11 == int(body[8])
    return by_eleven or int("".join(str(int(char, 36)) for char in "NL" + body)) % 97 == 1


def _lu(body: str) -> bool:
    return len(body) == 8 and body.isdigit() and int(body[:6]) % 89 == int(body[6:])


def _pl(body: str) -> bool:
    return len(body) == 10 and body.isdigit() and weighted(body[:9], (6, 5, 7, 2, 3, 4, 5, 6, 7)) % 11 == int(body[9])


def _pt(body: str) -> bool:
    if len(body) != 9 or not body.isdigit() or body[0] == "0":
        return False
    check = 11 - weighted(body[:8], range(9, 1, -1)) % 11
    return (0 if check > 9 else check) == int(body[8])


def _el(body: str) -> bool:
    """Powers of two, mod 11, mod 10."""
    if len(body) != 9 or not body.isdigit():
        return False
    return sum(int(digit) << (8 - place) for place, digit in enumerate(body[:8])) % 11 % 10 == int(body[8])


def _es(body: str) -> bool:
    """Companies: Luhn-like control digit or its letter. Persons: see DNI and NIE."""
    company = re.fullmatch(r"([A-HJNP-SUVW])(\d{7})([\dA-J])", body)
    if company is None:
        person = re.fullmatch(r"([\dXYZ])(\d{7})([A-Z])", body)
        first = "" if person is None else str("XYZ".find(person[1])) if person[1] in "XYZ" else person[1]
        return person is not None and "TRWAGMYFPDXBNJZSQVHLCKE"[int(first + person[2]) % 23] == person[3]
    odd = sum(sum(divmod(int(digit) * 2, 10)) for digit in company[2][0::2])
    control = (10 - (odd + sum(int(digit) for digit in company[2][1::2])) % 10) % 10
    return company[3] in (str(control), "JABCDEFGHI"[control])


CHECKS: dict[str, Callable[[str], bool]] = {
    "AT": _at, "BE": _be, "DE": lambda body: len(body) == 9 and body.isdigit() and body[0] != "0" and mod11_10(body), "DK": _dk,
    "EL": _el,
    "ES": _es, "FI": _fi, "FR": _fr, "GB": _gb, "XI": _gb, "IE": _ie, "IT": lambda body: len(body) == 11 and body.isdigit() and luhn(body),
    "LU": _lu, "NL": _nl, "PL": _pl, "PT": _pt,
    "SE": lambda body: len(body) == 12 and body.isdigit() and body.endswith("01") and luhn(body[:10]),
}  # fmt: skip


def _vat(value: str) -> int:
    """Characters of the number that a run of letters and digits begins with: the longest prefix, at a border of groups, that checks."""
    check, end = CHECKS[value[:2]], len(value)
    while end > 9:
        if check(compact(value[2:end])):
            return end
        end = max(value.rfind(separator, 0, end) for separator in " .-")
    return 0


RECOGNIZERS = (
    Recognizer("VAT_NUMBER", _VAT, 0.95, "check digits of 17 countries", _vat, digits=7),
    Recognizer(
        "VAT_NUMBER", _GB_BARE, 0.95, "GB check digits; words before it", whole(lambda value: _gb(compact(value))), digits=9, cues=("vat",)
    ),
)
