"""Identifiers with check digits, made from their standards in the other direction: by computing the digits, not by testing them.

Nothing here is imported from redaction, and where there are two ways to a check digit, this is the other one (remainders digit by
digit instead of one large number, a table of doubles instead of arithmetic, a search for the digit that makes a sum vanish). The
recognizers are held to published specimens, too, by `tests/unit/redaction/test_recognizers.py`.
"""

import hashlib
import random
import string
from collections.abc import Callable

DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
IBANS = {
    "GB": "AAAADDDDDDDDDDDDDD", "DE": "DDDDDDDDDDDDDDDDDD", "FR": "DDDDDDDDDDXXXXXXXXXXXDD", "ES": "DDDDDDDDDDDDDDDDDDDD",
    "IT": "ADDDDDDDDDDXXXXXXXXXXXX", "NL": "AAAADDDDDDDDDD", "BE": "DDDDDDDDDDDD", "AT": "DDDDDDDDDDDDDDDD",
    "CH": "DDDDDXXXXXXXXXXXX", "IE": "AAAADDDDDDDDDDDDDD", "LU": "DDDXXXXXXXXXXXXX", "NO": "DDDDDDDDDDD",
    "SE": "DDDDDDDDDDDDDDDDDDDD", "DK": "DDDDDDDDDDDDDD", "PL": "DDDDDDDDDDDDDDDDDDDDDDDD", "PT": "DDDDDDDDDDDDDDDDDDDDD",
    "MT": "AAAADDDDDXXXXXXXXXXXXXXXXXX", "AE": "DDDDDDDDDDDDDDDDDDD", "SA": "DDXXXXXXXXXXXXXXXXXX", "FI": "DDDDDDDDDDDDDD",
}  # fmt: skip
CARDS = (("4", 16), ("4", 13), ("51", 16), ("55", 16), ("2221", 16), ("2720", 16), ("34", 15), ("37", 15), ("36", 14), ("6011", 16),
         ("65", 16), ("3530", 16), ("62", 16), ("6759", 16))  # fmt: skip
BASE58 = string.digits[1:] + string.ascii_uppercase.replace("I", "").replace("O", "") + string.ascii_lowercase.replace("l", "")
BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"

Draw = random.Random


def digits(draw: Draw, count: int) -> str:
    """So many digits, the first not 0."""
    return str(draw.randint(1, 9)) + "".join(str(draw.randint(0, 9)) for _ in range(count - 1))


def remainder(text: str, modulus: int) -> int:
    """Digit by digit, letters as two digits."""
    rest = 0
    for char in text:
        for digit in char if char.isdigit() else str(ord(char) - 55):
            rest = (rest * 10 + ord(digit) - 48) % modulus
    return rest


def with_luhn(body: str) -> str:
    """With its last digit."""
    total = sum(DOUBLED[int(digit)] if place % 2 == 0 else int(digit) for place, digit in enumerate(reversed(body)))
    return body + str(-total % 10)


def grouped(value: str, sizes: tuple[int, ...], separator: str) -> str:
    """Groups of these sizes; the last size goes on."""
    groups, at = [], 0
    for place in range(len(value)):
        if at >= len(value):
            break
        size = sizes[min(place, len(sizes) - 1)]
        groups.append(value[at : at + size])
        at += size
    return separator.join(groups)


def iban(draw: Draw) -> str:
    country = draw.choice(list(IBANS))
    kinds = {"A": string.ascii_uppercase, "D": string.digits, "X": string.ascii_uppercase + string.digits}
    bban = "".join(draw.choice(kinds[kind]) for kind in IBANS[country])
    value = f"{country}{98 - remainder(bban + country + '00', 97):02d}{bban}"
    return draw.choice((value, grouped(value, (4,), " ")))


