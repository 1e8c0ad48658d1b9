"""What the handlers need."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from chancery_contracts.bodies import ModelBody
from chancery_contracts.catalogue import Catalogue
from chancery_contracts.interactions import TokenUsage

from chancery_cost.domain.pricing import Charge, Quote, Size
from chancery_cost.domain.reservations import Budget, Held, Posting


class Ledger(Protocol):
    """Budgets, reservations and postings, within the transaction of one message."""

    async def reserve(self, budget: Budget, held: Held, posting: Posting) -> bool:
        """Sets the amount aside in one atomic step; False where the limit would be passed. Raises Retry where it is made already."""
        ...

    async def find(self, reservation_id: str) -> Held | None:
        """A reservation, locked until the transaction's end."""
        ...

    async def find_open(self, tenant: str, interaction: str, namespace: str) -> list[Held]:
        """Open reservations of an interaction, locked."""
        ...

    async def has_posting(self, posting_id: str) -> bool:
        """True where this movement is booked."""
        ...

    async def settle(self, held: Held, posting: Posting) -> None:
        """Frees what was set aside and books what was spent."""
        ...

    async def release(self, held: Held, posting: Posting) -> None:
        """Frees what was set aside."""
        ...


class PriceList(Protocol):
    """Prices of models: their own, else the tenant's, else published ones."""

    def quote(self, tenant: str, model: ModelBody, size: Size, at: datetime) -> Quote:
        """The most that a call of this size can cost. Raises PriceUnknown."""
        ...

    def charge(self, tenant: str, model: ModelBody, usage: TokenUsage, at: datetime) -> Charge:
        """What a call cost by the prices of a moment, rounded up. Raises PriceUnknown."""
        ...


@dataclass(frozen=True)
class Ports:
    """For one message."""

    ledger: Ledger
    prices: PriceList
    catalogue: Catalogue
    now: datetime
