"""Prices of models by the published list (`genai-prices`, its bundled data; nothing is fetched).

The list prices by tier (a long input makes every token dearer), by cached and written tokens, by request and by hour of the day, so both
the worst case and the charge are its own calculation, at the moment of the reservation. It answers 0 for a model that it knows without a
price; that is an unknown price here, and a model that really is free gets a price of 0 in the registry.
"""

from collections.abc import Iterator
from datetime import datetime
from decimal import ROUND_CEILING, Decimal
from functools import cached_property
from importlib.metadata import version
from typing import Any

from chancery_contracts.bodies import ModelBody
from chancery_contracts.interactions import PriceEvidence, TokenUsage

from chancery_cost.domain.pricing import MICROS_PER_UNIT, Charge, Quote, Size
from chancery_cost.errors import PriceUnknown

_MILLION = 1_000_000
_MOST_TOKENS = 10**12
"""More than any call can have; keeps the list's decimals exact."""


class GenaiPriceList:
    """Its data (98 MB of memory, 0.5 s) is loaded when a model first needs it."""

    def quote(self, model: ModelBody, size: Size, at: datetime) -> Quote:
        """Raises PriceUnknown."""
        dearest = [self._calculate(model, buckets, at) for buckets in _extremes(size)]
        inputs, outputs = max(one.input_price for one in dearest), max(one.output_price for one in dearest)
        price = PriceEvidence(
            source=self._source(model), currency="USD", input_micros_per_mtok=_micros(inputs * _MILLION / size.inputs),
            output_micros_per_mtok=_micros(outputs * _MILLION / size.outputs),
        )  # fmt: skip
        return Quote(price, _micros(max(one.total_price for one in dearest)))

    def charge(self, model: ModelBody, usage: TokenUsage, at: datetime) -> Charge:
        """Raises PriceUnknown."""
        buckets = {
            "input_tokens": usage.input_uncached + usage.input_cache_read + usage.input_cache_write,
            "cache_read_tokens": usage.input_cache_read,
            "cache_write_tokens": usage.input_cache_write,
            "output_tokens": usage.output + usage.output_reasoning,
            "output_reasoning_tokens": usage.output_reasoning,
        }
        return Charge(_micros(self._calculate(model, buckets, at).total_price), "USD", self._source(model))

    def _calculate(self, model: ModelBody, buckets: dict[str, int], at: datetime) -> Any:
        from genai_prices import Usage, calc_price

        # Twelve digits of tokens and the list's prices fit into the 28 of a Decimal, so nothing is rounded before `_micros`.
        within = {name: min(count, _MOST_TOKENS) for name, count in buckets.items()}
        try:
            found = calc_price(Usage(**within), model.provider_model, provider_id=model.provider_name, genai_request_timestamp=at)
        except (LookupError, ValueError) as exc:
            raise PriceUnknown(f"{model.provider_name}/{model.provider_model}") from exc
        if not found.model_price.input_mtok or not found.model_price.output_mtok:
            raise PriceUnknown(f"{model.provider_name}/{model.provider_model}")
        return found

    def _source(self, model: ModelBody) -> str:
        return f"genai-prices {self._version}: {model.provider_name}/{model.provider_model}"

    @cached_property
    def _version(self) -> str:
        return version("genai-prices")


def _extremes(size: Size) -> Iterator[dict[str, int]]:
    """The corners of what a call of this size can use: prices are linear in each bucket, so one of them is the dearest."""
    for kind in ({}, {"cache_write_tokens": size.inputs}, {"cache_read_tokens": size.inputs}):
        for reasoning in (0, size.outputs):
            yield {"input_tokens": size.inputs, "output_tokens": size.outputs, "output_reasoning_tokens": reasoning, **kind}


def _micros(price: Decimal) -> int:
    return int((price * MICROS_PER_UNIT).to_integral_value(ROUND_CEILING))
