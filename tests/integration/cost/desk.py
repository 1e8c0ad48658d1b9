"""Cost over real PostgreSQL, as the bus calls it, with a clock that tests set."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from chancery_bus import Received
from chancery_contracts import VersionRef
from chancery_contracts.catalogue import Catalogue
from chancery_contracts.event import AnyEvent
from chancery_contracts.failures import Retry
from chancery_contracts.topics import TOPIC_OF_TYPE
from chancery_cost.adapters.expiry import ReservationExpiry
from chancery_cost.adapters.ledger import PostgresLedger
from chancery_cost.adapters.price_book import PriceBook
from chancery_cost.adapters.prices import GenaiPriceList
from chancery_cost.consumers import reserve_stage, settle_stage
from chancery_cost.ports import Ports
from chancery_runtime.stages import in_transaction
from chancery_storage import Connection, Database, Journal, load_queries
from chancery_testing import builders
from chancery_testing.clock import FixedClock

LISTED = GenaiPriceList()
QUERIES = load_queries("chancery_cost")
REF = {"name": "m", "version": 1}
PRICE = {"input_micros_per_mtok": 1_000_000, "output_micros_per_mtok": 1_000_000}


def catalogue(limit: int, budget: str = "b", *, version: int = 1, price: dict[str, Any] | None = PRICE, **body: Any) -> Catalogue:
    """One use case `u` on one model `m` and one budget."""
    made = Catalogue()
    model = {"provider": "openai", "provider_model": "no-such-model", "max_output_tokens": 100, "price": price}
    case = {
        "prompt": REF, "model": REF, "collections": ["c"], "budget": budget, "redaction_policy": REF, "max_output_tokens": 100,
    }  # fmt: skip
    made.apply(builders.registry_entry("model", "m", model))
    made.apply(builders.registry_entry("use_case", "u", case))
    made.apply(builders.registry_entry("budget", budget, {"limit_micros": limit} | body, version))
    return made


class Recorder:
    """Stands for Kafka; can be away."""

    def __init__(self) -> None:
        self.events: list[AnyEvent] = []
        self.away = False

    async def publish(self, event: AnyEvent) -> None:
        if self.away:
            raise Retry("away")
        self.events.append(event)


@dataclass
class Cost:
    """The service without Kafka: `reserve` and `settle` are what the bus calls."""

    database: Database
    clock: FixedClock = field(default_factory=FixedClock)
    published: Recorder = field(default_factory=Recorder)
    catalogue: Catalogue = field(default_factory=Catalogue)

    def __post_init__(self) -> None:
        self.reserve_stage = reserve_stage(
            lambda h: in_transaction(self.database, Journal(self.database, "reserve"), h, self.clock), self._ports
        )
        self.settle_stage = settle_stage(
            lambda h: in_transaction(self.database, Journal(self.database, "settle"), h, self.clock), self._ports
        )
        self.expiry = ReservationExpiry(self.database, QUERIES, self.published, self.clock)

    def _ports(self, connection: Connection) -> Ports:
        return Ports(PostgresLedger(connection, QUERIES), PriceBook(self.catalogue, LISTED), self.catalogue, self.clock())

    def grounded(self, **attributes: Any) -> AnyEvent:
        return builders.grounded(use_case=VersionRef(name="u", version=1), **({"time": self.clock()} | attributes))

    def usage(self, authorised: AnyEvent, **attributes: Any) -> AnyEvent:
        defaults = {"model": VersionRef(name="m", version=1), "interaction": authorised.interaction, "time": self.clock()}
        return builders.usage(authorised.data.reservation.reservation_id, **(defaults | attributes))

    async def reserve(self, event: AnyEvent) -> Sequence[AnyEvent]:
        return await self.reserve_stage.handle(received(event))

    async def settle(self, event: AnyEvent) -> Sequence[AnyEvent]:
        return await self.settle_stage.handle(received(event))

    async def authorised(self, **attributes: Any) -> AnyEvent:
        return (await self.reserve(self.grounded(**attributes)))[0]

    async def budget(self, name: str, period: str = "total") -> dict[str, int]:
        query = "SELECT reserved_micros, spent_micros, limit_micros FROM budgets WHERE name = $1 AND period = $2"
        async with self.database.reading() as connection:
            row = await connection.fetchrow(query, name, period)
        return {} if row is None else {key.removesuffix("_micros"): value for key, value in row.items()}

    async def postings(self, interaction: str) -> list[tuple[str, int]]:
        query = "SELECT kind, amount_micros FROM postings WHERE interaction = $1 ORDER BY posted_at, kind"
        async with self.database.reading() as connection:
            return [(row["kind"], row["amount_micros"]) for row in await connection.fetch(query, interaction)]


def received(event: AnyEvent) -> Received:
    """As the bus hands it over."""
    return Received(event, TOPIC_OF_TYPE[event.type].full_name(event.tenant), 0, 0, 0)


async def insisting(work: Any, *arguments: Any) -> Any:
    """Tries again on Retry, a bounded number of times, as the runner does."""
    for _ in range(20):
        try:
            return await work(*arguments)
        except Retry:
            await asyncio.sleep(0)
    raise AssertionError("Retry without end")
