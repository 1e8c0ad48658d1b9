"""Scopes, holds and requests in PostgreSQL, inside a transaction that holds the heads of its tenants."""

from collections.abc import Iterable
from datetime import datetime

from chancery_contracts.access import AccessRevoked
from chancery_contracts.event import Event
from chancery_contracts.privacy import ErasureRequested, HoldPlaced, HoldReleased, PayloadsErased
from chancery_storage import Connection, Queries

from chancery_audit.domain.entries import Entry
from chancery_audit.domain.scopes import notes_of


class PostgresScopes:
    """Notes what a batch appends. Three statements at most, however large it is."""

    def __init__(self, connection: Connection, queries: Queries) -> None:
        self._connection = connection
        self._queries = queries

    async def note(self, entries: Iterable[Entry]) -> None:
        """Sorted, as all that lock these rows do."""
        notes = notes_of(entries)
        rows = [(*key, one.interaction, one.use_case, one.begun_at, one.ended_at) for key, one in sorted(notes.scopes.items())]
        if rows:
            await self._connection.execute(self._queries.note_scopes, *(list(column) for column in zip(*rows, strict=True)))
        if notes.places:
            columns = zip(*sorted(notes.places), strict=True)
            await self._connection.execute(self._queries.note_places, *(list(column) for column in columns))
        if notes.concerns:
            columns = zip(*((*scope, matter) for scope, matter in sorted(notes.concerns.items())), strict=True)
            await self._connection.execute(self._queries.note_concerns, *(list(column) for column in columns))


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

    async def revoked(self, event: Event[AccessRevoked]) -> None:
        """The first revocation counts."""
        await self._connection.execute(self._queries.revoke_key, event.data.key, event.data.by, event.time)

    async def end(self, tenant: str, request: str, state: str, refusal: str) -> None:
        """If it is pending."""
        await self._connection.execute(self._queries.end_request, tenant, request, state, refusal)


def _who(payload: HoldPlaced | HoldReleased | ErasureRequested) -> str:
    return payload.by if payload.on_behalf_of is None else f"{payload.by} for {payload.on_behalf_of}"