def card(draw: Draw) -> str:
    prefix, length = draw.choice(CARDS)
    value = with_luhn(prefix + "".join(draw.choice(string.digits) for _ in range(length - len(prefix) - 1)))
    sizes = {16: (4,), 15: (4, 6, 5), 14: (4, 6, 4), 13: (4, 4, 5)}[length]
    return draw.choice((value, grouped(value, sizes, " "), grouped(value, sizes, "-")))


def routing(draw: Draw) -> str:
    first = f"{draw.choice([*range(1, 13), *range(21, 33), *range(61, 73), 80]):02d}"
    body = first + digits(draw, 6)
    return next(
        body + digit for digit in string.digits if sum(int(one) * (3, 7, 1)[at % 3] for at, one in enumerate(body + digit)) % 10 == 0
    )


def nhs(draw: Draw) -> str:
    while True:
        body = digits(draw, 9)
        fitting = [d for d in string.digits if (sum(int(one) * (10 - at) for at, one in enumerate(body)) + int(d)) % 11 == 0]
        if fitting and len(set(body)) > 1:
            value = body + fitting[0]
            return draw.choice((value, grouped(value, (3, 3, 4), " "), grouped(value, (3, 3, 4), "-")))


def utr(draw: Draw) -> str:
    body = digits(draw, 9)
    rest = sum(int(one) * weight for one, weight in zip(body, (6, 7, 8, 9, 10, 5, 4, 3, 2), strict=True)) % 11
    first = 11 - rest  # 11 is written as 2, 10 as 1
    return {11: "2", 10: "1"}.get(first, str(first)) + body


def steuer_id(draw: Draw) -> str:
    while True:
        ten = draw.sample(string.digits, 9)
        ten.insert(draw.randint(1, 8), ten[draw.randint(0, 8)])
        if ten[0] == "0":
            continue
        state = 0
        for digit in ten:  # ISO 7064, hybrid system
            total = (int(digit) + (state or 10)) % 10
            state = (total or 10) * 2 % 11
        value = "".join(ten) + str((11 - state) % 10)
        return draw.choice((value, grouped(value, (2, 3), " ")))


def nir(draw: Draw) -> str:
    department = draw.choice(("75", "13", "69", "2A", "2B", "33"))
    born = f"{draw.choice('12')}{draw.randint(30, 99)}{draw.randint(1, 12):02d}"
    body = f"{born}{department}{draw.randint(1, 990):03d}{draw.randint(1, 999):03d}"
    number = int(body.replace("2A", "20").replace("2B", "20"))
    number -= {"2A": 1_000_000, "2B": 2_000_000}.get(department, 0)
    value = f"{body}{97 - number % 97:02d}"
    return draw.choice((value, grouped(value, (1, 2, 2, 2, 3, 3, 2), " ")))


