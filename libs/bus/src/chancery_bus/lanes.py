"""Lanes: one queue for each key. The head of a lane may run; the rest of it waits, and takes up no slot."""

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence

import msgspec
from aiokafka import ConsumerRecord, TopicPartition
from chancery_contracts.event import AnyEvent
from chancery_contracts.failures import Poison

from chancery_bus.offsets import OffsetTracker

_LANES_A_WAKING = 32
"""Ready lanes for each worker being woken. Handlers that never wait need few workers; each that waits leaves the rest to the next."""


class Work(msgspec.Struct, gc=False):
    """A record on its way through the stage. `event` is what it holds, or why it can't be read."""

    record: ConsumerRecord
    partition: TopicPartition
    event: AnyEvent | Poison
    tracker: OffsetTracker
    taken_at: float
    attempts: int = 0
    first_tried_at: float = 0.0


class Lane:
    """The events of one key, in order: the one that may run, and the rest. Few keys have a rest: its queue is made for those alone."""

    __slots__ = ("head", "key", "rest")

    def __init__(self, key: str, head: Work) -> None:
        self.key = key
        self.head = head
        self.rest: deque[Work] | None = None

    def append(self, work: Work) -> None:
        """Queues one behind the others."""
        if self.rest is None:
            self.rest = deque()
        self.rest.append(work)


class Lanes:
    """Hands lanes with something to do to workers; a lane is with one worker at a time."""

    def __init__(self) -> None:
        self._lanes: dict[str, Lane] = {}
        self._ready: deque[Lane] = deque()
        self._parked: deque[asyncio.Future[None]] = deque()
        self._waking = 0

    def add(self, key: str, work: Work) -> None:
        """Appends to the key's lane; a new lane is ready at once."""
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = Lane(key, work)
            self.make_ready(lane)
        else:
            lane.append(work)

    def make_ready(self, lane: Lane) -> None:
        """Offers a lane to the workers."""
        self._ready.append(lane)
        if self._waking * _LANES_A_WAKING < len(self._ready):
            self._wake()

    def _wake(self) -> None:
        while self._parked:
            future = self._parked.popleft()
            if not future.done():
                future.set_result(None)
                self._waking += 1
                return

    def pop_ready(self) -> Lane | None:
        """A lane whose head may run, now with the caller; none if there is none."""
        return self._ready.popleft() if self._ready else None

    async def wait_ready(self) -> None:
        """Sleeps until a lane becomes ready (or a spurious wake-up). The caller takes it at once."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._parked.append(future)
        try:
            await future
        except asyncio.CancelledError:
            if not future.cancelled():
                self._woken(takes=0)
            raise
        self._woken(takes=1)

    def _woken(self, takes: int) -> None:
        """Where more is ready than this worker begins with, it wakes two more: what is ready never lies, and waiting handlers fan out."""
        self._waking -= 1
        if len(self._ready) > takes:
            self._wake()
            self._wake()

    def advance(self, lane: Lane) -> None:
        """The head is done: the next one is ready, or the lane goes away."""
        if lane.rest:
            lane.head = lane.rest.popleft()
            self.make_ready(lane)
        else:
            del self._lanes[lane.key]

    def settle(self, lane: Lane, tried: Sequence[Work], again: Sequence[Work]) -> None:
        """Of those that were tried together, the ones to try again stay in front, and hold the lane; without any it goes on."""
        gone = {id(work) for work in tried}
        left = deque((*again, *(work for work in lane.rest or () if id(work) not in gone)))
        if not left:
            del self._lanes[lane.key]
            return
        lane.head, lane.rest = left.popleft(), left
        if not again:
            self.make_ready(lane)

    def each(self) -> Iterable[Lane]:
        """Every lane that has something to do, running or not."""
        return self._lanes.values()

    def drop(self, trackers: set[int]) -> None:
        """Forgets what has not started of revoked partitions (by id of tracker); heads being worked on stay."""
        for lane in self._lanes.values():
            if lane.rest:
                lane.rest = deque(work for work in lane.rest if id(work.tracker) not in trackers)
