"""Read, prove, account. Every reading of entries is published before it is answered."""

import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import uuid4

from chancery_contracts.areas import AuditRead
from chancery_contracts.event import AnyEvent, Clock, Event
from chancery_contracts.identifiers import IDENTIFIER_PATTERN, TENANT_PATTERN
from chancery_contracts.topics import PAYLOADS
from chancery_ledger import read_leaf
from chancery_runtime.problems import Problem
from fastapi import APIRouter, Depends, Path, Query
from pydantic import AwareDatetime, BaseModel

from chancery_audit.domain.entries import RAW_TYPES
from chancery_audit.domain.ranges import gaps
from chancery_audit.domain.roles import Visitor
from chancery_audit.domain.views import Visit
from chancery_audit.gate import Gate
from chancery_audit.ports import Completeness, EntryFilter, ReadEntry, TrailReader

Publish = Callable[[AnyEvent], Awaitable[object]]
Tenant = Annotated[str, Query(pattern=TENANT_PATTERN)]
Identifier = Annotated[str, Path(pattern=IDENTIFIER_PATTERN)]


class ErasedView(BaseModel):
    """Why a payload is gone: `event` is the id of the `PayloadsErased` event, `request` of the `ErasureRequested` one."""

    at: datetime
    why: str
    event: str
    request: str | None


class EntryView(BaseModel):
    """An entry: the members of its leaf, its place in the chain, and its data where they were asked for."""

    seq: int
    id: str
    type: str
    time: datetime
    source: str
    tenant: str
    namespace: str
    matter: str | None = None
    interaction: str | None = None
    conversation: str | None = None
    causation: str | None = None
    actor: str | None = None
    use_case: str | None = None
    prompt: str | None = None
    model: str | None = None
    redaction_policy: str | None = None
    """Versions that the event pins, as `name@version`."""
    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    payload_sha256: str
    leaf: str
    """The canonical bytes, as text: what `leaf_sha256` is the hash of, behind a 00 byte."""
    leaf_sha256: str
    link: str
    data: dict[str, Any] | None = None
    data_state: Literal["not_asked", "hidden", "erased", "missing", "shown"] = "not_asked"
    """`erased`: by an erasure that is on record. `missing`: it is not there, and no erasure says why."""
    erased: ErasedView | None = None


class InteractionView(BaseModel):
    """Everything that is on record of one interaction."""

    tenant: str
    interaction: str
    entries: list[EntryView]


class EntryPage(BaseModel):
    """`next` is the `after_seq` of the next page; none: this is the last."""

    entries: list[EntryView]
    next: int | None


class ReadView(BaseModel):
    """One reading: who, when, what was asked for, and how many entries were shown. The data is None where it is missing."""

    seq: int
    at: datetime
    interaction: str | None
    reader: str | None
    query: dict[str, str] | None
    rows: int | None


class ReadPage(BaseModel):
    """Newest first. `next` is the `before_seq` of the next page; none: this is the last."""

    reads: list[ReadView]
    next: int | None


class VerifyView(BaseModel):
    """How far a chain holds."""

    tenant: str
    verified: int
    payloads_deleted: int
    ok: bool
    first_break: int | None
    reason: str | None


class PartitionView(BaseModel):
    """Recorded offsets, both ends of a range included; so are those of gaps."""

    topic: str
    partition: int
    ranges: list[tuple[int, int]]
    gaps: list[tuple[int, int]]


class UnfinishedView(BaseModel):
    """Accepted, and not ended."""

    interaction: str
    last_stage: str
    age_s: float


class CompletenessView(BaseModel):
    """Whether anything is missing. `unfinished` lists the oldest hundred."""

    tenant: str
    partitions: list[PartitionView]
    missing_offsets: int
    accepted: int
    completed: int
    unfinished_count: int
    unfinished: list[UnfinishedView]
    alarms: int


class Tell:
    """Puts a reading on record, before it is answered."""

    def __init__(self, publish: Publish, clock: Clock) -> None:
        self._publish = publish
        self._clock = clock

    async def __call__(self, visit: Visit, rows: int, interaction: str | None = None, **query: object) -> None:
        """A matter that was asked for goes on the envelope, and decides who may know of it: not where a page's place names an interaction.

        Raises Retry where it cannot be put on record.
        """
        named = {name: str(value) for name, value in query.items() if value is not None}
        data = AuditRead(reader=visit.reader, query=named | {"tenant": visit.tenant}, rows=rows)
        event = Event(
            id=str(uuid4()), source="chancery/audit", time=self._clock(), tenant=visit.tenant, data=data, interaction=interaction,
            matter=None if "after" in named else named.get("matter"),
        )  # fmt: skip
        await self._publish(event)


