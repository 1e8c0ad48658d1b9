"""Errors of cost."""

from chancery_contracts.failures import ChanceryError, RefusalCode


class CostError(ChanceryError):
    """Base of cost's own errors."""


class PriceUnknown(CostError):
    """The model has no price, neither in its registry entry nor in the price list. An unknown price is never taken as 0: add one."""


class Refused(CostError):
    """The money cannot be set aside. `code` and the message say why; the interaction is refused with them."""

    def __init__(self, code: RefusalCode, reason: str) -> None:
        super().__init__(reason)
        self.code: RefusalCode = code
        self.reason = reason
