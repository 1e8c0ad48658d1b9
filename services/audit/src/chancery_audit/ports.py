"""What the handlers need."""

from typing import Protocol

from chancery_bus import Received, Unreadable


class Trail(Protocol):
    """The append-only trail."""

    async def append(self, received: Received) -> None:
        """Returns once the event is durable (or was there already). Raises Retry."""
        ...

    async def account(self, record: Unreadable) -> None:
        """Notes a record that is no event: its offset is accounted for, and it can be asked for. Raises Retry."""
        ...
