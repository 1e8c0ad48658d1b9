"""Builds the gateway and runs it."""

from chancery_bus import RecordFetcher
from chancery_runtime import Application, run_service
from chancery_storage import load_queries

from chancery_gateway.adapters.book import PostgresBook
from chancery_gateway.adapters.desk import Desk
from chancery_gateway.api import BodyLimit, Limits, router
from chancery_gateway.consumers import progress_stage
from chancery_gateway.settings import GatewaySettings


async def build(app: Application) -> None:
    """The composition root."""
    settings = app.settings
    assert isinstance(settings, GatewaySettings)
    database = await app.database(schema="gateway", package="chancery_gateway", max_size=12)
    book = PostgresBook(database, load_queries("chancery_gateway"))
    app.background("book", book.run)
    app.stage(progress_stage(book))
    fetcher = await RecordFetcher.start(app.kafka)
    app.on_close(fetcher.close)
    desk = Desk(
        book, await app.publisher(), fetcher, await app.catalogue(), await app.key_service(), app.clock, settings.gateway_grace_s
    )  # fmt: skip
    limits = Limits(concurrent=settings.gateway_max_concurrent, streams=settings.gateway_max_streams, wait_s=settings.gateway_wait_s)
    app.http.include_router(router(desk, limits))
    app.http.add_middleware(BodyLimit)


def main() -> None:
    """Blocks until a signal."""
    run_service("gateway", GatewaySettings(), build)
