"""Notes how far each interaction is."""

from collections.abc import Awaitable, Callable

from chancery_bus import Received

from chancery_gateway.domain.progress import Step, stage_of
from chancery_gateway.ports import ProgressBook


async def note(received: Received, book: ProgressBook) -> None:
    """One step; no content."""
    event = received.event
    assert event.interaction is not None
    stage = stage_of(event.type)
    await book.add(Step(event.tenant, event.interaction, stage, received.timestamp_ms, received.topic, received.partition, received.offset))


Handler = Callable[[Received, ProgressBook], Awaitable[None]]
HANDLERS: dict[str, Handler] = {"chancery.interaction.": note}
