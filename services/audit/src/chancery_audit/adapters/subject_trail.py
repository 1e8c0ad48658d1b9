"""The trail as a store of an order about a person: every payload is opened and searched; what names the person goes, the rest stays.

Found are payloads that hold a phrase, and what was written raw in interactions that redaction masked the person in. An interaction keeps
its other payloads, and with them its key: a backup's copy of an erased payload opens until the backup lapses, or the tenant's key version.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from chancery_contracts.event import Clock
from chancery_contracts.subjects import Content, StoreResult, TokenAt, result_state
from chancery_contracts.topics import PAYLOADS, REGISTRY, TOPIC_OF_TYPE
from chancery_runtime.errors import CorruptSeal, KeyDestroyed
from chancery_runtime.keys import unseal
from chancery_runtime.subjects import Sought, SubjectStore
from chancery_storage import Connection, Database, Queries

from chancery_audit.adapters.attributes import PERSON_PURPOSE
from chancery_audit.adapters.sealing import KeyCache
from chancery_audit.adapters.trail import PostgresTrail
from chancery_audit.domain.attributes import person_name
from chancery_audit.domain.entries import KEPT_TOPICS, RAW_TYPES, seal_context

log = structlog.get_logger()
STORE, PERSONS = "audit.payloads", "audit.attributes"
STRETCH = 200
Tokens = Callable[[str, str], Awaitable[Sequence[TokenAt]]]
"""The pseudonyms of an order's person, by tenant and order."""
EXCERPT = 4_000
"""Characters of one text that an export gives."""
NOT_SEARCHED = sorted(name for name in PAYLOADS if TOPIC_OF_TYPE[name] in (*KEPT_TOPICS, REGISTRY))
"""Kept for ever, and without personal data by their contract."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A payload that is about the person."""

    namespace: str
    event_id: str
    type: str
    interaction: str | None
    scope: str

    @property
    def place(self) -> str:
        """As `SubjectErasedInStore` names it."""
        return f"{self.namespace}/{self.event_id}"


@dataclass
class FoundInTrail:
    """Of one search."""

    hits: list[Hit] = field(default_factory=list)
    contents: list[Content] = field(default_factory=list)
    persons: list[str] = field(default_factory=list)
    scopes: list[str] = field(default_factory=list)
    """Interactions that name the person by a pseudonym."""
    unreadable: int = 0


