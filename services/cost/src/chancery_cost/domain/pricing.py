"""Money in integer micro-units: what a call may cost at most, and what it did cost. Rounded up, never down."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from chancery_contracts.interactions import PriceEvidence, TokenUsage

MICROS_PER_UNIT = 1_000_000
PROMPT_ALLOWANCE_TOKENS = 1_000
"""For the prompt's own words, which are not in the event."""


@dataclass(frozen=True)
class Size:
    """How large a call may get, in tokens."""

    inputs: int
    outputs: int


@dataclass(frozen=True)
class Quote:
    """The price of a model for a call of some size, and the most that such a call can cost."""

    price: PriceEvidence
    worst_micros: int


@dataclass(frozen=True)
class Charge:
    """What a call cost, and by which price."""

    micros: int
    currency: str
    source: str


def ceil_div(value: int, by: int) -> int:
    """Division of non-negative integers, rounded up."""
    return -(-value // by)


def estimate_input_tokens(texts: Iterable[str]) -> int:
    """UTF-8 bytes / 3, rounded up, and an allowance for the prompt.

    Tokenisers make 3.5 to 4.5 bytes of English a token, and about 3 of most scripts beyond ASCII. Text made of rare symbols can
    take more tokens than this; what was used is then still charged in full.
    """
    return ceil_div(sum(len(text.encode()) for text in texts), 3) + PROMPT_ALLOWANCE_TOKENS


def worst_case_micros(price: PriceEvidence, input_tokens: int, output_tokens: int) -> int:
    """What at most must be set aside."""
    return ceil_div(input_tokens * price.input_micros_per_mtok + output_tokens * price.output_micros_per_mtok, MICROS_PER_UNIT)


def actual_micros(price: PriceEvidence, usage: TokenUsage) -> int:
    """What a call cost. Cached input counts as input where no own price is known: never too little."""
    inputs = usage.input_uncached + usage.input_cache_read + usage.input_cache_write
    outputs = usage.output + usage.output_reasoning
    return worst_case_micros(price, inputs, outputs)


def period_of(period: Literal["day", "month", "total"], at: datetime) -> str:
    """The key of a budget's period at a moment, in UTC whatever the zone of `at`."""
    utc = at.astimezone(UTC)
    return {"day": f"{utc:%Y-%m-%d}", "month": f"{utc:%Y-%m}", "total": "total"}[period]
