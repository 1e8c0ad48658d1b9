"""Prices of models: the registry's own, else the published list (`genai-prices`, its bundled data; nothing is fetched)."""

from datetime import datetime
from decimal import ROUND_CEILING, Decimal

from chancery_contracts.catalogue import ModelBody
from chancery_contracts.interactions import PriceEvidence, TokenUsage

from chancery_cost.domain.pricing import MICROS_PER_UNIT, actual_micros
from chancery_cost.errors import PriceUnknown

_LIST = "genai-prices"
_MILLION = 1_000_000


class GenaiPriceList:
    """Looks up a model; a list price's evidence names provider and model, so that it can be applied again at settlement."""

    def price(self, model: ModelBody, at: datetime) -> PriceEvidence:
        """Raises PriceUnknown."""
        if model.price is not None:
            own = model.price
            return PriceEvidence(
                source="registry", currency=own.currency,
                input_micros_per_mtok=own.input_micros_per_mtok, output_micros_per_mtok=own.output_micros_per_mtok,
            )  # fmt: skip
        # Priced at a full context: where a price rises with length, the dearest tier is the worst case.
        inputs = _list_price(model.provider_name, model.provider_model, {"input_tokens": max(_MILLION, model.context_tokens)}, at)
        outputs = _list_price(model.provider_name, model.provider_model, {"output_tokens": _MILLION}, at)
        return PriceEvidence(
            source=f"{_LIST}:{model.provider_name}/{model.provider_model}@{at:%Y-%m-%d}", currency="USD",
            input_micros_per_mtok=_micros(inputs * _MILLION / max(_MILLION, model.context_tokens)), output_micros_per_mtok=_micros(outputs),
        )  # fmt: skip

    def cost_micros(self, price: PriceEvidence, usage: TokenUsage) -> int:
        """By the list where it came from there (cached tokens cost less), else by the registry's own price."""
        if not price.source.startswith(_LIST):
            return actual_micros(price, usage)
        reference, _, day = price.source.removeprefix(f"{_LIST}:").rpartition("@")
        provider, _, name = reference.partition("/")
        buckets = {
            "input_tokens": usage.input_uncached + usage.input_cache_read + usage.input_cache_write,
            "cache_read_tokens": usage.input_cache_read,
            "cache_write_tokens": usage.input_cache_write,
            "output_tokens": usage.output + usage.output_reasoning,
        }
        return _micros(_list_price(provider, name, buckets, datetime.fromisoformat(f"{day}T00:00:00+00:00")))


def _list_price(provider: str, name: str, buckets: dict[str, int], at: datetime) -> Decimal:
    from genai_prices import Usage, calc_price  # takes half a second to import, and most models need it not

    try:
        return Decimal(calc_price(Usage(**buckets), model_ref=name, provider_id=provider, genai_request_timestamp=at).total_price)
    except LookupError as exc:
        raise PriceUnknown(f"{provider}/{name}") from exc


def _micros(price: Decimal) -> int:
    return int((price * MICROS_PER_UNIT).to_integral_value(ROUND_CEILING))
