"""Builds audit and runs it."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

import httpx
from chancery_bus import Extents, Unreadable
from chancery_contracts.catalogue import Catalogue
from chancery_contracts.event import Clock
from chancery_contracts.failures import Poison
from chancery_ledger import LedgerError
from chancery_ledger.stamps import read_roots
from chancery_runtime import Application, run_service
from chancery_runtime.access import by_operator_token
from chancery_runtime.errors import StartupFailed
from chancery_runtime.keys import KeyService, seal
from chancery_runtime.keys.orders import KeyOrders
from chancery_runtime.keys_api import keys_router
from chancery_runtime.metrics import counter
from chancery_runtime.principals import Way
from chancery_runtime.subjects import Owner, handler
from chancery_runtime.tokens import by_token
from chancery_storage import Database, Queries, load_queries, plan_afresh
from fastapi import APIRouter

from chancery_audit.access_api import access_router
from chancery_audit.adapters.anchor_file import FileAnchor
from chancery_audit.adapters.anchor_tsa import TsaAnchor
from chancery_audit.adapters.anchored import PostgresAnchors
from chancery_audit.adapters.anchoring import Anchoring
from chancery_audit.adapters.attributes import Backfill, PostgresAttributes
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
from chancery_audit.adapters.sealing import KeyCache, PostgresDataKeys, PostgresKeyOffers
from chancery_audit.adapters.signing import LogSigner
from chancery_audit.adapters.standing import Instance
from chancery_audit.adapters.subject_orders import SubjectOrders
from chancery_audit.adapters.subject_trail import SubjectTrail
from chancery_audit.adapters.trail import PostgresTrail
from chancery_audit.adapters.viewing import Views, secure
from chancery_audit.adapters.watching import Bounds, ClockWatch, Watch
from chancery_audit.adapters.witnesses import Cosigning, Witness
from chancery_audit.adapters.wrapped_keys import TrailKeys
from chancery_audit.alerts_api import alerts_router
from chancery_audit.api import Publish, Tell, router
from chancery_audit.consumers import audit_stage, privacy_stage, subject_orders_stage
from chancery_audit.domain.anchors import AnchorBounds
from chancery_audit.domain.entries import Draft
from chancery_audit.domain.noted import Noted
from chancery_audit.domain.ranges import merge
from chancery_audit.export_api import export_router
from chancery_audit.finding_api import finding_router
from chancery_audit.gate import Gate
from chancery_audit.handlers import HANDLERS, draft, record
from chancery_audit.log_api import log_router
from chancery_audit.ports import Anchor, Partition, Ports
from chancery_audit.privacy_api import privacy_router
from chancery_audit.settings import AuditSettings
from chancery_audit.subjects_api import subjects_router

WriteBatch = Callable[[Sequence[Draft]], Awaitable[Sequence[Poison | None]]]
NOTED_SCOPES = 20_000
Store = tuple[Database, Queries, KeyCache]


def batch_in_transaction(
    database: Database, queries: Queries, cache: KeyCache, clocks: ClockWatch | None = None, grown: Callable[[int], None] = lambda _: None
) -> WriteBatch:
    """Records a batch in one transaction; metrics move, and `grown` hears how many entries there are more, after it has committed."""
    entries = counter("chancery_audit_entries_total", "Entries appended to the trail")
    alarms = counter("chancery_audit_alarms_total", "Event ids that came with a second content")
    noted = Noted(NOTED_SCOPES)

    async def write(drafts: Sequence[Draft]) -> Sequence[Poison | None]:
        async with database.transaction() as connection:
            ports = Ports(PostgresTrail(connection, queries), PostgresDataKeys(connection, queries, cache), seal)
            recorded = await record(drafts, ports)
            notes = await PostgresScopes(connection, queries, noted).note(recorded.entries)
            await PostgresAttributes(connection, queries, cache.key_service).note(entry.received.event for entry in recorded.entries)
        noted.remember(notes)
        if clocks is not None:
            clocks.look([one.received for one in drafts])
        grown(len(recorded.entries))
        entries.inc(len(recorded.entries))
        alarms.inc(recorded.new_alarms)
        return recorded.outcomes

    return write


def account_for(database: Database, queries: Queries) -> Callable[[Sequence[Unreadable]], Awaitable[None]]:
    """Notes records that are no events: their offsets are accounted for; their bytes are dead letters of the stage that they were for."""

    async def account(records: Sequence[Unreadable]) -> None:
        taken: dict[Partition, list[int]] = defaultdict(list)
        for one in records:
            taken[one.topic, one.partition].append(one.offset)
        async with database.transaction() as connection:
            trail = PostgresTrail(connection, queries)
            rows = [(one.topic, one.partition, one.offset, one.timestamp_ms, one.reason) for one in records]
            await connection.executemany(queries.add_unreadable, rows)
            ranges = await trail.lock_ranges(sorted(taken))
            await trail.save_ranges({place: merge(ranges.get(place, []), offsets) for place, offsets in taken.items()})

    return account


async def build(app: Application) -> None:
    """The composition root."""
    settings = app.settings
    assert isinstance(settings, AuditSettings)
    queries = load_queries("chancery_audit")
    database = await app.database(schema="audit", package="chancery_audit", setup=plan_afresh, max_size=8)
    instance = Instance(database, queries, settings.audit_instance)
    app.on_close(instance.release)
    await instance.take()
    app.background("instance", instance.run)
    publisher, cache = await app.publisher(), KeyCache(await app.key_service(), settings.audit_cached_keys)
    clocks = ClockWatch(app.clock)
    signer = LogSigner(database, queries, await app.key_service(), settings.audit_origin)
    extents = await Extents.start(app.kafka, HANDLERS, settings.namespace)
    app.on_close(extents.close)
    checkpoints = CheckpointLoop(database, queries, signer, publisher.publish, app.clock)
    write = batch_in_transaction(database, queries, cache, clocks, checkpoints.grown)
    prepare = partial(draft, offers=PostgresKeyOffers(database, queries, cache), seal=seal)
    app.stage(audit_stage(prepare, write, account_for(database, queries), settings.audit_batch), instance.name)
    watch = Watch(database, queries, signer, clocks, Bounds(unfinished_s=settings.audit_unfinished_s), extents)
    app.background("watch", partial(watch.run, settings.audit_watch_s))
    app.detail("trail", watch.health)
    app.background("checkpoints", partial(checkpoints.run, settings.audit_checkpoint_s))
    if settings.audit_witnesses:
        http = httpx.AsyncClient(timeout=5)
        app.on_close(http.aclose)
        cosigning = Cosigning(database, queries, http, [Witness.parse(one) for one in settings.audit_witnesses])
        app.background("witnesses", partial(cosigning.run, settings.audit_checkpoint_s))
    _build_anchors(app, settings, (database, queries, cache), signer.holder, watch)
    await _build_erasure(app, settings, (database, queries, cache), signer)
    await _build_reading(app, settings, (database, queries, cache), (signer, watch))


async def _build_reading(app: Application, settings: AuditSettings, store: Store, beside: tuple[LogSigner, Watch]) -> None:
    """Every route, behind one gate; every reader's transaction, through a view."""
    database, queries, _ = store
    secured = settings.audit_row_security == "on"
    views = Views(database, queries, await secure(database, queries, on=secured))
    publisher, catalogue = await app.publisher(), await app.catalogue()
    parts = Reading(store, views, beside, publisher.publish, app.clock, catalogue, settings.namespace, await app.order_keys())
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
    order_keys: KeyService


