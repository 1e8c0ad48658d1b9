"""Amounts of money, rounded to one significant digit. One way: the same rounded amount stands for many.

They are not scaled by a secret factor, as dates are moved by one: the first amount that somebody knows gives the factor away, limits and
fees of the documents would no longer stand in any relation to the amounts, and a scaled amount that is rounded does not come back exactly.
"""

import re
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal

_NUMBER = r"\d{1,3}(?:,\d{3}){1,6}(?:\.\d{1,4})?|\d{1,18}(?:\.\d{1,4})?"
_CODE = "GBP|USD|EUR|CHF|JPY|AUD|CAD|SEK|NOK|DKK|SGD|HKD"
_BEFORE = rf"(?:[£$€¥]|(?:{_CODE}) ?)(?P<after>{_NUMBER})"
_AFTER = rf"(?P<before>{_NUMBER}) ?(?:{_CODE}|€|£|pounds|dollars|euros?)"
AMOUNT = re.compile(rf"(?<![\w.,])(?:{_BEFORE}|{_AFTER})(?!\w|[.,]\d)")


def amounts(text: str) -> Iterator[tuple[int, int, str]]:
    """Where the number of each amount stands, and what it is rounded."""
    for found in AMOUNT.finditer(text):
        group = "after" if found["after"] is not None else "before"
        yield found.start(group), found.end(group), rounded(found[group])


def rounded(number: str) -> str:
    """`12,345.67` is `10,000`; `0.047` is `0.05`; grouped as it was."""
    value = Decimal(number.replace(",", ""))
    if value == 0:
        return "0"
    unit = Decimal(1).scaleb(value.adjusted())
    result = (value / unit).quantize(Decimal(1), ROUND_HALF_UP) * unit
    return f"{result:,f}" if "," in number else f"{result:f}"
