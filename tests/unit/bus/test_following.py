"""A topic that is read to its end whenever somebody asks; while that cannot be, nothing is taken for its end."""

import pytest
from aiokafka.errors import KafkaConnectionError
from chancery_bus import KafkaAddress, TopicFollower, TopicReader
from chancery_contracts.failures import Retry


class Kafka:
    """A reader of one partition."""

    def __init__(self):
        self.records, self.at, self.there, self.down, self.started = ["a", "b"], 0, True, False, 0

    async def start(self, *_):
        self.started += 1
        self.at = 0
        return self

    async def ends(self):
        if self.down:
            raise KafkaConnectionError
        return {"topic/0": len(self.records)} if self.there else {}

    async def until(self, ends):
        while self.at < ends["topic/0"]:
            self.at += 1
            yield self.records[self.at - 1]

    async def close(self):
        pass


@pytest.fixture
def kafka(monkeypatch):
    kafka = Kafka()
    monkeypatch.setattr(TopicReader, "start", kafka.start)
    return kafka


@pytest.fixture
def taken():
    return []


@pytest.fixture
def follower(kafka, taken):
    return TopicFollower(KafkaAddress("nowhere"), "topic", taken.append)


async def test_it_goes_on_from_where_it_was(kafka, follower, taken):
    await follower.catch_up(timeout_s=1)
    await follower.catch_up(timeout_s=1)
    assert taken == ["a", "b"]
    kafka.records.append("c")
    await follower.catch_up(timeout_s=1)
    assert (taken, kafka.started) == (["a", "b", "c"], 1)


async def test_while_kafka_is_away_it_is_a_retry_and_afterwards_all_is_read_again(kafka, follower, taken):
    await follower.catch_up(timeout_s=1)
    kafka.down = True
    with pytest.raises(Retry):
        await follower.catch_up(timeout_s=1)
    kafka.down = False
    await follower.catch_up(timeout_s=1)
    assert taken == ["a", "b", "a", "b"]


async def test_a_topic_that_cannot_be_seen_is_no_empty_one(kafka, follower, taken):
    kafka.there = False
    with pytest.raises(Retry):
        await follower.catch_up(timeout_s=1)
    assert taken == []