def dni(draw: Draw) -> str:
    number = draw.randint(10_000_000, 99_999_999)
    letter = "TRWAGMYFPDXBNJZSQVHLCKE"[number - number // 23 * 23]
    return draw.choice((f"{number}{letter}", f"{number}-{letter}"))


def nie(draw: Draw) -> str:
    first, number = draw.randint(0, 2), draw.randint(1_000_000, 9_999_999)
    whole = first * 10_000_000 + number
    letter = "TRWAGMYFPDXBNJZSQVHLCKE"[whole - whole // 23 * 23]
    return draw.choice((f"{'XYZ'[first]}{number}{letter}", f"{'XYZ'[first]}-{number}-{letter}"))


def codice_fiscale(draw: Draw) -> str:
    letters = "".join(draw.choice("BCDFGLMNPRSTVZ") for _ in range(6))
    day = draw.randint(1, 31) + draw.choice((0, 40))
    body = f"{letters}{draw.randint(30, 99)}{draw.choice('ABCDEHLMPRST')}{day:02d}{draw.choice('ABCDEFGHILZ')}{draw.randint(100, 999)}"
    odd = "BAKPLCQDREVOSFTGUHMINJWZYX"  # the letter at place n is worth n in an odd place
    total = sum(
        (
            odd.index(char if char.isalpha() else string.ascii_uppercase[int(char)])
            if at % 2 == 0
            else int(char, 36) - (10 if char.isalpha() else 0)
        )
        for at, char in enumerate(body)
    )
    return body + string.ascii_uppercase[total % 26]


def lei(draw: Draw) -> str:
    body = digits(draw, 4) + "00" + "".join(draw.choice(string.ascii_uppercase + string.digits) for _ in range(12))
    return f"{body}{98 - remainder(body + '00', 97):02d}"


def siren(draw: Draw) -> str:
    value = with_luhn(digits(draw, 8))
    return draw.choice((value, grouped(value, (3,), " ")))


def siret(draw: Draw) -> str:
    value = with_luhn(with_luhn(digits(draw, 8)) + f"{draw.randint(1, 999):04d}")
    return draw.choice((value, grouped(value, (3, 3, 3, 5), " ")))


def passport_line(draw: Draw) -> str:
    def checked(field: str) -> str:
        worth = {char: at for at, char in enumerate(string.digits + string.ascii_uppercase)} | {"<": 0}
        return field + str(sum(worth[char] * (7, 3, 1)[at % 3] for at, char in enumerate(field)) % 10)

    number = checked("".join(draw.choice(string.ascii_uppercase + string.digits) for _ in range(9)))
    birth, expiry = (
        checked(f"{year:02d}{draw.randint(1, 12):02d}{draw.randint(1, 28):02d}") for year in (draw.randint(30, 99), draw.randint(26, 36))
    )
    optional = checked("<" * 14)
    whole = checked(number + birth + expiry + optional)[-1]
    return f"{number}{draw.choice(('GBR', 'USA', 'FRA', 'D<<'))}{birth}{draw.choice('MF<')}{expiry}{optional}{whole}"


def bitcoin(draw: Draw) -> str:
    raw = bytes([draw.choice((0, 5))]) + draw.randbytes(20)
    raw += hashlib.new("sha256", hashlib.new("sha256", raw).digest()).digest()[:4]
    number, text = int.from_bytes(raw, "big"), ""
    while number:
        number, rest = divmod(number, 58)
        text = BASE58[rest] + text
    return "1" * (len(raw) - len(raw.lstrip(b"\0"))) + text


def segwit(draw: Draw) -> str:
    """BIP 173's own example code, written out."""
    data = [0] + [draw.randint(0, 31) for _ in range(31)] + [draw.choice(range(0, 32, 16))]
    generators = [0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3]
    state = 1
    for value in [ord(c) >> 5 for c in "bc"] + [0] + [ord(c) & 31 for c in "bc"] + data + [0] * 6:
        high = state >> 25
        state = ((state & 0x1FFFFFF) << 5) ^ value
        for bit in range(5):
            state ^= generators[bit] if (high >> bit) & 1 else 0
    state ^= 1
    return "bc1" + "".join(BECH32[value] for value in data + [(state >> 5 * (5 - at)) & 31 for at in range(6)])


def _searched(prefix: str, bodies: Callable[[Draw], str], fits: Callable[[str], bool]) -> Callable[[Draw], str]:
    def make(draw: Draw) -> str:
        while True:
            body = bodies(draw)
            if fits(body):
                return prefix + body

    return make


def luxembourg(draw: Draw) -> str:
    body = digits(draw, 6)
    return f"LU{body}{int(body) % 89:02d}"


def france(draw: Draw) -> str:
    body = with_luhn(digits(draw, 8))
    return f"FR{int(body + '12') % 97:02d}{body}"


def _portuguese(body: str) -> bool:
    return _sum(body, "987654321") % 11 == 0 and _sum(body[:8], "98765432") % 11 > 1


def _sum(body: str, weights: str) -> int:
    return sum(int(digit) * int(weight, 16) for digit, weight in zip(body, weights, strict=False))


VAT: dict[str, Callable[[Draw], str]] = {
    "GB": _searched("GB", lambda draw: digits(draw, 9), lambda body: (_sum(body, "8765432") + int(body[7:])) % 97 == 0),
    "BE": _searched("BE", lambda draw: "0" + digits(draw, 9),
                    lambda body: (int(body[:8]) + int(body[8:])) % 97 == 0 and 0 < int(body[8:]) <= 97),
    "DK": _searched("DK", lambda draw: digits(draw, 8), lambda body: _sum(body, "27654321") % 11 == 0),
    "FI": _searched("FI", lambda draw: digits(draw, 8), lambda body: _sum(body, "79a58421") % 11 == 0),
    "LU": luxembourg,
    "PL": _searched("PL", lambda draw: digits(draw, 10), lambda body: (_sum(body[:9], "657234567") - int(body[9])) % 11 == 0),
    "PT": _searched("PT", lambda draw: digits(draw, 9), _portuguese),
    "IT": lambda draw: "IT" + with_luhn(digits(draw, 10)),
    "SE": lambda draw: "SE" + with_luhn(digits(draw, 9)) + "01",
    "NL": _searched("NL", lambda draw: digits(draw, 9), lambda body: (_sum(body[:8], "98765432") - int(body[8])) % 11 == 0),
    "FR": france,
}  # fmt: skip


def vat(draw: Draw) -> str:
    country = draw.choice(list(VAT))
    value = VAT[country](draw) + (f"B{draw.randint(1, 99):02d}" if country == "NL" else "")
    return draw.choice((value, f"{value[:2]} {value[2:]}"))


MADE: dict[str, tuple[Callable[[Draw], str], tuple[str, ...]]] = {
    "IBAN_CODE": (iban, ("Please pay it to {} by Friday.", "IBAN: {}", "The account {} was opened in 2019")),
    "CREDIT_CARD": (card, ("I paid with {} on 3 May.", "Card number {}, expires 04/29.", "it was charged to {} twice")),
    "US_BANK_ROUTING": (routing, ("The ABA routing number is {}.", "Routing no. {}, account to follow.", "wire it to {} today")),
    "UK_NHS": (nhs, ("Her NHS number is {}.", "NHS no: {}", "The patient ({}) was seen in March.")),
    "UK_UTR": (utr, ("My UTR is {}.", "Unique Taxpayer Reference: {}", "HMRC wrote about {} again.")),
    "VAT_NUMBER": (vat, ("Our VAT number is {}.", "VAT reg. no. {}", "The supplier, {}, sent 3 invoices.")),
    "DE_TAX_ID": (steuer_id, ("Her Steuer-ID is {}.", "IdNr. {}", "His German tax ID {} was missing.")),
    "FR_NIR": (nir, ("His numéro de sécurité sociale is {}.", "NIR {}", "They asked for {} on the form.")),
    "ES_NIF": (dni, ("Her DNI is {}.", "NIF {}", "signed by the holder of {}, in Madrid")),
    "ES_NIE": (nie, ("His NIE is {}.", "NIE: {}", "signed by the holder of {}, in Madrid")),
    "IT_FISCAL_CODE": (codice_fiscale, ("Codice fiscale {}.", "the borrower ({}) agrees", "They asked for {} on the form.")),
    "LEI": (lei, ("Its LEI is {}.", "the counterparty ({}) agrees", "Legal Entity Identifier: {}")),
    "FR_SIREN": (siren, ("SIREN {}.", "registered at RCS Paris {}", "its SIREN number is {}, since 2004")),
    "FR_SIRET": (siret, ("SIRET {}.", "its SIRET number is {}, since 2004", "the établissement {} was closed")),
    "PASSPORT": (passport_line, ("The second line reads {}.", "scanned:\n{}\nfrom the passport", "MRZ {}")),
    "CRYPTO": (lambda draw: draw.choice((bitcoin, segwit))(draw), ("Send 0.25 BTC to {} today.", "wallet {}", "It went to {} on 4 June.")),
}  # fmt: skip
"""By type: how it is made, and the sentences it stands in. Types that need words near them have these in each sentence."""
