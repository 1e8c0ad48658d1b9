"""What holds, erasures and revoked keys change. All of it stands in the table at the end; each may be seen any number of times."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from chancery_bus import Received
from chancery_contracts.access import AccessRevoked
from chancery_contracts.base import Payload
from chancery_contracts.event import Event
from chancery_contracts.privacy import ErasureRefused, ErasureRequested, HoldPlaced, HoldReleased, PayloadsErased
from chancery_contracts.subjects import SubjectErasedInStore

from chancery_audit.ports import PrivacyRecords

Handler = Callable[[Event[Any], datetime, PrivacyRecords], Awaitable[None]]


async def place(event: Event[HoldPlaced], _: datetime, records: PrivacyRecords) -> None:
    """A hold is in force."""
    await records.place(event)


async def release(event: Event[HoldReleased], _: datetime, records: PrivacyRecords) -> None:
    """A hold ends."""
    await records.release(event)


async def request(event: Event[ErasureRequested], recorded_at: datetime, records: PrivacyRecords) -> None:
    """Covers what was on record when the broker took the request; the eraser carries it out."""
    await records.request(event, recorded_at)


async def erased(event: Event[PayloadsErased], _: datetime, records: PrivacyRecords) -> None:
    """Our own, seen again: nothing changes. One that the database has forgotten: learnt again."""
    await records.erased(event)


async def refused(event: Event[ErasureRefused], _: datetime, records: PrivacyRecords) -> None:
    """Final."""
    await records.end(event.tenant, event.data.request, "partly" if event.data.erased else "refused", event.data.code)


async def revoked(event: Event[AccessRevoked], _: datetime, records: PrivacyRecords) -> None:
    """Our own, seen again, changes nothing."""
    await records.revoked(event)


async def subject_erased(event: Event[SubjectErasedInStore], _: datetime, records: PrivacyRecords) -> None:
    """Our own, seen again, changes nothing; a database that has forgotten learns which payloads were erased alone."""
    if event.data.store == "audit.payloads":
        await records.subject_erased(event)


async def handle(received: Received, records: PrivacyRecords) -> None:
    """Others pass by."""
    handler = PRIVACY_HANDLERS.get(type(received.event.data))
    if handler is not None:
        await handler(received.event, datetime.fromtimestamp(received.timestamp_ms / 1000, UTC), records)


PRIVACY_HANDLERS: Mapping[type[Payload], Handler] = {
    HoldPlaced: place,
    HoldReleased: release,
    ErasureRequested: request,
    PayloadsErased: erased,
    ErasureRefused: refused,
    AccessRevoked: revoked,
    SubjectErasedInStore: subject_erased,
}
