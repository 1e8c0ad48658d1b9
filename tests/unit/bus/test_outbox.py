"""The outbox: order per partition, batches that grow while others are on their way, a cause finished when all of it is acknowledged."""

import asyncio

import msgspec
import pytest
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from chancery_bus.errors import DeliveryFailed
from chancery_bus.offsets import Finishing, OffsetTracker
from chancery_bus.outbox import Outbox, Outgoing

SIZE = 2000


class Client(msgspec.Struct):
    """Stands in for the client's batch interface (its own batches): keeps what it was given, and acknowledges when told."""

    partitions: dict[str, int]
    given: list[tuple[str, int, list[bytes], asyncio.Future]] = msgspec.field(default_factory=list)

    def create_batch(self):
        return BatchBuilder(SIZE, 0)

    async def partitions_for(self, topic):
        await asyncio.sleep(0)
        return set(range(self.partitions[topic]))

    async def send_batch(self, batch, topic, *, partition):
        records = MemoryRecords(bytes(batch._build()))
        values = [record.value for record in records.next_batch()]
        future = asyncio.get_running_loop().create_future()
        self.given.append((topic, partition, values, future))
        return future


async def settled():
    for _ in range(30):
        await asyncio.sleep(0)


@pytest.fixture
def client():
    return Client({"t": 1, "u": 3})


def outbox_of(client):
    delivered, failures = [], []
    return Outbox(client, lambda causes: delivered.extend(cause.offset for cause in causes), failures.append), delivered, failures


def cause(offset):
    return Finishing(OffsetTracker(), offset)


def record(topic, value, key=b"k"):
    return Outgoing(topic, key, value, (("h", b"1"),))


async def test_what_comes_while_batches_are_on_their_way_makes_one_larger_batch(client):
    outbox, delivered, _ = outbox_of(client)
    for number in range(30):
        outbox.put(cause(number), [record("t", b"%d" % number)])
        await settled()
    assert [len(values) for _, _, values, _ in client.given] == [1, 1]
    for _, _, _, future in list(client.given):
        future.set_result(None)
    await settled()
    assert [value for _, _, values, _ in client.given for value in values] == [b"%d" % number for number in range(30)]
    assert len(client.given[2][2]) == 28
    assert (delivered, outbox.busy) == ([0, 1], True)
    client.given[2][3].set_result(None)
    await settled()
    assert (delivered, outbox.busy) == (list(range(30)), False)


async def test_a_full_batch_is_followed_by_another_and_a_large_record_has_its_own(client):
    outbox, delivered, _ = outbox_of(client)
    sizes = [10, 900, 900, 900, 5 * SIZE, 10]
    for number, size in enumerate(sizes):
        outbox.put(cause(number), [record("t", b"x" * size)])
    while len(delivered) < len(sizes):
        await settled()
        for _, _, _, future in client.given:
            if not future.done():
                future.set_result(None)
    assert [len(value) for _, _, values, _ in client.given for value in values] == sizes
    assert all(sum(map(len, values)) < SIZE or len(values) == 1 for _, _, values, _ in client.given)


async def test_a_cause_is_finished_when_all_its_records_are_acknowledged(client):
    outbox, delivered, _ = outbox_of(client)
    outbox.put(cause(7), [record("t", b"1"), record("u", b"2", b"a"), record("u", b"3", b"b")])
    await settled()
    for *_, future in client.given[:-1]:
        future.set_result(None)
    await settled()
    assert delivered == []
    client.given[-1][3].set_result(None)
    await settled()
    assert delivered == [7]


async def test_a_batch_that_is_not_acknowledged_fails_the_stage(client):
    outbox, delivered, failures = outbox_of(client)
    outbox.put(cause(1), [record("t", b"1")])
    await settled()
    client.given[0][3].set_exception(TimeoutError())
    await settled()
    assert [type(failure) for failure in failures] == [DeliveryFailed]
    assert (delivered, outbox.busy) == ([], True)