def routers(parts: Reading, settings: AuditSettings, *, walls_hold: bool) -> list[APIRouter]:
    """Every route there is."""
    (database, queries, cache), (signer, watch), views, clock = parts.store, parts.beside, parts.views, parts.clock
    keys = AccessKeys(database, queries, clock)
    gate = Gate(ways(settings, keys), walls_hold=walls_hold)
    tell, trees, trail_keys = Tell(parts.publish, clock), PostgresLog(views, queries), [TrailKeys(database, queries)]
    return [
        router(gate, PostgresTrailReader(views, queries, cache, parts.namespace), tell, clock),
        alerts_router(gate, watch),
        log_router(gate, trees, signer, PostgresAnchors(views, queries, trees), tell),
        finding_router(gate, PostgresFinder(views, queries, cache), tell),
        export_router(gate, PostgresExport(views, queries, cache, trees, signer), tell, clock, parts.catalogue),
        privacy_router(gate, PrivacyOrders(views, queries, parts.publish, clock), tell),
        access_router(gate, keys, clock),
        subjects_router(gate, SubjectOrders(database, queries, parts.order_keys, signer, clock), tell),
        keys_router(gate.may("grant"), KeyOrders(cache.key_service, "audit", trail_keys, parts.publish, clock, settings.key_grace_s)),
    ]


def ways(settings: AuditSettings, keys: AccessKeys) -> list[Way]:
    """How somebody comes in: the operator token, a key, a token of the identity provider."""
    token = by_token(settings)
    return [by_operator_token(settings), keys.principal, *([token] if token else [])]