def router(gate: Gate, reader: TrailReader, tell: Tell, clock: Clock) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/v1")
    watch, envelopes, content = (Depends(gate.may(right)) for right in ("watch", "envelopes", "content"))

    @routes.get("/interactions/{interaction}")
    async def interaction(interaction: Identifier, tenant: Tenant, reveal: bool = False, who: Visitor = envelopes) -> InteractionView:
        """Entries in order, with data where the role sees any; what was asked and said in the publisher's own words with `reveal`."""
        visit, contents = who.to(tenant), "content" in who.rights
        if reveal and not contents:
            raise Problem(403, "Not for this role", "This role sees envelopes, and no contents.")
        found = await reader.interaction(visit.view, interaction, _hidden(contents=contents, reveal=reveal))
        await tell(visit, len(found), interaction, reveal=str(reveal).lower())
        if not found:
            raise Problem(404, "Not on record", "No entry of this tenant has this interaction.")
        views = [_with_data(one, reveal=reveal) if contents else _view(one) for one in found]
        return InteractionView(tenant=tenant, interaction=interaction, entries=views)

    @routes.get("/entries")
    async def entries(
        tenant: Tenant,
        of_type: Annotated[str | None, Query(alias="type", pattern=r"^[a-z0-9.-]{1,200}$")] = None,
        since: Annotated[AwareDatetime | None, Query(alias="from")] = None,
        until: Annotated[AwareDatetime | None, Query(alias="to")] = None,
        interaction: Annotated[str | None, Query(pattern=IDENTIFIER_PATTERN)] = None,
        after_seq: Annotated[int, Query(ge=-1, le=2**53)] = -1,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        who: Visitor = envelopes,
    ) -> EntryPage:
        """Envelopes without data, a page at a time."""
        visit = who.to(tenant)
        wanted = EntryFilter(visit.view, of_type, since, until, interaction, after_seq, limit + 1)
        found = await reader.entries(wanted)
        page = found[:limit]
        await tell(visit, len(page), interaction, type=of_type, since=since, until=until, after_seq=after_seq)
        return EntryPage(entries=[_view(one) for one in page], next=page[-1].stored.seq if len(found) > limit else None)

    @routes.get("/reads")
    async def reads(
        tenant: Tenant,
        interaction: Annotated[str | None, Query(pattern=IDENTIFIER_PATTERN)] = None,
        before_seq: Annotated[int, Query(ge=0, le=2**53)] = 2**53,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        who: Visitor = content,
    ) -> ReadPage:
        """Who looked at the trail, or at one interaction; this reading is one of the next."""
        visit = who.to(tenant)
        found = await reader.reads(visit.view, interaction, before_seq, limit + 1)
        page = found[:limit]
        await tell(visit, len(page), interaction, query="reads", before_seq=before_seq if before_seq < 2**53 else None)
        return ReadPage(reads=[_read_view(one) for one in page], next=page[-1].stored.seq if len(found) > limit else None)

    @routes.get("/verify")
    async def verify(tenant: Tenant, who: Visitor = watch) -> VerifyView:
        """Recomputes the tenant's chain from its first entry on."""
        visit = who.to(tenant)
        run = await reader.verify(visit.view)
        await tell(visit, run.verified, query="verify")
        at, reason = (run.broken.seq, run.broken.reason) if run.broken else (None, None)
        return VerifyView(
            tenant=tenant, verified=run.verified, payloads_deleted=run.payloads_deleted, ok=at is None, first_break=at, reason=reason
        )

    @routes.get("/completeness")
    async def completeness(tenant: Tenant, who: Visitor = watch) -> CompletenessView:
        """Recorded offsets and their gaps; interactions without an end. Counts are of all, names as far as walls allow."""
        visit = who.to(tenant)
        found = await reader.completeness(visit.view)
        await tell(visit, found.unfinished_count, query="completeness")
        return _completeness_view(tenant, found, clock())

    return routes


def _hidden(*, contents: bool, reveal: bool) -> frozenset[str]:
    """Types whose payloads are not opened."""
    return frozenset(PAYLOADS) if not contents else frozenset() if reveal else RAW_TYPES


def _read_view(entry: ReadEntry) -> ReadView:
    data = AuditRead.model_validate_json(entry.payload) if entry.payload is not None else None
    told = {"reader": None, "query": None, "rows": None} if data is None else data.model_dump()
    return ReadView(seq=entry.stored.seq, at=entry.stored.event_time, interaction=entry.stored.interaction, **told)


def _view(entry: ReadEntry) -> EntryView:
    stored = entry.stored
    members = read_leaf(stored.leaf) | {
        "seq": stored.seq,
        "leaf": stored.leaf.decode(),
        "leaf_sha256": stored.leaf_hash.hex(),
        "link": stored.link.hex(),
    }
    return EntryView.model_validate(members)


def _with_data(entry: ReadEntry, *, reveal: bool) -> EntryView:
    view = _view(entry)
    if entry.erased is not None:
        erased = ErasedView(at=entry.erased.at, why=entry.erased.why, event=entry.erased.event, request=entry.erased.request)
        return view.model_copy(update={"data_state": "erased", "erased": erased})
    if entry.stored.type in RAW_TYPES and not reveal:
        return view.model_copy(update={"data_state": "hidden"})
    if entry.payload is None:
        return view.model_copy(update={"data_state": "missing"})
    return view.model_copy(update={"data_state": "shown", "data": json.loads(entry.payload)})


def _completeness_view(tenant: str, found: Completeness, now: datetime) -> CompletenessView:
    partitions = [
        PartitionView(
            topic=topic, partition=partition, ranges=[(start, stop - 1) for start, stop in ranges],
            gaps=[(start, stop - 1) for start, stop in gaps(ranges)],
        )
        for (topic, partition), ranges in found.accounts.items()
    ]  # fmt: skip
    unfinished = [
        UnfinishedView(interaction=one.interaction, last_stage=one.last_type, age_s=(now - one.accepted_at).total_seconds())
        for one in found.unfinished
    ]
    return CompletenessView(
        tenant=tenant, partitions=partitions, missing_offsets=sum(last - first + 1 for one in partitions for first, last in one.gaps),
        accepted=found.accepted, completed=found.completed, unfinished_count=found.unfinished_count, unfinished=unfinished,
        alarms=found.alarms,
    )  # fmt: skip
