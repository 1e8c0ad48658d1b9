"""Lanes and their workers: what is ready never lies, however workers wait, and few are woken where none waits."""

import asyncio

import pytest
from chancery_bus.lanes import Lanes, Work
from chancery_bus.offsets import OffsetTracker


def work(offset):
    return Work(None, None, None, OffsetTracker(), float(offset))


class Workers:
    """Some workers over lanes; each waits after each piece of work until it is let go on, where they are told to."""

    def __init__(self, lanes, count, *, waits):
        self.lanes, self.waits, self.done, self.running, self.wakings = lanes, waits, [], 0, 0
        self.tasks = [asyncio.create_task(self._work()) for _ in range(count)]
        self.go_on = asyncio.Event()

    async def _work(self):
        while True:
            lane = self.lanes.pop_ready()
            if lane is None:
                await self.lanes.wait_ready()
                self.wakings += 1
                continue
            self.running += 1
            if self.waits:
                await self.go_on.wait()
            self.running -= 1
            self.done.append((lane.key, lane.head.taken_at))
            self.lanes.advance(lane)

    async def stop(self):
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


async def settled():
    for _ in range(100):
        await asyncio.sleep(0)


@pytest.mark.parametrize("lanes_count", [1, 7, 64, 300])
async def test_every_worker_takes_a_lane_where_each_waits(lanes_count):
    lanes = Lanes()
    workers = Workers(lanes, 64, waits=True)
    await settled()
    for number in range(lanes_count):
        lanes.add(f"k{number}", work(number))
    await settled()
    assert workers.running == min(64, lanes_count)
    workers.go_on.set()
    await settled()
    assert len(workers.done) == lanes_count
    await workers.stop()


async def test_few_are_woken_where_none_waits_and_order_holds_in_each_lane():
    lanes = Lanes()
    workers = Workers(lanes, 64, waits=False)
    await settled()
    for number in range(300):
        lanes.add(f"k{number % 100}", work(number))
    await settled()
    assert [at for key, at in workers.done if key == "k7"] == [7, 107, 207]
    assert len(workers.done) == 300
    assert workers.wakings < 20
    await workers.stop()


async def test_a_waking_lost_to_a_cancellation_goes_to_another():
    lanes = Lanes()
    workers = Workers(lanes, 2, waits=False)
    await settled()
    lanes.add("k", work(0))
    workers.tasks[0].cancel()
    await settled()
    assert workers.done == [("k", 0)]
    await workers.stop()
