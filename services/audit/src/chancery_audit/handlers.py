"""Every event of every type goes into the trail; nothing else is decided here."""

from collections.abc import Awaitable, Callable

from chancery_bus import Received

from chancery_audit.ports import Trail


async def record(received: Received, trail: Trail) -> None:
    """Appends the event."""
    await trail.append(received)


Handler = Callable[[Received, Trail], Awaitable[None]]
HANDLERS: dict[str, Handler] = {"*": record}
