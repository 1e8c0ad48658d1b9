"""Payment cards: issuer ranges and the Luhn digit (ISO/IEC 7812-1)."""

import re

from chancery_redaction.domain.recognizers.checksums import compact, luhn
from chancery_redaction.domain.recognizers.recognizer import Recognizer

_CARD = re.compile(r"(?<![\w-])(?<!\d[.,])(?=\d{3})\d(?:[ -]?\d){11,18}(?![\w-]|[.,]\d)")
_RANGES: tuple[tuple[str, str, tuple[int, ...]], ...] = (
    ("4", "4", (13, 16, 19)),
    ("51", "55", (16,)),
    ("2221", "2720", (16,)),
    ("34", "34", (15,)),
    ("37", "37", (15,)),
    ("300", "305", (14,)),
    ("36", "36", (14,)),
    ("38", "39", (14,)),
    ("6011", "6011", (16, 19)),
    ("644", "659", (16, 19)),
    ("3528", "3589", (16, 19)),
    ("1800", "1800", (15,)),
    ("2131", "2131", (15,)),
    ("50", "50", (12, 13, 14, 15, 16, 17, 18, 19)),
    ("56", "58", (12, 13, 14, 15, 16, 17, 18, 19)),
    ("62", "62", (16, 17, 18, 19)),
    ("67", "67", (12, 13, 14, 15, 16, 17, 18, 19)),
    ("3", "6", (16,)),
)
"""First digits from, to, and lengths: Visa, Mastercard twice, American Express, Diners, Discover, JCB, Maestro, UnionPay. The last line:
ranges are opened and moved, so sixteen digits that no column of years begins like are a card by the Luhn digit alone."""


def _card(value: str) -> int:
    """Characters of the longest groups in front that are a card: a code or a date may follow it."""
    ends = [len(value), *(place for place in range(len(value) - 1, 0, -1) if not value[place].isdigit())]
    return next((end for end in ends if _is_card(value[:end])), 0)


def _is_card(value: str) -> bool:
    digits = compact(value)
    known = any(len(digits) in lengths and low <= digits[: len(low)] <= high for low, high, lengths in _RANGES)
    return known and _grouped(value) and luhn(digits)


def _grouped(value: str) -> bool:
    """Separators stand between groups of three to eight, all alike: a column of small figures is no card."""
    separators = {char for char in value if not char.isdigit()}
    groups = value.replace("-", " ").split(" ")
    return len(separators) <= 1 and (len(groups) == 1 or all(3 <= len(group) <= 8 for group in groups))


RECOGNIZERS = (Recognizer("CREDIT_CARD", _CARD, 0.95, "issuer range and length, Luhn", _card, digits=12),)
