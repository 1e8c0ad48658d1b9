"""Lanes: one queue for each key. The head of a lane may run; the rest of it waits, and takes up no slot."""

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from aiokafka import ConsumerRecord, TopicPartition
from chancery_contracts.event import AnyEvent
from chancery_contracts.failures import Poison

from chancery_bus.offsets import OffsetTracker


@dataclass(slots=True)
class Work:
    """A record on its way through the stage. `event` is what it holds, or why it can't be read."""

    record: ConsumerRecord
    partition: TopicPartition
    event: AnyEvent | Poison
    tracker: OffsetTracker
    taken_at: float
    attempts: int = 0
    first_tried_at: float = 0.0


class Lane:
    """The events of one key, in order."""

    __slots__ = ("key", "waiting")

    def __init__(self, key: str, first: Work) -> None:
        self.key = key
        self.waiting = deque((first,))


class Lanes:
    """Hands lanes with something to do to workers; a lane is with one worker at a time."""

    def __init__(self) -> None:
        self._lanes: dict[str, Lane] = {}
        self._ready: deque[Lane] = deque()
        self._parked: deque[asyncio.Future[None]] = deque()

    def add(self, key: str, work: Work) -> None:
        """Appends to the key's lane; a new lane is ready at once."""
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = Lane(key, work)
            self.make_ready(lane)
        else:
            lane.waiting.append(work)

    def make_ready(self, lane: Lane) -> None:
        """Offers a lane to the workers and wakes one."""
        self._ready.append(lane)
        while self._parked:
            future = self._parked.popleft()
            if not future.done():
                future.set_result(None)
                return

    def pop_ready(self) -> Lane | None:
        """A lane whose head may run, now with the caller; none if there is none."""
        return self._ready.popleft() if self._ready else None

    async def wait_ready(self) -> None:
        """Sleeps until a lane becomes ready (or a spurious wake-up)."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._parked.append(future)
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled() and self._ready:
                self.make_ready(self._ready.popleft())
            raise

    def advance(self, lane: Lane) -> None:
        """The head is done: the next one is ready, or the lane goes away."""
        lane.waiting.popleft()
        if lane.waiting:
            self.make_ready(lane)
        else:
            del self._lanes[lane.key]

    def each(self) -> Iterable[Lane]:
        """Every lane that has something to do, running or not."""
        return self._lanes.values()

    def drop(self, trackers: set[int]) -> None:
        """Forgets what has not started of revoked partitions (by id of tracker); heads being worked on stay."""
        for lane in self._lanes.values():
            head, rest = lane.waiting[0], list(lane.waiting)[1:]
            lane.waiting = deque([head, *(work for work in rest if id(work.tracker) not in trackers)])
