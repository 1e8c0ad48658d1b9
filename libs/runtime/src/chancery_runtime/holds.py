"""Which holds are in force now, as the `privacy` topic tells: whoever erases asks just before, however old the order is."""

from dataclasses import dataclass
from typing import Protocol

from chancery_bus import KafkaAddress, TopicFollower
from chancery_contracts.event import AnyEvent
from chancery_contracts.privacy import HoldPlaced, HoldReleased
from chancery_contracts.topics import PRIVACY

READ_WITHIN_S = 120.0
"""The whole topic, which is kept without end, the first time; what is new of it after that."""


@dataclass(frozen=True, slots=True)
class Held:
    """What holds keep of a tenant."""

    tenant: bool
    matters: frozenset[str]


class Holds(Protocol):
    """Raises Retry where it cannot be known: then nothing is erased."""

    async def in_force(self, tenant: str) -> Held: ...


class ToldHolds:
    """Holds by what was told of them, in any order and any number of times."""

    def __init__(self) -> None:
        self._placed: dict[str, dict[str, str | None]] = {}
        self._released: set[tuple[str, str]] = set()

    def learn(self, event: AnyEvent) -> None:
        """Placed or released; anything else is nothing to it."""
        if isinstance(event.data, HoldPlaced):
            self._placed.setdefault(event.tenant, {})[event.id] = event.data.matter
        elif isinstance(event.data, HoldReleased):
            self._released.add((event.tenant, event.data.hold))

    def held(self, tenant: str) -> Held:
        """By those that are in force."""
        matters = {matter for hold, matter in self._placed.get(tenant, {}).items() if (tenant, hold) not in self._released}
        return Held(None in matters, frozenset(one for one in matters if one is not None))


class FollowedHolds:
    """Port `Holds`: the topic is read to its end whenever it is asked."""

    def __init__(self, address: KafkaAddress, namespace: str) -> None:
        self._told = ToldHolds()
        self._follower = TopicFollower(address, PRIVACY.full_name(None, namespace), lambda one: self._told.learn(one.event))

    async def in_force(self, tenant: str) -> Held:
        """Raises Retry."""
        await self._follower.catch_up(timeout_s=READ_WITHIN_S)
        return self._told.held(tenant)

    async def close(self) -> None:
        """Disconnects."""
        await self._follower.close()
