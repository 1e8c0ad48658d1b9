"""What models cost."""

from pydantic import Field

from chancery_contracts.base import Part


class ModelPrice(Part):
    """Micro-units of the currency per million tokens. A bucket that has no price of its own costs what its kind costs."""

    currency: str = "USD"
    input_micros_per_mtok: int = Field(ge=0)
    output_micros_per_mtok: int = Field(ge=0)
    cache_read_micros_per_mtok: int | None = Field(default=None, ge=0)
    cache_write_micros_per_mtok: int | None = Field(default=None, ge=0)
    reasoning_micros_per_mtok: int | None = Field(default=None, ge=0)


class PriceBody(ModelPrice):
    """The price of a model whose entry names none. The entry is called `<provider_name>.<provider_model>`, `/` as `.`."""

    source: str = Field(min_length=1, max_length=500, description="Contract or price list that it stands in")
