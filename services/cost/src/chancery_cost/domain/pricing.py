"""Money in integer micro-units: what a call may cost at most, and what it did cost. Rounded up, never down."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from chancery_contracts.interactions import PriceEvidence, TokenUsage

MICROS_PER_UNIT = 1_000_000
PROMPT_ALLOWANCE_TOKENS = 1_000
"""For the prompt's own words, which are not in the event."""


def ceil_div(value: int, by: int) -> int:
    """Division of non-negative integers, rounded up."""
    return -(-value // by)


def estimate_input_tokens(texts: Iterable[str]) -> int:
    """An upper bound: UTF-8 bytes / 3, rounded up, and an allowance for the prompt. Tokenisers make 3.5 to 4.5 bytes of English a token."""
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
    """The key of a budget's period at a moment (UTC)."""
    return {"day": at.strftime("%Y-%m-%d"), "month": at.strftime("%Y-%m"), "total": "total"}[period]
