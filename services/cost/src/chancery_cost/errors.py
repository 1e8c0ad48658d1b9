"""Errors of cost."""

from chancery_contracts.failures import ChanceryError


class CostError(ChanceryError):
    """Base of cost's own errors."""


class PriceUnknown(CostError):
    """The model has no price, neither in its registry entry nor in the price list. An unknown price is never taken as 0: add one."""
