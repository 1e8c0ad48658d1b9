"""Money in integer micro-units: what a call may cost at most, and what it did cost. Rounded up, never down."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from chancery_contracts.bodies import ModelPrice
from chancery_contracts.interactions import PriceEvidence, TokenUsage

MICROS_PER_UNIT = 1_000_000
PROMPT_ALLOWANCE_TOKENS = 1_000
"""For numbers, roles and brackets around the texts, and a prompt that is not in the catalogue yet."""


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
    """UTF-8 bytes / 3, rounded up, and an allowance for what stands around them.

    Tokenisers make 3.5 to 4.5 bytes of English a token, and about 3 of most scripts beyond ASCII. Text made of rare symbols can
    take more tokens than this; what was used is then still charged in full.
    """
    return ceil_div(sum(len(text.encode()) for text in texts), 3) + PROMPT_ALLOWANCE_TOKENS


def worst_case_micros(price: PriceEvidence, input_tokens: int, output_tokens: int) -> int:
    """What at most must be set aside."""
    return ceil_div(input_tokens * price.input_micros_per_mtok + output_tokens * price.output_micros_per_mtok, MICROS_PER_UNIT)


def own_quote(price: ModelPrice, source: str, size: Size) -> Quote:
    """The most that a call of this size can cost: every token in the dearest bucket of its kind."""
    inputs = (price.input_micros_per_mtok, price.cache_read_micros_per_mtok, price.cache_write_micros_per_mtok)
    outputs = (price.output_micros_per_mtok, price.reasoning_micros_per_mtok)
    evidence = PriceEvidence(
        source=source, currency=price.currency, input_micros_per_mtok=max(rate for rate in inputs if rate is not None),
        output_micros_per_mtok=max(rate for rate in outputs if rate is not None),
    )  # fmt: skip
    return Quote(evidence, worst_case_micros(evidence, size.inputs, size.outputs))


def own_charge(price: ModelPrice, source: str, usage: TokenUsage) -> Charge:
    """What a call cost. A bucket without a price of its own costs what its kind costs; rounded up once."""
    inputs, outputs = price.input_micros_per_mtok, price.output_micros_per_mtok
    exact = (
        usage.input_uncached * inputs
        + usage.input_cache_read * _either(price.cache_read_micros_per_mtok, inputs)
        + usage.input_cache_write * _either(price.cache_write_micros_per_mtok, inputs)
        + usage.output * outputs
        + usage.output_reasoning * _either(price.reasoning_micros_per_mtok, outputs)
    )
    return Charge(ceil_div(exact, MICROS_PER_UNIT), price.currency, source)


def together(quotes: Sequence[Quote], at_once: int) -> int:
    """What at most must be set aside where one of several models answers, and so many are asked at once."""
    return sum(sorted((quote.worst_micros for quote in quotes), reverse=True)[:at_once])


def _either(own: int | None, kinds: int) -> int:
    return kinds if own is None else own


def period_of(period: Literal["day", "month", "total"], at: datetime) -> str:
    """The key of a budget's period at a moment, in UTC whatever the zone of `at`."""
    utc = at.astimezone(UTC)
    return {"day": f"{utc:%Y-%m-%d}", "month": f"{utc:%Y-%m}", "total": "total"}[period]
