"""What the handlers need."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from chancery_contracts.base import VersionRef
from chancery_contracts.catalogue import Catalogue, ModelBody
from chancery_contracts.interactions import PriceEvidence, TokenUsage

State = Literal["open", "settled", "released"]


@dataclass(frozen=True)
class Budget:
    """One budget in one period."""

    tenant: str
    name: str
    period: str
    limit_micros: int
    currency: str


@dataclass(frozen=True)
class Held:
    """A reservation as it stands."""

    reservation_id: str
    tenant: str
    interaction: str
    budget: str
    period: str
    use_case: str
    model: VersionRef
    amount_micros: int
    price: PriceEvidence
    state: State


class Ledger(Protocol):
    """Budgets, reservations and postings, within the transaction of one message."""

    async def reserve(self, budget: Budget, held: Held) -> bool:
        """Sets the amount aside in one atomic step; False where the limit would be passed."""
        ...

    async def find(self, reservation_id: str) -> Held | None:
        """A reservation, locked until the transaction's end."""
        ...

    async def find_open(self, tenant: str, interaction: str) -> list[Held]:
        """Open reservations of an interaction, locked."""
        ...

    async def settle(self, held: Held, posting_id: str, amount_micros: int) -> None:
        """Frees what was set aside and books what was spent."""
        ...

    async def release(self, held: Held, posting_id: str) -> None:
        """Frees what was set aside."""
        ...


class PriceList(Protocol):
    """Published prices of models."""

    def price(self, model: ModelBody, at: datetime) -> PriceEvidence:
        """Raises PriceUnknown."""
        ...

    def cost_micros(self, price: PriceEvidence, usage: TokenUsage) -> int:
        """What a call cost, rounded up."""
        ...


@dataclass(frozen=True)
class Ports:
    """For one message."""

    ledger: Ledger
    prices: PriceList
    catalogue: Catalogue
    now: datetime
