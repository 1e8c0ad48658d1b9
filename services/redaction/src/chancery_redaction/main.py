"""Builds redaction and runs it."""

import asyncio
from datetime import timedelta
from functools import partial

from chancery_runtime import Application, run_service
from chancery_runtime.stages import in_transaction
from chancery_storage import Connection, Journal, load_queries

from chancery_redaction.adapters.entities import make_entities
from chancery_redaction.adapters.looking_up import PostgresLookUp
from chancery_redaction.adapters.sealing import JournalSealer
from chancery_redaction.adapters.searching import SearchingDetector
from chancery_redaction.adapters.vault import PostgresInteractions, PostgresVault
from chancery_redaction.api import Tell, router, tokens_router
from chancery_redaction.consumers import redaction_stage, restore_stage
from chancery_redaction.ports import Ports
from chancery_redaction.settings import RedactionSettings

PURGE_EVERY_S = 600.0


async def build(app: Application) -> None:
    """The composition root."""
    settings = app.settings
    assert isinstance(settings, RedactionSettings)
    queries = load_queries("chancery_redaction")
    database = await app.database(schema="redaction", package="chancery_redaction", max_size=24)
    catalogue, keys = await app.catalogue(), await app.key_service()
    detector = SearchingDetector(make_entities(settings.redaction_ner))

    def make_ports(connection: Connection) -> Ports:
        vault, interactions = PostgresVault(connection, queries, keys), PostgresInteractions(connection, queries)
        return Ports(detector, vault, interactions, catalogue, app.clock(), settings.redaction_max_characters)

    redacted = Journal(database, "redaction")
    restored = Journal(database, "restore", JournalSealer(await keys.derive("operator", "restore-journal")))
    app.stage(redaction_stage(lambda h: in_transaction(database, redacted, h, app.clock), make_ports, settings.redaction_max_in_flight))
    app.stage(restore_stage(lambda h: in_transaction(database, restored, h, app.clock), make_ports))
    app.background("purge", partial(_purge, app, restored, settings.redaction_journal_hours))
    app.http.include_router(router(settings, database, queries))
    publisher = await app.publisher()
    app.http.include_router(tokens_router(settings, PostgresLookUp(database, queries, keys), Tell(publisher.publish, app.clock)))

    async def close() -> None:
        detector.close()

    app.on_close(close)


async def _purge(app: Application, journal: Journal, hours: int) -> None:
    """Restored answers are kept no longer than the topic keeps them."""
    while True:
        await journal.purge(app.clock() - timedelta(hours=hours))
        await asyncio.sleep(PURGE_EVERY_S)


def main() -> None:
    """Blocks until a signal."""
    run_service("redaction", RedactionSettings(), build)
