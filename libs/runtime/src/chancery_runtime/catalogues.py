"""Keeps a catalogue at the head of the registry topic."""

import structlog
from chancery_bus import KafkaAddress, TopicReader
from chancery_contracts.catalogue import Catalogue
from chancery_contracts.event import AnyEvent
from chancery_contracts.failures import Poison
from chancery_contracts.topics import REGISTRY

log = structlog.get_logger()


class CatalogueFollower:
    """Reads the registry from its beginning; `caught_up` returns when all that stood there is taken in, `follow` goes on."""

    def __init__(self, reader: TopicReader) -> None:
        self._reader = reader
        self.catalogue = Catalogue()

    @classmethod
    async def start(cls, address: KafkaAddress) -> "CatalogueFollower":
        """Connects. Raises KafkaUnreachable. A replay reads the live registry too."""
        return cls(await TopicReader.start(address, [REGISTRY.full_name()]))

    async def caught_up(self) -> None:
        """Takes in what stands there now."""
        async for received in self._reader.until(await self._reader.ends()):
            self._apply(received.event)

    async def follow(self) -> None:
        """Takes in what comes, without end."""
        async for received in self._reader.follow():
            self._apply(received.event)

    def _apply(self, event: AnyEvent) -> None:
        try:
            self.catalogue.apply(event)
        except Poison as fault:
            # A bad entry is refused by everyone alike, so the service goes on with the versions before it.
            log.error("registry_entry_refused", event_id=event.id, reason=fault.reason)

    async def close(self) -> None:
        """Disconnects."""
        await self._reader.close()
