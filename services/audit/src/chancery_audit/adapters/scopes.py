"""Scopes, holds and requests in PostgreSQL, inside a transaction that holds the heads of its tenants."""

from collections.abc import Sequence
from datetime import datetime

from chancery_contracts.access import AccessRevoked
from chancery_contracts.event import Event
from chancery_contracts.privacy import ErasureRequested, HoldPlaced, HoldReleased, PayloadsErased
from chancery_contracts.subjects import SubjectErasedInStore
from chancery_storage import Connection, Queries

from chancery_audit.domain.entries import Entry
from chancery_audit.domain.noted import Note, Noted
from chancery_audit.domain.scopes import facts_of, notes_of


class PostgresScopes:
    """Notes what a batch appends, but for what this process has noted before. Three statements at most, however large it is."""

    def __init__(self, connection: Connection, queries: Queries, noted: Noted) -> None:
        self._connection = connection
        self._queries = queries
        self._noted = noted

    async def note(self, entries: Sequence[Entry]) -> list[Note]:
        """Sorted, as all that lock these rows do. Gives what `Noted` may remember once the transaction has committed."""
        notes = notes_of(entries)
        keys = {entry.scope: entry.wrapped_key for entry in entries}
        new: list[Note] = []
        rows = []
        for scope, one in sorted(notes.scopes.items()):
            key, facts = keys[scope], facts_of(one)
            if not set(facts) <= self._noted.of(key):
                rows.append((*scope, one.interaction, one.use_case, one.begun_at, one.ended_at))
                new += ((key, fact) for fact in facts)
        if rows:
            await self._connection.execute(self._queries.note_scopes, *(list(column) for column in zip(*rows, strict=True)))
        named = []
        for place in sorted(notes.places):
            key = keys[place[0], place[3]]
            if place[1:3] not in self._noted.of(key):
                named.append(place)
                new.append((key, place[1:3]))
        if named:
            await self._connection.execute(self._queries.note_places, *(list(column) for column in zip(*named, strict=True)))
        if notes.concerns:
            columns = zip(*((*scope, matter) for scope, matter in sorted(notes.concerns.items())), strict=True)
            await self._connection.execute(self._queries.note_concerns, *(list(column) for column in columns))
        return new


class PostgresPrivacyRecords:
    """Port `PrivacyRecords`."""

    def __init__(self, connection: Connection, queries: Queries) -> None:
        self._connection = connection
        self._queries = queries

    async def place(self, event: Event[HoldPlaced]) -> None:
        """By the event's id."""
        hold = event.data
        await self._connection.execute(self._queries.place_hold, event.tenant, event.id, hold.matter, hold.reason, _who(hold), event.time)

    async def release(self, event: Event[HoldReleased]) -> None:
        """The first one counts."""
        hold = event.data
        await self._connection.execute(self._queries.release_hold, event.tenant, hold.hold, event.time, _who(hold), hold.reason, event.id)

    async def request(self, event: Event[ErasureRequested], covers_until: datetime) -> None:
        """Pending, unless it is known."""
        asked = event.data
        await self._connection.execute(
            self._queries.add_request, event.tenant, event.id, asked.subject.kind, asked.subject.name, asked.reason, asked.legal_ground,
            _who(asked), event.time, covers_until,
        )  # fmt: skip

    async def erased(self, event: Event[PayloadsErased]) -> None:
        """All of a batch at once."""
        told = event.data
        if told.scopes and told.cause != "again":
            await self._connection.execute(
                self._queries.learn_erased, event.tenant, sorted(set(told.scopes)), event.time, event.id, told.cause, told.request
            )

    async def subject_erased(self, event: Event[SubjectErasedInStore]) -> None:
        """By events: `<namespace>/<event id>`."""
        named = [place.split("/", 1) for place in event.data.places if "/" in place]
        columns = [one[0] for one in named], [one[1] for one in named]
        await self._connection.execute(self._queries.note_erased_payloads, event.tenant, *columns, event.time, event.data.order)

    async def revoked(self, event: Event[AccessRevoked]) -> None:
        """The first revocation counts."""
        await self._connection.execute(self._queries.revoke_key, event.data.key, event.data.by, event.time)

    async def end(self, tenant: str, request: str, state: str, refusal: str) -> None:
        """If it is pending."""
        await self._connection.execute(self._queries.end_request, tenant, request, state, refusal)


def _who(payload: HoldPlaced | HoldReleased | ErasureRequested) -> str:
    return payload.by if payload.on_behalf_of is None else f"{payload.by} for {payload.on_behalf_of}"
