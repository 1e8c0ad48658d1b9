"""Values behind pseudonyms for somebody with the right to them, and the event that tells of it first."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from uuid import uuid4

from chancery_contracts.event import AnyEvent, Clock, Event
from chancery_contracts.reveals import ValuesRevealed
from chancery_runtime.keys import KeyService
from chancery_storage import Database, Queries

from chancery_redaction.adapters.vault import PostgresVault
from chancery_redaction.domain.revealing import Place
from chancery_redaction.ports import Scope


class Revealing:
    """Over the vault."""

    def __init__(self, database: Database, queries: Queries, keys: KeyService) -> None:
        self._database = database
        self._queries = queries
        self._keys = keys

    async def values(self, tenant: str, place: Place, tokens: Sequence[str]) -> Mapping[str, str]:
        """As the vault has them. Raises KeyServiceDown, CorruptSeal."""
        async with self._database.reading() as connection:
            return await PostgresVault(connection, self._queries, self._keys).values(Scope(tenant, place.scope), sorted(set(tokens)))


class TellReveal:
    """Puts on record who was shown which pseudonyms' values, and why; not the values."""

    def __init__(self, publish: Callable[[AnyEvent], Awaitable[object]], clock: Clock) -> None:
        self._publish = publish
        self._clock = clock

    async def __call__(self, tenant: str, place: Place, data: ValuesRevealed) -> None:
        """Raises Retry where it cannot be put on record."""
        event = Event(
            id=str(uuid4()), source="chancery/redaction", time=self._clock(), tenant=tenant, data=data, matter=place.matter
        )  # fmt: skip
        await self._publish(event)
