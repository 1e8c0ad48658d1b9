"""At the start: what is told of holds, erasures and revoked keys is taken in again, for a database that has forgotten."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import structlog
from chancery_bus import KafkaAddress, Received, TopicReader
from chancery_contracts.event import Event
from chancery_contracts.topics import ACCESS, PAYLOADS, PRIVACY
from chancery_ledger import read_leaf
from chancery_runtime.keys import unseal
from chancery_storage import Database, Queries

from chancery_audit.adapters.scopes import PostgresPrivacyRecords
from chancery_audit.adapters.sealing import KeyCache
from chancery_audit.adapters.trail import PostgresTrail
from chancery_audit.domain.entries import seal_context
from chancery_audit.privacy_handlers import handle

log = structlog.get_logger()
STRETCH = 500
TOPICS = (PRIVACY, ACCESS)


class Privacy:
    """Takes in events of the `privacy` and `access` topics, each in one transaction under its tenant's head."""

    def __init__(self, database: Database, queries: Queries, cache: KeyCache) -> None:
        self._database = database
        self._queries = queries
        self._cache = cache

    async def take(self, received: Received) -> tuple[()]:
        """The bus's handler. Any number of times."""
        async with self._database.transaction() as connection:
            await PostgresTrail(connection, self._queries).lock_heads([received.event.tenant])
            await handle(received, PostgresPrivacyRecords(connection, self._queries))
        return ()

    async def relearn(self, address: KafkaAddress, namespace: str) -> int:
        """First from the trail, then from the topics, which also know what a backup of the database is too old to know; how many."""
        count = await self.relearn_from_trail()
        reader = await TopicReader.start(address, [topic.full_name(None, namespace) for topic in TOPICS])
        try:
            async for received in reader.until(await reader.ends()):
                await self.take(received)
                count += 1
        finally:
            await reader.close()
        log.info("privacy_relearnt", events=count)
        return count

    async def relearn_from_trail(self) -> int:
        """How many events."""
        count = 0
        async for received in self._recorded():
            await self.take(received)
            count += 1
        return count

    async def _recorded(self) -> AsyncIterator[Received]:
        types = [payload.TYPE for topic in TOPICS for payload in topic.types]
        after: tuple[str, int] = ("", -1)
        while True:
            async with self._database.reading() as connection:
                rows = await connection.fetch(self._queries.privacy_entries, types, *after, STRETCH)
            for row in rows:
                if (received := await self._open(row)) is not None:
                    yield received
            if len(rows) < STRETCH:
                return
            after = (rows[-1]["tenant"], rows[-1]["seq"])

    async def _open(self, row: Any) -> Received | None:
        """None where its key was destroyed: the topic has the event. Raises KeyServiceDown, CorruptSeal."""
        key = await self._cache.opened((row["tenant"], row["scope"]), row["wrapped"])
        if key is None:
            return None
        body = unseal(key, row["sealed"], seal_context(row["tenant"], row["event_id"]))
        leaf = read_leaf(row["leaf"])
        event = Event(
            id=row["event_id"], source=str(leaf["source"]), time=datetime.fromisoformat(str(leaf["time"])), tenant=row["tenant"],
            data=PAYLOADS[row["type"]].model_validate_json(body), namespace=str(leaf["namespace"]),
        )  # fmt: skip
        return Received(event, row["topic"], row["partition"], row["offset"], int(leaf["timestamp_ms"]))
