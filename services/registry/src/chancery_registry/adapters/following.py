"""Follows the topic: into the books of this process, then into the projection, and tells who waits for a record that it is there."""

import asyncio
from dataclasses import dataclass

import structlog
from chancery_bus import KafkaAddress, Publisher, TopicEnd, TopicReader
from chancery_contracts.event import AnyEvent
from chancery_contracts.failures import Retry
from chancery_runtime.metrics import counter, gauge

from chancery_registry.adapters.projecting import TOPIC, Projection
from chancery_registry.domain.books import Books, Told
from chancery_registry.errors import ProjectionAhead

log = structlog.get_logger()
PARTITION = (TOPIC, 0)
"""There is one: the order of all changes is the topic's."""
RETRY_FIRST_S, RETRY_CAP_S = 0.1, 5.0


@dataclass(frozen=True, slots=True)
class Topic:
    """The registry's, as it is read, and where it ends."""

    reader: TopicReader
    end: TopicEnd

    @classmethod
    async def open(cls, address: KafkaAddress) -> "Topic":
        """Raises KafkaUnreachable."""
        return cls(await TopicReader.start(address, [TOPIC]), await TopicEnd.start(address, TOPIC))

    async def close(self) -> None:
        """Disconnects."""
        await self.end.close()
        await self.reader.close()


class Follower:
    """One a process. The books begin at the topic's beginning at every start; the projection goes on where it is."""

    def __init__(self, topic: Topic, publisher: Publisher, projection: Projection) -> None:
        self.books = Books()
        self._topic = topic
        self._polls = topic.reader.polls()
        self._publisher = publisher
        self._projection = projection
        self._stored = 0
        self._moved = asyncio.Event()
        self._changes = counter("chancery_registry_changes_total", "Records of the topic, by what became of them", ("outcome",))
        self._behind = gauge("chancery_registry_behind_records", "How many records of the topic were not in the projection at last look")

    async def start(self) -> None:
        """To the end as it is now. Raises ProjectionAhead, Retry."""
        end = await self._topic.end.offset()
        if (there := await self._projection.place()) > end:
            raise ProjectionAhead(f"the projection is at {there}, the topic ends at {end}")
        while self.books.next < end:
            await self._take()

    async def run(self) -> None:
        """On from there, without end."""
        while True:
            await self._take()

    async def _take(self) -> None:
        poll = await anext(self._polls)
        told = [one for event in poll.events if (one := self.books.take(event.offset, event.event)) is not None]
        self.books.reach(poll.positions[PARTITION])
        for one in told:
            self._changes.labels(one.outcome).inc()
        await self._store(told)
        self._stored = self.books.next
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    async def _store(self, told: list[Told]) -> None:
        """Tried again without end: what is in the books is not read again, so that it must not be lost here."""
        pause = RETRY_FIRST_S
        while True:
            try:
                await self._projection.store(told, self.books.next, self.books.catalogue)
            except Retry as fault:
                log.warning("projection_delayed", reason=fault.reason)
                await asyncio.sleep(pause)
                pause = min(2 * pause, RETRY_CAP_S)
            else:
                return

    async def catch_up(self) -> None:
        """To where the topic ends now: whoever was answered by another process has moved it."""
        end = await self._topic.end.offset()
        self._behind.set(max(0, end - self._stored))
        await self.reached(end - 1)

    async def reached(self, place: int) -> None:
        """Once the record at this place is in the books and in the projection. Waits without end: give it a deadline."""
        while self._stored <= place:
            await self._moved.wait()

    async def publish(self, event: AnyEvent) -> int:
        """Its place. Raises Retry, Poison."""
        return (await self._publisher.publish(event)).offset

    async def ping(self) -> None:
        """Raises Retry where the topic is longer than what is projected for longer than a probe waits."""
        await self.catch_up()
