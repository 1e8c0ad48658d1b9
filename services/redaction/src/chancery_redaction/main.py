"""Builds redaction and runs it."""

import asyncio
from datetime import timedelta
from functools import partial

from chancery_runtime import Application, run_service
from chancery_runtime.access import require_operator
from chancery_runtime.entering import ways_in
from chancery_runtime.keys import CachedKeys, KeyService
from chancery_runtime.keys.cache import Bounds
from chancery_runtime.keys.orders import KeyOrders
from chancery_runtime.keys_api import keys_router
from chancery_runtime.stages import in_transaction
from chancery_runtime.subject_journals import JournalStore
from chancery_runtime.subject_service import answer_orders
from chancery_storage import Connection, Database, Journal, Queries, load_queries

from chancery_redaction.adapters.detecting import default_detector
from chancery_redaction.adapters.erased_again import ErasedAgain
from chancery_redaction.adapters.guarding import GuardedDetector
from chancery_redaction.adapters.interactions import PostgresInteractions
from chancery_redaction.adapters.language import LanguageCheck
from chancery_redaction.adapters.looking_up import PostgresLookUp
from chancery_redaction.adapters.revealing import Revealing, TellReveal
from chancery_redaction.adapters.sealing import JournalSealer
from chancery_redaction.adapters.shifting import KeyedShifts
from chancery_redaction.adapters.subject_vault import SubjectVault
from chancery_redaction.adapters.vault import PostgresVault
from chancery_redaction.adapters.wrapped_keys import vault_keys
from chancery_redaction.api import Tell, router, tokens_router
from chancery_redaction.consumers import redaction_stage, restore_stage
from chancery_redaction.ports import Ports
from chancery_redaction.reveal_api import reveal_router
from chancery_redaction.settings import RedactionSettings

PURGE_EVERY_S = 600.0
ERASE_AGAIN_EVERY_S = 3_600.0
MASKED_KEPT = timedelta(days=2)
"""Of masked requests: twice what the topic of raw ones keeps, after which no redelivery asks for them."""


async def build(app: Application) -> None:
    """The composition root."""
    settings = app.settings
    assert isinstance(settings, RedactionSettings)
    queries = load_queries("chancery_redaction")
    database = await app.database(schema="redaction", package="chancery_redaction", max_size=24)
    key_service = await app.key_service()
    catalogue, keys = await app.catalogue(), CachedKeys(key_service, Bounds(settings.redaction_key_cache_s, settings.redaction_key_cache))
    app.on_close(keys.forget_all)
    detector, languages, shifts = await _detector(app, settings), LanguageCheck(), KeyedShifts(keys)

    def make_ports(connection: Connection) -> Ports:
        vault, interactions = PostgresVault(connection, queries, keys), PostgresInteractions(connection, queries)
        return Ports(detector, languages, vault, shifts, interactions, catalogue, app.clock(), settings.redaction_max_characters)

    await _build_subjects(app, database, queries, keys)
    redacted = Journal(database, "redaction")
    restored = Journal(database, "restore", JournalSealer(await keys.derive("operator", "restore-journal")))
    app.stage(redaction_stage(lambda h: in_transaction(database, redacted, h, app.clock), make_ports, settings.redaction_max_in_flight))
    app.stage(restore_stage(lambda h: in_transaction(database, restored, h, app.clock), make_ports))
    app.background("purge", partial(_purge, app, restored, settings.redaction_journal_hours))
    app.http.include_router(router(settings, database, queries))
    publisher = await app.publisher()
    orders = KeyOrders(key_service, app.name, vault_keys(database, queries), publisher.publish, app.clock, settings.key_grace_s)
    app.http.include_router(keys_router(require_operator(settings), orders))
    ways = ways_in(app, settings, settings.audit_url)  # the operator token comes in only to be told that it may not reveal
    tell_reveal = TellReveal(publisher.publish, app.clock)
    app.http.include_router(reveal_router(ways, Revealing(database, queries, keys), tell_reveal))
    app.http.include_router(tokens_router(settings, PostgresLookUp(database, queries, keys), Tell(publisher.publish, app.clock)))


async def _detector(app: Application, settings: RedactionSettings) -> GuardedDetector:
    detector = GuardedDetector(partial(default_detector, settings.redaction_ner))

    async def close() -> None:
        detector.close()

    app.on_close(close)
    await detector.start()
    app.probe("detector", detector.ping)
    return detector


async def _build_subjects(app: Application, database: Database, queries: Queries, keys: KeyService) -> None:
    """What was erased is erased again before anything is served; then orders about a person are taken."""
    again = ErasedAgain(database, queries)
    await again.relearn(app.kafka, app.settings.namespace)
    await again.erase()
    sealer = JournalSealer(await keys.derive("operator", "restore-journal"))
    stores = (SubjectVault(database, queries, keys, app.clock), JournalStore(database, {"restore": sealer}))
    await answer_orders(app, "redaction", database, stores)
    masked = Journal(database, "redaction")

    async def round_() -> None:
        while True:
            await asyncio.sleep(ERASE_AGAIN_EVERY_S)
            await again.erase()
            await masked.purge(app.clock() - MASKED_KEPT)

    app.background("erased-again", round_)


async def _purge(app: Application, journal: Journal, hours: int) -> None:
    """Restored answers are kept no longer than the topic keeps them."""
    while True:
        await journal.purge(app.clock() - timedelta(hours=hours))
        await asyncio.sleep(PURGE_EVERY_S)


def main() -> None:
    """Blocks until a signal."""
    run_service("redaction", RedactionSettings(), build)
