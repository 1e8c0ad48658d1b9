"""The journal: outputs by the event that caused them. First stored wins, and only the stored ones are published."""

import base64
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec
from chancery_contracts.envelope import Origin, decode, encode
from chancery_contracts.event import AnyEvent

from chancery_storage.database import Connection, Database
from chancery_storage.queries import load_queries

_to_json = msgspec.json.Encoder().encode


class Sealer(Protocol):
    """Hides a journal's contents from whoever has the database; used where they hold raw text."""

    def seal(self, plaintext: bytes) -> bytes: ...

    def unseal(self, sealed: bytes) -> bytes: ...


class Journal:
    """The journal of one stage, in the schema of its service."""

    def __init__(self, database: Database, stage: str, sealer: Sealer | None = None) -> None:
        self.database = database
        self.stage = stage
        self._sealer = sealer
        self._queries = load_queries("chancery_storage")

    async def find(self, connection: Connection, cause_id: str) -> list[AnyEvent] | None:
        """What was stored for that event; None if nothing was (an empty list is an answer too)."""
        row = await connection.fetchrow(self._queries.find_outputs, cause_id, self.stage)
        return None if row is None else self._open(row["body"], sealed=row["sealed"])

    async def store(self, connection: Connection, cause_id: str, events: Sequence[AnyEvent], now: datetime) -> list[AnyEvent]:
        """Stores unless something is stored already; returns what is stored. That, and only that, may be published."""
        if await self.add(connection, cause_id, events, now):
            return list(events)
        return await self.find(connection, cause_id) or []

    async def add(self, connection: Connection, cause_id: str, events: Sequence[AnyEvent], now: datetime) -> bool:
        """Stores; False, and changes nothing, where something is stored already."""
        body = dump_events(events)
        if self._sealer is not None:
            body = self._sealer.seal(body)
        arguments = (cause_id, self.stage, now, self._sealer is not None, body)
        status = await connection.execute(self._queries.store_outputs, *arguments)
        return bool(status == "INSERT 0 1")

    async def purge(self, before: datetime) -> int:
        """Deletes up to 5,000 answers older than `before`; how many."""
        async with self.database.transaction() as connection:
            status = await connection.execute(self._queries.purge_outputs, self.stage, before)
        return int(status.rsplit(" ", 1)[1])

    def _open(self, body: bytes, *, sealed: bool) -> list[AnyEvent]:
        if sealed and self._sealer is not None:
            body = self._sealer.unseal(body)
        return load_events(body)


def dump_events(events: Sequence[AnyEvent]) -> bytes:
    """Events as the bytes that were (or will be) on the wire, so that a republished one is equal byte for byte. JSON; headers in base64."""
    return _to_json([{"headers": encoded.headers, "value": encoded.value.decode()} for encoded in map(encode, events)])


def load_events(body: bytes) -> list[AnyEvent]:
    """The reverse of `dump_events`."""
    return [_load(document) for document in json.loads(body)]


def _load(document: dict[str, object]) -> AnyEvent:
    headers = document["headers"]
    value = document["value"]
    assert isinstance(headers, list) and isinstance(value, str)
    decoded = [(name, base64.b64decode(raw)) for name, raw in headers]
    # The time is always among the headers we write, so this origin is never looked at.
    return decode(value.encode(), decoded, Origin(None, 0))
