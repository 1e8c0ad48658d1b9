"""What the handlers need."""

from typing import Protocol

from chancery_bus import Received


class Trail(Protocol):
    """The append-only trail."""

    async def append(self, received: Received) -> None:
        """Returns once the event is durable (or was there already). Raises Retry."""
        ...
