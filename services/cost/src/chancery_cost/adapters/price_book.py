"""Where the price of a model stands: in its own entry, in a `price` entry of the registry, in the published list; in this order."""

from datetime import datetime

from chancery_contracts.bodies import ModelBody, ModelPrice, PriceBody
from chancery_contracts.catalogue import Catalogue
from chancery_contracts.interactions import TokenUsage

from chancery_cost.adapters.prices import GenaiPriceList
from chancery_cost.domain.pricing import Charge, Quote, Size, own_charge, own_quote


class PriceBook:
    """Port `PriceList`. Prices are those in force at the moment of the reservation, for its settlement too."""

    def __init__(self, catalogue: Catalogue, listed: GenaiPriceList) -> None:
        self._catalogue = catalogue
        self._listed = listed

    def quote(self, tenant: str, model: ModelBody, size: Size, at: datetime) -> Quote:
        """Raises PriceUnknown."""
        found = self._own(tenant, model, at)
        return self._listed.quote(model, size, at) if found is None else own_quote(*found, size)

    def charge(self, tenant: str, model: ModelBody, usage: TokenUsage, at: datetime) -> Charge:
        """Raises PriceUnknown."""
        found = self._own(tenant, model, at)
        return self._listed.charge(model, usage, at) if found is None else own_charge(*found, usage)

    def _own(self, tenant: str, model: ModelBody, at: datetime) -> tuple[ModelPrice, str] | None:
        if model.price is not None:
            return model.price, "registry"
        found = self._catalogue.in_force(tenant, "price", price_name(model), at, PriceBody)
        if found is None:
            return None
        ref, body = found
        return body, f"registry: price {ref.name} v{ref.version}"


def price_name(model: ModelBody) -> str:
    """What the entry of a model's price is called."""
    return f"{model.provider_name}.{model.provider_model}".replace("/", ".")
