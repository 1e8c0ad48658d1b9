"""Builds audit and runs it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

import httpx
from chancery_bus import Received, Unreadable
from chancery_contracts.catalogue import Catalogue
from chancery_contracts.event import Clock
from chancery_contracts.failures import Poison
from chancery_runtime import Application, run_service
from chancery_runtime.access import by_operator_token
from chancery_runtime.metrics import counter
from chancery_runtime.principals import Way
from chancery_runtime.tokens import by_token
from chancery_storage import Database, Queries, load_queries, plan_afresh
from fastapi import APIRouter

from chancery_audit.access_api import access_router
from chancery_audit.adapters.batching import BatchWriter, WriteBatch
from chancery_audit.adapters.checkpoints import CheckpointLoop
from chancery_audit.adapters.erasing import Eraser, every
from chancery_audit.adapters.exporting import PostgresExport
from chancery_audit.adapters.finding import PostgresFinder
from chancery_audit.adapters.keys import AccessKeys
from chancery_audit.adapters.orders import PrivacyOrders
from chancery_audit.adapters.proving import PostgresLog
from chancery_audit.adapters.reading import PostgresTrailReader
from chancery_audit.adapters.relearning import Privacy
from chancery_audit.adapters.scopes import PostgresScopes
from chancery_audit.adapters.sealing import KeyCache, PostgresDataKeys
from chancery_audit.adapters.signing import LogSigner
from chancery_audit.adapters.trail import PostgresTrail
from chancery_audit.adapters.viewing import Views, secure
from chancery_audit.adapters.watching import Bounds, ClockWatch, Watch
from chancery_audit.adapters.witnesses import Cosigning, Witness
from chancery_audit.alerts_api import alerts_router
from chancery_audit.api import Publish, Tell, router
from chancery_audit.consumers import audit_stage, privacy_stage
from chancery_audit.domain.ranges import merge
from chancery_audit.export_api import export_router
from chancery_audit.finding_api import finding_router
from chancery_audit.gate import Gate
from chancery_audit.handlers import record
from chancery_audit.log_api import log_router
from chancery_audit.ports import Ports
from chancery_audit.privacy_api import privacy_router
from chancery_audit.settings import AuditSettings

Store = tuple[Database, Queries, KeyCache]


def batch_in_transaction(database: Database, queries: Queries, cache: KeyCache, clocks: ClockWatch | None = None) -> WriteBatch:
    """Records a batch in one transaction; metrics move after it has committed."""
    entries = counter("chancery_audit_entries_total", "Entries appended to the trail")
    alarms = counter("chancery_audit_alarms_total", "Event ids that came with a second content")

    async def write(batch: Sequence[Received]) -> Sequence[Poison | None]:
        async with database.transaction() as connection:
            ports = Ports(PostgresTrail(connection, queries), PostgresDataKeys(connection, queries, cache))
            recorded = await record(batch, ports)
            await PostgresScopes(connection, queries).note(recorded.entries)
        if clocks is not None:
            clocks.look(batch)
        entries.inc(len(recorded.entries))
        alarms.inc(recorded.new_alarms)
        return recorded.outcomes

    return write


def account_for(database: Database, queries: Queries) -> Callable[[Unreadable], Awaitable[None]]:
    """Notes a record that is no event: its offset is accounted for; its bytes are with the dead letters of the stage it was meant for."""

    async def account(record: Unreadable) -> None:
        partition = (record.topic, record.partition)
        async with database.transaction() as connection:
            trail = PostgresTrail(connection, queries)
            await connection.execute(queries.add_unreadable, *partition, record.offset, record.timestamp_ms, record.reason)
            ranges = await trail.lock_ranges([partition])
            await trail.save_ranges({partition: merge(ranges.get(partition, []), [record.offset])})

    return account


async def build(app: Application) -> None:
    """The composition root."""
    settings = app.settings
    assert isinstance(settings, AuditSettings)
    queries = load_queries("chancery_audit")
    database = await app.database(schema="audit", package="chancery_audit", setup=plan_afresh, max_size=6)
    publisher, cache = await app.publisher(), KeyCache(await app.key_service(), settings.audit_cached_keys)
    clocks = ClockWatch(app.clock)
    writer = BatchWriter(batch_in_transaction(database, queries, cache, clocks), settings.audit_batch)
    app.stage(audit_stage(writer.submit, account_for(database, queries), settings.audit_max_in_flight))
    signer = LogSigner(database, queries, await app.key_service(), settings.audit_origin)
    watch = Watch(database, queries, signer, clocks, Bounds(unfinished_s=settings.audit_unfinished_s))
    app.background("watch", partial(watch.run, settings.audit_watch_s))
    app.detail("trail", watch.health)
    checkpoints = CheckpointLoop(database, queries, signer, publisher.publish, app.clock)
    app.background("checkpoints", partial(checkpoints.run, settings.audit_checkpoint_s))
    if settings.audit_witnesses:
        http = httpx.AsyncClient(timeout=5)
        app.on_close(http.aclose)
        cosigning = Cosigning(database, queries, http, [Witness.parse(one) for one in settings.audit_witnesses])
        app.background("witnesses", partial(cosigning.run, settings.audit_checkpoint_s))
    await _build_erasure(app, settings, (database, queries, cache))
    await _build_reading(app, settings, (database, queries, cache), (signer, watch))


async def _build_reading(app: Application, settings: AuditSettings, store: Store, beside: tuple[LogSigner, Watch]) -> None:
    """Every route, behind one gate; every reader's transaction, through a view."""
    database, queries, _ = store
    secured = settings.audit_row_security == "on"
    views = Views(database, queries, await secure(database, queries, on=secured))
    publisher, catalogue = await app.publisher(), await app.catalogue()
    parts = Reading(store, views, beside, publisher.publish, app.clock, catalogue, settings.namespace)
    for one in routers(parts, settings, walls_hold=secured):
        app.http.include_router(one)


