"""Builds audit and runs it."""

from functools import partial
from uuid import uuid4

from chancery_contracts.areas import AuditRead
from chancery_contracts.event import Event
from chancery_runtime import Application, run_service
from chancery_storage import load_queries

from chancery_audit.adapters.checkpoints import Checkpoints
from chancery_audit.adapters.payloads import PayloadSealer
from chancery_audit.adapters.reading import TrailReader
from chancery_audit.adapters.trail import PostgresTrail
from chancery_audit.api import router
from chancery_audit.consumers import audit_stage
from chancery_audit.settings import AuditSettings


async def build(app: Application) -> None:
    """The composition root."""
    settings = app.settings
    assert isinstance(settings, AuditSettings)
    queries = load_queries("chancery_audit")
    database = await app.database(schema="audit", package="chancery_audit", max_size=6)
    sealer, publisher = PayloadSealer(await app.key_service()), await app.publisher()
    trail = PostgresTrail(database, queries, sealer, settings.audit_batch)
    app.background("trail", trail.run)
    app.stage(audit_stage(trail))
    checkpoints = Checkpoints(database, queries, publisher, app.clock)
    app.background("checkpoints", partial(checkpoints.run, settings.audit_checkpoint_interval_s))

    async def record_read(tenant: str, query: dict[str, str], rows: int) -> None:
        data = AuditRead(reader="operator", query=query, rows=rows)
        await publisher.publish(Event(id=str(uuid4()), source="chancery/audit", time=app.clock(), tenant=tenant, data=data))

    app.http.include_router(router(settings, TrailReader(database, queries, sealer), record_read, app.clock))


def main() -> None:
    """Blocks until a signal."""
    run_service("audit", AuditSettings(), build)