def _build_anchors(app: Application, settings: AuditSettings, store: Store, holder: str, watch: Watch) -> None:
    """Nothing runs where no anchor is set."""
    bounds = AnchorBounds(settings.audit_anchor_s, settings.audit_anchor_overdue_s, settings.audit_anchor_timeout_s)
    anchoring = Anchoring(*store[:2], anchors(app, settings), holder, bounds, app.clock)
    if anchoring.kinds:
        app.background("anchors", partial(anchoring.run, settings.audit_checkpoint_s))
        app.detail("anchors", anchoring.health)
        watch.also(anchoring.findings)


def anchors(app: Application, settings: AuditSettings) -> list[Anchor]:
    """Those that are set. Raises StartupFailed where one is set in part, or cannot be read."""
    found: list[Anchor] = []
    if settings.audit_anchor_folder is not None:
        found.append(FileAnchor(settings.audit_anchor_folder, app.clock))
    try:
        found += [_s3_anchor(app, settings)] if settings.audit_anchor_s3 is not None else []
        found += [_tsa_anchor(app, settings)] if settings.audit_anchor_tsa is not None else []
    except (LedgerError, OSError) as exc:
        raise StartupFailed(f"an anchor cannot be used: {exc}") from exc
    return found


def _s3_anchor(app: Application, settings: AuditSettings) -> Anchor:
    from chancery_audit.adapters.anchor_s3 import Bucket, S3Anchor  # its client takes 13 MB, which few services need

    url, access, secret = settings.audit_anchor_s3, settings.audit_anchor_s3_access_key, settings.audit_anchor_s3_secret_key
    if url is None or access is None or secret is None:
        raise StartupFailed("the S3 anchor needs CHANCERY_AUDIT_ANCHOR_S3_ACCESS_KEY and CHANCERY_AUDIT_ANCHOR_S3_SECRET_KEY")
    bucket = Bucket.parse(url, settings.audit_anchor_s3_region, access.get_secret_value(), secret.get_secret_value())
    return S3Anchor(bucket, settings.audit_anchor_s3_days, settings.audit_anchor_timeout_s, app.clock)


def _tsa_anchor(app: Application, settings: AuditSettings) -> TsaAnchor:
    url, roots = settings.audit_anchor_tsa, settings.audit_anchor_tsa_roots
    if url is None or roots is None:
        raise StartupFailed("the time-stamp anchor needs CHANCERY_AUDIT_ANCHOR_TSA_ROOTS: its authority's root certificates, in PEM")
    http = httpx.AsyncClient(timeout=settings.audit_anchor_timeout_s)
    app.on_close(http.aclose)
    return TsaAnchor(url, read_roots(roots.read_bytes()), http)


async def _build_erasure(app: Application, settings: AuditSettings, store: Store, signer: LogSigner) -> None:
    """What was erased is erased again before anything is served: a restored backup shows nothing."""
    database, queries, cache = store
    privacy, publisher = Privacy(database, queries, cache), await app.publisher()
    # Side by side: each waits for Kafka, and nothing is recorded before both are there.
    catalogue, _ = await asyncio.gather(app.catalogue(), privacy.relearn(app.kafka, settings.namespace))
    eraser = Eraser(database, queries, cache, catalogue, app.clock)

    order_keys = await app.order_keys()
    orders = SubjectOrders(database, queries, order_keys, signer, app.clock)
    trail = SubjectTrail(database, queries, cache, app.clock, orders.tokens)
    owner = Owner("audit", "audit", database, order_keys, app.clock, (trail,))

    async def round_() -> None:
        await orders.advance()
        await eraser.carry_out_requests()
        await eraser.erase_again()
        await eraser.publish_outbox(publisher.publish)

    async def recheck() -> None:
        await eraser.find_again()
        await trail.again()

    async def forget() -> None:
        await orders.forget()
        await orders.destroy_keys()
        await owner.purge()

    await recheck()
    await eraser.erase_again()
    app.stage(subject_orders_stage(orders.take, handler(owner)), settings.audit_instance)
    app.stage(privacy_stage(privacy.take), settings.audit_instance)
    app.background("backfill", Backfill(database, queries, cache).run)
    app.background("erasure", partial(every, settings.audit_erasure_s, round_))
    app.background("retention", partial(every, settings.audit_retention_s, eraser.erase_outlived))
    app.background("recheck", partial(every, settings.audit_recheck_s, recheck))
    app.background("subjects", partial(every, settings.audit_retention_s, forget))


def main() -> None:
    """Blocks until a signal."""
    run_service("audit", AuditSettings(), build)