class SubjectTrail(SubjectStore):
    """Port `SubjectStore`."""

    def __init__(self, database: Database, queries: Queries, cache: KeyCache, clock: Clock, tokens: Tokens) -> None:
        self._database = database
        self._tokens = tokens
        self._queries = queries
        self._cache = cache
        self._clock = clock

    async def look(self, sought: Sought) -> FoundInTrail:
        """Reads the tenant's whole trail. Raises KeyServiceDown."""
        found = FoundInTrail(persons=await self._names(sought.tenant, await self._tokens(sought.tenant, sought.order)))
        async with self._database.reading() as connection:
            rows = await connection.fetch(self._queries.person_scopes, sought.tenant, found.persons)
        found.scopes = sorted(row["scope"] for row in rows)
        named = set(found.scopes)
        async for row in self._payloads(sought.tenant):
            await self._take(row, sought, named, found)
        return found

    async def _names(self, tenant: str, tokens: Sequence[TokenAt]) -> list[str]:
        key = await self._cache.key_service.derive(tenant, PERSON_PURPOSE)
        return sorted({person_name(key, one.scope, one.token) for one in tokens})

    async def _payloads(self, tenant: str) -> AsyncIterator[Any]:
        after = -1
        while True:
            async with self._database.reading() as connection:
                rows = await connection.fetch(self._queries.subject_stretch, tenant, after, NOT_SEARCHED, STRETCH)
            for row in rows:
                yield row
            if len(rows) < STRETCH:
                return
            after = rows[-1]["seq"]
            await asyncio.sleep(0)

    async def _take(self, row: Any, sought: Sought, named: set[str], found: FoundInTrail) -> None:
        masked = row["type"] in RAW_TYPES and f"interaction/{row['interaction']}" in named
        try:
            body = await self._open(sought.tenant, row)
        except CorruptSeal:
            log.error("payload_corrupt", tenant=sought.tenant, seq=row["seq"])
            found.unreadable += 1
            return
        if body is None or not (masked or sought.phrases.occur(body)):
            return
        hit = Hit(row["namespace"], row["event_id"], row["type"], row["interaction"], row["scope"])
        found.hits.append(hit)
        if sought.exporting:
            found.contents += _contents(hit, json.loads(body), sought)

    async def _open(self, tenant: str, row: Any) -> str | None:
        if row["wrapped"] is None:
            return None
        try:
            key = await self._cache.unwrap((tenant, row["scope"]), row["wrapped"])
        except KeyDestroyed:
            return None
        return unseal(key, row["sealed"], seal_context(tenant, row["event_id"])).decode()

    async def act(self, sought: Sought, found: FoundInTrail, connection: Connection) -> Sequence[StoreResult]:
        """Under the lock of the tenant's head, as holds are placed: one that is in force keeps what it covers."""
        await PostgresTrail(connection, self._queries).lock_heads([sought.tenant])
        scopes = sorted({hit.scope for hit in found.hits} | set(found.scopes))
        rows = await connection.fetch(self._queries.held_scopes, sought.tenant, scopes)
        held = {row["scope"] for row in rows if row["held"]}
        matters = tuple(sorted({name for row in rows for name in row["matters"]}))
        free = [hit for hit in found.hits if hit.scope not in held]
        if sought.erasing:
            await self._erase(sought, free, found.persons, sorted(held), connection)
        return [
            _result(STORE, sought, found.hits, free, matters, found),
            _result(PERSONS, sought, found.scopes, [one for one in found.scopes if one not in held]),
        ]

    async def _erase(self, sought: Sought, hits: Sequence[Hit], persons: list[str], held: list[str], connection: Connection) -> None:
        tenant = sought.tenant
        await connection.execute(
            self._queries.note_erased_payloads, tenant, [hit.namespace for hit in hits], [hit.event_id for hit in hits], self._clock(),
            sought.order,
        )  # fmt: skip
        await self._delete(tenant, connection)
        await connection.execute(self._queries.empty_alarms, tenant, sorted({hit.scope for hit in hits}))
        await connection.execute(self._queries.delete_person, tenant, persons, held)

    async def _delete(self, tenant: str | None, connection: Connection) -> int:
        row = await connection.fetchrow(self._queries.delete_erased_payloads, tenant)
        assert row is not None
        self._cache.forget(row["wrapped"])
        return int(row["payloads"])

    async def again(self) -> int:
        """What a restored backup has brought back goes again; how many payloads."""
        async with self._database.transaction() as connection:
            return await self._delete(None, connection)


def _result(
    store: str, sought: Sought, found: Sequence[Any], free: Sequence[Any], matters: tuple[str, ...] = (), trail: FoundInTrail | None = None
) -> StoreResult:
    erased = len(free) if sought.erasing else 0
    left = len(found) - len(free) if sought.erasing else 0
    shown = free if sought.erasing else found
    return StoreResult(
        store=store, state=result_state(len(found), erased, left, erasing=sought.erasing), found=len(found), erased=erased, left=left,
        places=tuple(one.place for one in shown) if trail is not None else (), matters=matters,
        contents=tuple(trail.contents) if trail is not None else (), unreadable=trail.unreadable if trail is not None else 0,
    )  # fmt: skip


def _contents(hit: Hit, document: Any, sought: Sought) -> list[Content]:
    """The texts that hold a phrase; of a raw payload without one, every text of the conversation."""
    where = f"{'event ' + hit.event_id if hit.interaction is None else 'interaction ' + hit.interaction}, {hit.type}"
    texts = list(sought.phrases.texts(document)) or [
        *((f"messages.{index}.content", one["content"]) for index, one in enumerate(document.get("messages") or ())),
        *((("answer", document["answer"]),) if document.get("answer") else ()),
    ]
    return [Content(where=where, member=member, text=_excerpt(text, sought)) for member, text in texts]


def _excerpt(text: str, sought: Sought) -> str:
    """A long text is cut to what stands around the first phrase."""
    if len(text) <= EXCERPT:
        return text
    start = max(0, (sought.phrases.first(text) or 0) - EXCERPT // 2)
    return ("… " if start else "") + text[start : start + EXCERPT] + (" …" if start + EXCERPT < len(text) else "")
