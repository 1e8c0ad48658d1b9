"""The money's ledger in PostgreSQL."""

from datetime import datetime
from typing import Any

from chancery_contracts.base import VersionRef
from chancery_contracts.interactions import PriceEvidence
from chancery_runtime.metrics import counter
from chancery_storage import Connection, Queries

from chancery_cost.ports import Budget, Held


class PostgresLedger:
    """For one transaction."""

    def __init__(self, connection: Connection, queries: Queries) -> None:
        self._connection = connection
        self._queries = queries
        self._reserved = counter("chancery_cost_reserved_micros_total", "Micro-units set aside")
        self._settled = counter("chancery_cost_settled_micros_total", "Micro-units spent")

    async def reserve(self, budget: Budget, held: Held) -> bool:
        """Sets the amount aside; False where the limit would be passed."""
        place = (budget.tenant, budget.name, budget.period)
        await self._connection.execute(self._queries.open_budget, *place, budget.limit_micros, budget.currency)
        if await self._connection.fetchval(self._queries.hold_amount, *place, held.amount_micros) is None:
            return False
        model, price = held.model, held.price.model_dump_json()
        await self._connection.execute(
            self._queries.add_reservation, held.reservation_id, held.tenant, held.interaction, held.budget, held.period,
            held.use_case, model.name, model.version, held.amount_micros, price,
        )  # fmt: skip
        await self._post(held, f"{held.reservation_id}/reserve", "reserve", held.amount_micros)
        self._reserved.inc(held.amount_micros)
        return True

    async def find(self, reservation_id: str) -> Held | None:
        """A reservation, locked."""
        row = await self._connection.fetchrow(self._queries.find_reservation, reservation_id)
        return None if row is None else _held(row)

    async def find_open(self, tenant: str, interaction: str) -> list[Held]:
        """Open reservations of an interaction, locked."""
        return [_held(row) for row in await self._connection.fetch(self._queries.find_open_reservations, tenant, interaction)]

    async def find_expired(self, before: datetime) -> list[Held]:
        """Open reservations older than `before`, locked."""
        return [_held(row) for row in await self._connection.fetch(self._queries.find_expired_reservations, before)]

    async def settle(self, held: Held, posting_id: str, amount_micros: int) -> None:
        """Books what was spent, and frees what is still set aside."""
        freed = held.amount_micros if held.state == "open" else 0
        await self._connection.execute(self._queries.book, held.tenant, held.budget, held.period, freed, amount_micros)
        await self._connection.execute(self._queries.end_reservation, held.reservation_id, "settled")
        await self._post(held, posting_id, "settle", amount_micros)
        self._settled.inc(amount_micros)

    async def release(self, held: Held, posting_id: str) -> None:
        """Frees what was set aside."""
        await self._connection.execute(self._queries.book, held.tenant, held.budget, held.period, held.amount_micros, 0)
        await self._connection.execute(self._queries.end_reservation, held.reservation_id, "released")
        await self._post(held, posting_id, "release", held.amount_micros)

    async def _post(self, held: Held, posting_id: str, kind: str, amount_micros: int) -> None:
        await self._connection.execute(
            self._queries.add_posting, posting_id, held.reservation_id, held.tenant, held.interaction, held.use_case,
            held.budget, held.period, kind, amount_micros, held.price.currency,
        )  # fmt: skip


def _held(row: Any) -> Held:
    return Held(
        reservation_id=row["reservation_id"], tenant=row["tenant"], interaction=row["interaction"], budget=row["budget"],
        period=row["period"], use_case=row["use_case"], model=VersionRef(name=row["model"], version=row["model_version"]),
        amount_micros=row["amount_micros"], price=PriceEvidence.model_validate_json(row["price"]), state=row["state"],
    )  # fmt: skip