@dataclass(frozen=True)
class Reading:
    """What the routes need."""

    store: Store
    views: Views
    beside: tuple[LogSigner, Watch]
    publish: Publish
    clock: Clock
    catalogue: Catalogue
    namespace: str


def routers(parts: Reading, settings: AuditSettings, *, walls_hold: bool) -> list[APIRouter]:
    """Every route there is."""
    (database, queries, cache), (signer, watch), views, clock = parts.store, parts.beside, parts.views, parts.clock
    keys = AccessKeys(database, queries, clock)
    gate = Gate(ways(settings, keys), walls_hold=walls_hold)
    tell, trees = Tell(parts.publish, clock), PostgresLog(views, queries)
    return [
        router(gate, PostgresTrailReader(views, queries, cache, parts.namespace), tell, clock),
        alerts_router(gate, watch),
        log_router(gate, trees, signer, tell),
        finding_router(gate, PostgresFinder(views, queries, cache), tell),
        export_router(gate, PostgresExport(views, queries, cache, trees, signer), tell, clock, parts.catalogue),
        privacy_router(gate, PrivacyOrders(views, queries, parts.publish, clock), tell),
        access_router(gate, keys, clock),
    ]


def ways(settings: AuditSettings, keys: AccessKeys) -> list[Way]:
    """How somebody comes in: the operator token, a key, a token of the identity provider."""
    token = by_token(settings)
    return [by_operator_token(settings), keys.principal, *([token] if token else [])]


async def _build_erasure(app: Application, settings: AuditSettings, store: Store) -> None:
    """What was erased is erased again before anything is served: a restored backup shows nothing."""
    database, queries, cache = store
    privacy, publisher = Privacy(database, queries, cache), await app.publisher()
    eraser = Eraser(database, queries, cache, await app.catalogue(), app.clock)

    async def round_() -> None:
        await eraser.carry_out_requests()
        await eraser.erase_again()
        await eraser.publish_outbox(publisher.publish)

    await privacy.relearn(app.kafka, settings.namespace)
    await eraser.find_again()
    await eraser.erase_again()
    app.stage(privacy_stage(privacy.take))
    app.background("erasure", partial(every, settings.audit_erasure_s, round_))
    app.background("retention", partial(every, settings.audit_retention_s, eraser.erase_outlived))
    app.background("recheck", partial(every, settings.audit_recheck_s, eraser.find_again))


def main() -> None:
    """Blocks until a signal."""
    run_service("audit", AuditSettings(), build)
