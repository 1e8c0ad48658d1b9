"""The money's ledger in PostgreSQL."""

from datetime import datetime
from typing import Any

from chancery_contracts.base import VersionRef
from chancery_contracts.failures import Retry
from chancery_contracts.interactions import PriceEvidence
from chancery_storage import Connection, Queries

from chancery_cost.domain.reservations import Budget, Held, Posting


class PostgresLedger:
    """For one transaction."""

    def __init__(self, connection: Connection, queries: Queries) -> None:
        self._connection = connection
        self._queries = queries

    async def reserve(self, budget: Budget, held: Held, posting: Posting) -> bool:
        """One statement where the budget's row is there and up to date; else makes it so and tries again."""
        if await self._hold(budget, held, posting):
            return True
        place = (budget.tenant, budget.name, budget.period)
        await self._connection.execute(self._queries.open_budget, *place, budget.limit_micros, budget.currency, budget.as_of)
        return await self._hold(budget, held, posting)

    async def _hold(self, budget: Budget, held: Held, posting: Posting) -> bool:
        row = await self._connection.fetchrow(
            self._queries.reserve, budget.tenant, budget.name, budget.period, held.amount_micros, budget.currency, budget.limit_micros,
            budget.as_of, posting.posted_at, held.reservation_id, held.cause_id, held.interaction, held.conversation, held.matter,
            held.namespace, held.use_case, held.model.name, held.model.version, held.price.model_dump_json(), posting.posting_id,
            posting.price_source,
        )  # fmt: skip
        assert row is not None
        if row["held"] and not row["made"]:
            # Rolls back what was held twice; the next try finds the other's answer in the journal.
            raise Retry("this request was reserved by another process at this moment")
        return bool(row["made"])

    async def find(self, reservation_id: str) -> Held | None:
        """A reservation, locked."""
        row = await self._connection.fetchrow(self._queries.find_reservation, reservation_id)
        return None if row is None else held_from(row)

    async def find_open(self, tenant: str, interaction: str, namespace: str) -> list[Held]:
        """Open reservations of an interaction, locked."""
        rows = await self._connection.fetch(self._queries.find_open_reservations, tenant, interaction, namespace)
        return [held_from(row) for row in rows]

    async def find_expired(self, before: datetime) -> Held | None:
        """The oldest open reservation made before a moment, locked."""
        row = await self._connection.fetchrow(self._queries.find_expired_reservation, before)
        return None if row is None else held_from(row)

    async def has_posting(self, posting_id: str) -> bool:
        """True where this movement is booked."""
        return bool(await self._connection.fetchval(self._queries.has_posting, posting_id))

    async def settle(self, held: Held, posting: Posting) -> None:
        """Books what was spent, and frees what is still set aside."""
        freed = held.amount_micros if held.state == "open" else 0
        await self._end(held, posting, "settled", (freed, posting.amount_micros), announced=True)

    async def release(self, held: Held, posting: Posting, *, announced: bool = True) -> None:
        """Frees what was set aside. `announced`: the caller's stage publishes the event."""
        await self._end(held, posting, "released", (held.amount_micros, 0), announced=announced)

    async def _end(self, held: Held, posting: Posting, state: str, booked: tuple[int, int], *, announced: bool) -> None:
        """`booked`: micro-units freed, and spent."""
        await self._connection.execute(
            self._queries.end_reservation, posting.posting_id, held.reservation_id, held.tenant, held.interaction, held.use_case,
            held.budget, held.period, posting.kind, posting.amount_micros, held.price.currency, posting.posted_at,
            posting.model.name, posting.model.version, posting.price_source, announced, state, *booked,
        )  # fmt: skip


def held_from(row: Any) -> Held:
    """A row of `reservations`."""
    return Held(
        reservation_id=row["reservation_id"], cause_id=row["cause_id"], tenant=row["tenant"], interaction=row["interaction"],
        conversation=row["conversation"], matter=row["matter"], namespace=row["namespace"], budget=row["budget"], period=row["period"],
        use_case=row["use_case"], model=VersionRef(name=row["model"], version=row["model_version"]), amount_micros=row["amount_micros"],
        price=PriceEvidence.model_validate_json(row["price"]), priced_at=row["priced_at"], state=row["state"],
    )  # fmt: skip
