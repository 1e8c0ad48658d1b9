"""Events that arrive one at a time are written in batches, and each hears what became of it."""

import asyncio
from collections.abc import Sequence

import pytest
from chancery_audit.adapters.batching import BatchWriter
from chancery_bus import Received
from chancery_contracts.failures import Poison, Retry
from chancery_testing.builders import requested


def received(offset: int) -> Received:
    return Received(requested(), "chancery.interactions.requested.t", 0, offset, 0)


class Store:
    """Writes once `free` is set; `faults` by offset."""

    def __init__(self) -> None:
        self.free = asyncio.Event()
        self.batches: list[list[int]] = []
        self.faults: dict[int, Poison] = {}
        self.down = 0

    async def write(self, batch: Sequence[Received]) -> Sequence[Poison | None]:
        await self.free.wait()
        if self.down:
            self.down -= 1
            raise Retry("down")
        self.batches.append([one.offset for one in batch])
        return [self.faults.get(one.offset) for one in batch]


async def test_what_gathers_during_a_write_is_the_next_batch_and_is_bounded() -> None:
    store = Store()
    writer = BatchWriter(store.write, largest=4)
    tasks = [asyncio.create_task(writer.submit(received(offset))) for offset in range(10)]
    await asyncio.sleep(0)
    store.free.set()
    await asyncio.gather(*tasks)
    assert [offset for batch in store.batches for offset in batch] == list(range(10))
    assert max(len(batch) for batch in store.batches) == 4


async def test_a_passing_fault_is_told_to_all_of_its_batch_and_the_next_one_is_written() -> None:
    store = Store()
    store.free.set()
    store.down = 1
    writer = BatchWriter(store.write, largest=10)
    results = await asyncio.gather(*(writer.submit(received(offset)) for offset in range(3)), return_exceptions=True)
    assert [type(result) for result in results] == [Retry] * 3
    await writer.submit(received(3))
    assert store.batches == [[3]]


async def test_nothing_that_waits_passes_what_must_be_tried_again() -> None:
    store = Store()
    store.free.set()
    store.down = 1
    writer = BatchWriter(store.write, largest=2)
    results = await asyncio.gather(*(writer.submit(received(offset)) for offset in range(5)), return_exceptions=True)
    assert [type(result) for result in results] == [Retry] * 5
    assert store.batches == []


async def test_an_unrecordable_event_fails_alone_and_a_cancelled_one_is_not_waited_for() -> None:
    store = Store()
    store.faults[1] = Poison("no")
    writer = BatchWriter(store.write, largest=10)
    tasks = [asyncio.create_task(writer.submit(received(offset))) for offset in range(3)]
    await asyncio.sleep(0)
    tasks[2].cancel()
    store.free.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert results[0] == ()
    assert isinstance(results[1], Poison)
    with pytest.raises(asyncio.CancelledError):
        tasks[2].result()
