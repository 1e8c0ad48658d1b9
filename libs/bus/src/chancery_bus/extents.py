"""How far topics reach, as the broker says: for whoever must account for every record."""

import asyncio
import re
from collections.abc import Iterable

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaConnectionError, KafkaError
from chancery_contracts.failures import Retry
from chancery_contracts.topics import Topic

from chancery_bus.clients import KafkaAddress, start_consumer, stop_consumer
from chancery_bus.errors import KafkaUnreachable

Place = tuple[str, int]
"""Topic and partition."""
TIMEOUT_S = 3.0
"""An answer that comes later is none: who watches must say so, and not wait."""


class Extents:
    """First and last offsets of topics, those of new tenants included."""

    def __init__(self, admin: AIOKafkaAdminClient, consumer: AIOKafkaConsumer, patterns: Iterable[str]) -> None:
        self._admin = admin
        self._consumer = consumer
        self._pattern = re.compile("|".join(patterns))

    @classmethod
    async def start(cls, address: KafkaAddress, topics: Iterable[Topic], namespace: str = "live") -> "Extents":
        """Raises KafkaUnreachable."""
        consumer = await start_consumer(address, group=None)
        admin = AIOKafkaAdminClient(bootstrap_servers=address.bootstrap, client_id=address.client_id)
        try:
            await admin.start()
        except KafkaConnectionError as exc:
            await admin.close()
            await stop_consumer(consumer)
            raise KafkaUnreachable(address.bootstrap) from exc
        return cls(admin, consumer, [topic.pattern(namespace) for topic in topics])

    async def ends(self) -> dict[Place, int]:
        """The offset behind the last record of each partition. Raises Retry while Kafka is away."""
        try:
            async with asyncio.timeout(TIMEOUT_S):
                described = await self._admin.describe_topics()
                wanted = [one for one in described if one["error_code"] == 0 and self._pattern.match(one["topic"])]
                partitions = [TopicPartition(one["topic"], each["partition"]) for one in wanted for each in one["partitions"]]
                found = await self._consumer.end_offsets(partitions) if partitions else {}
        except (TimeoutError, KafkaError) as exc:
            raise Retry(f"Kafka did not answer: {type(exc).__name__}") from exc
        return {(partition.topic, partition.partition): end for partition, end in found.items()}

    async def firsts(self, places: Iterable[Place]) -> dict[Place, int]:
        """The offset of the first record that is still there. Raises Retry while Kafka is away."""
        partitions = [TopicPartition(*place) for place in places]
        try:
            async with asyncio.timeout(TIMEOUT_S):
                found = await self._consumer.beginning_offsets(partitions) if partitions else {}
        except (TimeoutError, KafkaError) as exc:
            raise Retry(f"Kafka did not answer: {type(exc).__name__}") from exc
        return {(partition.topic, partition.partition): first for partition, first in found.items()}

    async def close(self) -> None:
        """Disconnects."""
        await self._admin.close()
        await stop_consumer(self._consumer)
