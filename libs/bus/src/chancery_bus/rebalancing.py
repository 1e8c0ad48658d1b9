"""Passes the group's rebalances on to the runner."""

from collections.abc import Awaitable, Callable, Iterable

from aiokafka import ConsumerRebalanceListener, TopicPartition

Told = Callable[[set[TopicPartition]], Awaitable[None]]


class Rebalancing(ConsumerRebalanceListener):  # type: ignore[misc]  # the client is untyped
    """The client's listener, as two functions."""

    def __init__(self, revoked: Told, assigned: Told) -> None:
        self._revoked = revoked
        self._assigned = assigned

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Called before partitions are taken away; the client waits for it."""
        await self._revoked(set(revoked))

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Called when partitions were given."""
        await self._assigned(set(assigned))
