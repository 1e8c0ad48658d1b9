"""The key cache: single flight, a bounded life, a bounded count, and what is forgotten stays so."""

import asyncio

import pytest
from chancery_runtime.errors import KeyServiceDown
from chancery_runtime.keys import CachedKeys, LocalKeyring, new_key
from chancery_runtime.keys.cache import Bounds
from chancery_testing.waiting import eventually


class Slow(LocalKeyring):
    """Counts, and waits to be let on."""

    def __init__(self, root):
        super().__init__(root)
        self.asked, self.go, self.fails = 0, asyncio.Event(), False
        self.go.set()

    async def unwrap(self, tenant, wrapped, context):
        self.asked += 1
        await self.go.wait()
        if self.fails:
            raise KeyServiceDown("down")
        return await super().unwrap(tenant, wrapped, context)


class World:
    def __init__(self, life_s=300.0, count=100):
        self.service, self.now = Slow(b"r" * 32), 0.0
        self.cached = CachedKeys(self.service, Bounds(life_s, count), lambda: self.now)
        self.wrapped = {}

    async def wrap(self, name):
        """By another process: it is not in this cache."""
        self.wrapped[name] = new_key(), await self.service.wrap("t", (key := new_key()), name)
        self.wrapped[name] = key, self.wrapped[name][1]

    async def get(self, name):
        key, wrapped = self.wrapped[name]
        assert await self.cached.unwrap("t", wrapped, name) == key


async def test_the_key_service_is_asked_once_within_the_life_of_an_entry():
    world = World(life_s=10)
    await world.wrap("a")
    for now, asked in ((0, 1), (9.9, 1), (10, 2), (15, 2), (20, 3)):
        world.now = now
        await world.get("a")
        assert world.service.asked == asked


async def test_no_more_are_kept_than_may_be():
    world = World(count=3)
    for name in "abcde":
        await world.wrap(name)
        await world.get(name)
    assert len(world.cached._held) == 3
    await world.get("e")
    assert world.service.asked == 5
    await world.get("a")
    assert world.service.asked == 6


async def test_what_nobody_asks_for_any_more_leaves_too():
    world = World(life_s=0.05)
    await world.wrap("a")
    await world.get("a")
    world.now = 1.0
    await eventually(lambda: not world.cached._held)


async def test_many_at_once_ask_once():
    world = World()
    await world.wrap("a")
    world.service.go.clear()
    waiting = [asyncio.create_task(world.get("a")) for _ in range(64)]
    await eventually(lambda: world.service.asked)
    world.service.go.set()
    await asyncio.gather(*waiting)
    assert world.service.asked == 1


async def test_who_waits_gets_the_error_and_nothing_of_it_is_kept():
    world = World()
    await world.wrap("a")
    world.service.fails = True
    found = await asyncio.gather(*(world.get("a") for _ in range(8)), return_exceptions=True)
    assert {type(one) for one in found} == {KeyServiceDown}
    world.service.fails = False
    await world.get("a")


async def test_where_the_one_that_asked_is_cancelled_another_asks():
    world = World()
    await world.wrap("a")
    world.service.go.clear()
    first = asyncio.create_task(world.get("a"))
    await eventually(lambda: world.service.asked)
    second = asyncio.create_task(world.get("a"))
    await asyncio.sleep(0)
    first.cancel()
    world.service.go.set()
    await second
    assert first.cancelled()
    assert world.service.asked == 2


async def test_who_waits_may_be_cancelled_alone():
    world = World()
    await world.wrap("a")
    world.service.go.clear()
    first = asyncio.create_task(world.get("a"))
    await eventually(lambda: world.service.asked)
    second = asyncio.create_task(world.get("a"))
    await asyncio.sleep(0)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    world.service.go.set()
    await first


async def test_a_key_that_is_erased_while_it_comes_is_not_kept():
    world = World()
    await world.wrap("a")
    world.service.go.clear()
    coming = asyncio.create_task(world.get("a"))
    await eventually(lambda: world.service.asked)
    world.cached.forget("t", frozenset({"a"}))
    world.service.go.set()
    await coming
    assert not world.cached._held


async def test_only_what_was_erased_is_forgotten():
    world = World()
    for name in "abc":
        await world.wrap(name)
        await world.get(name)
    world.cached.forget("other-tenant", frozenset({"a"}))
    world.cached.forget("t", frozenset({"a", "b"}))
    assert [place[1] for place in world.cached._held] == ["c"]


async def test_a_destroyed_version_leaves_nothing_of_its_tenant():
    world = World()
    await world.wrap("a")
    await world.get("a")
    hashes = await world.cached.derive("t", "pseudonym")
    await world.cached.rotate("t")
    await world.cached.destroy_before("t", 2)
    assert [place[1] for place in world.cached._held] == ["derive pseudonym"]
    assert await world.cached.derive("t", "pseudonym") == hashes
