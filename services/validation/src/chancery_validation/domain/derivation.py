"""Numbers that an answer computes itself, from numbers that its sources bear out: sums, differences, shares, changes, means."""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import permutations

from chancery_validation.domain.numbers import Day, Figure

MAX_OPERANDS = 24
"""More numbers than these are a table; what could be computed from so many means nothing."""
MAX_ROUNDS = 3
"""A result may be used in a further computation, so many times."""
LEAST_DIGITS = 2
"""A single digit agrees with too much by chance,"""
EXACT_DIGITS = 4
"""unless so many digits are written, were they noughts."""
HUNDRED = Decimal(100)
_TIMES_HUNDRED = re.compile(r"[*×x]\s?\(?100\b|\b100\s?[*×x]")


def derived(claims: Sequence[Figure | Day], grounds: Sequence[Figure | Day], text: str) -> list[Figure]:
    """Those of the claims that follow from the grounds in one step, or from such as follow. 100 is no claim where it makes a percentage."""
    waiting = [claim for claim in claims if isinstance(claim, Figure)]
    known = list(dict.fromkeys(ground.value for ground in grounds if isinstance(ground, Figure) and ground.value))
    found = [claim for claim in waiting if claim.value == HUNDRED and not claim.unit and _TIMES_HUNDRED.search(text)]
    for _ in range(MAX_ROUNDS):
        fresh = [claim for claim in waiting if claim not in found and _follows(claim, known)]
        if not fresh:
            break
        found += fresh
        known += [claim.value for claim in fresh if claim.value]
    return found


def _follows(claim: Figure, known: Sequence[Decimal]) -> bool:
    written = claim.value.scaleb(-claim.scale).normalize()
    telling = len(written.as_tuple().digits) >= LEAST_DIGITS or written.adjusted() + 1 >= EXACT_DIGITS
    if len(known) > MAX_OPERANDS or not telling or not len(known) > 1:
        return False
    half = Decimal(5).scaleb(claim.scale - claim.places - 1)
    return any(abs(abs(result) - claim.value) <= half for one, two in permutations(known, 2) for result in _results(one, two, claim.unit))


def _results(one: Decimal, two: Decimal, unit: str) -> Iterator[Decimal]:
    share, change = one / two, (one - two) / two
    if unit == "%":
        yield share * HUNDRED
        yield change * HUNDRED
    else:
        yield share
        yield one + two
        yield (one + two) / 2
    yield one - two
