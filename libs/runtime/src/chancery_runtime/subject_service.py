"""Joins a service to orders about a data subject: its stage, and the end of what its journal keeps of them."""

import asyncio
from collections.abc import Sequence

import structlog
from chancery_contracts.interactions import Stage
from chancery_storage import Database

from chancery_runtime.application import Application
from chancery_runtime.holds import FollowedHolds
from chancery_runtime.subjects import Owner, SubjectStore, subject_stage

log = structlog.get_logger()
PURGE_EVERY_S = 3_600.0


async def answer_orders(app: Application, stage: Stage, database: Database, stores: Sequence[SubjectStore]) -> None:
    """Without a key service nothing can be opened: orders wait for this service, and say so."""
    if app.settings.key_service == "local" and app.settings.keyring_path is None:
        log.warning("subject_orders_unanswered", reason="no key service: until CHANCERY_KEYRING_PATH is set, orders wait for this service")
        return
    holds = FollowedHolds(app.kafka, app.settings.namespace)
    app.on_close(holds.close)
    owner = Owner(stage, stage, database, await app.order_keys(), app.clock, stores, holds)
    app.stage(subject_stage(owner))

    async def purge() -> None:
        while True:
            await owner.purge()
            await asyncio.sleep(PURGE_EVERY_S)

    app.background("subjects", purge)
