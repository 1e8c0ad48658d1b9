"""What a stage is: where it reads, what it does, and how much at a time."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import msgspec
from chancery_contracts.event import AnyEvent
from chancery_contracts.interactions import Stage
from chancery_contracts.topics import Topic


class Received(msgspec.Struct, frozen=True, gc=False):
    """An event and where it lay. `timestamp_ms` is the broker's, the same at every redelivery."""

    event: AnyEvent
    topic: str
    partition: int
    offset: int
    timestamp_ms: int


BusHandler = Callable[[Received], Awaitable[Sequence[AnyEvent]]]
"""Returns the events to publish. Fails in Retry, Poison or Overloaded; anything else stops the stage."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record that is no event of ours, where it lay, and why; nothing of what it held."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    reason: str


@dataclass(frozen=True)
class StageLimits:
    """Every bound of a stage, by name."""

    max_in_flight: int = 64
    """Handlers running at once. An event that waits for its key, or for its next try, does not count."""
    max_waiting_per_partition: int = 512
    """Records taken and not finished; beyond it the partition is paused, below half of it resumed."""
    max_records_per_poll: int = 500
    gather_ms: int = 0
    """After records came, nothing is read for so long, for groups that nobody waits for: many small answers cost the broker, and us, more
    than few large ones. What comes after a pause is read at once."""
    retry_first_s: float = 0.1
    retry_cap_s: float = 5.0
    retry_for_s: float = 60.0
    """Tries of one event go on for this long; then it is a dead letter and its requester is answered."""
    overloaded_pause_s: float = 0.5
    deadletters_per_minute: int = 100
    """Of events that we made ourselves, or that a handler rejected; beyond it the stage stops."""
    rejects_per_minute: int = 100_000
    """Of records that publishers got wrong; they fill only their own tenant's dead letters."""
    commit_interval_s: float = 1.0
    drain_s: float = 8.0
    """How long running handlers may finish when partitions are taken away or the service stops."""


@dataclass(frozen=True)
class StageDefinition:
    """One consumer group. `answers`: a dead letter is also published as `interactions.refused`, so that its requester hears.

    `together`: what waits behind each other in one key is handed over at once, in its order: for handlers that write batches, else an
    interaction of ten events would take ten of them. At most twice `max_in_flight` are so. Who asks for another try of one must ask for it
    of those behind it too, else they pass it.

    `on_unreadable`: for a group that only looks on. The stage that the record is meant for dead-letters it, once.
    """

    name: Stage
    group: str
    sources: tuple[Topic, ...]
    handle: BusHandler
    limits: StageLimits = StageLimits()
    answers: bool = True
    together: bool = False
    on_unreadable: Callable[[Unreadable], Awaitable[None]] | None = None
