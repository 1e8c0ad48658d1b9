"""Publishes single events: the gateway's, the clients', the background loops'."""

from dataclasses import dataclass

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from chancery_contracts.envelope import encode
from chancery_contracts.event import AnyEvent
from chancery_contracts.failures import Poison, Retry
from chancery_contracts.topics import TOPIC_OF_TYPE

from chancery_bus.clients import KafkaAddress, start_producer


@dataclass(frozen=True, slots=True)
class Position:
    """Where a record lies."""

    topic: str
    partition: int
    offset: int


class Publisher:
    """Writes events to the topic of their type, acknowledged by every in-sync replica before `publish` returns."""

    def __init__(self, producer: AIOKafkaProducer, namespace: str) -> None:
        self._producer = producer
        self._namespace = namespace

    @classmethod
    async def start(cls, address: KafkaAddress, namespace: str = "live") -> "Publisher":
        """Raises KafkaUnreachable."""
        return cls(await start_producer(address), namespace)

    async def publish(self, event: AnyEvent) -> Position:
        """Raises Retry while Kafka is away, Poison for an event that is too large."""
        topic = TOPIC_OF_TYPE[event.data.TYPE].full_name(event.tenant, self._namespace)
        encoded = encode(event)
        return await self.write(topic, key=encoded.key, value=encoded.value, headers=encoded.headers)

    async def write(self, topic: str, *, key: bytes | None, value: bytes | None, headers: tuple[tuple[str, bytes], ...] = ()) -> Position:
        """Writes bytes as they are (dead letters put back, tests of bad input)."""
        try:
            written = await self._producer.send_and_wait(topic, value=value, key=key, headers=list(headers))
        except MessageSizeTooLargeError as exc:
            raise Poison("the event is larger than a record may be", code="invalid_request") from exc
        except (TimeoutError, KafkaError) as exc:
            raise Retry(f"Kafka did not acknowledge: {type(exc).__name__}") from exc
        return Position(topic, written.partition, written.offset)

    async def close(self) -> None:
        """Flushes and disconnects."""
        await self._producer.stop()
