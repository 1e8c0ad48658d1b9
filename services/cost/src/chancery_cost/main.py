"""Builds cost and runs it."""

from datetime import timedelta
from functools import partial

from chancery_runtime import Application, run_service
from chancery_runtime.stages import in_transaction
from chancery_runtime.subject_journals import JournalStore
from chancery_runtime.subject_service import answer_orders
from chancery_storage import Connection, Journal, load_queries

from chancery_cost.adapters.expiry import ReservationExpiry
from chancery_cost.adapters.housekeeping import Housekeeping
from chancery_cost.adapters.ledger import PostgresLedger
from chancery_cost.adapters.price_book import PriceBook
from chancery_cost.adapters.prices import GenaiPriceList
from chancery_cost.api import router
from chancery_cost.consumers import reserve_stage, settle_stage
from chancery_cost.ports import Ports
from chancery_cost.settings import CostSettings


async def build(app: Application) -> None:
    """The composition root."""
    settings = app.settings
    assert isinstance(settings, CostSettings)
    queries = load_queries("chancery_cost")
    database = await app.database(schema="cost", package="chancery_cost", max_size=18)
    catalogue, publisher = await app.catalogue(), await app.publisher()
    prices = PriceBook(catalogue, GenaiPriceList())

    def make_ports(connection: Connection) -> Ports:
        return Ports(PostgresLedger(connection, queries), prices, catalogue, app.clock())

    reserved, settled = Journal(database, "reserve"), Journal(database, "settle")
    app.stage(reserve_stage(lambda h: in_transaction(database, reserved, h, app.clock), make_ports))
    app.stage(settle_stage(lambda h: in_transaction(database, settled, h, app.clock), make_ports))
    expiry = ReservationExpiry(database, queries, publisher, app.clock)
    app.background("expiry", partial(expiry.run, settings.cost_reservation_ttl_s, settings.cost_expiry_interval_s))
    app.background("housekeeping", Housekeeping((reserved, settled), app.clock, timedelta(days=settings.cost_journal_days)).run)
    await answer_orders(app, "cost", database, (JournalStore(database),))
    app.http.include_router(router(settings, database, queries))


def main() -> None:
    """Blocks until a signal."""
    run_service("cost", CostSettings(), build)
