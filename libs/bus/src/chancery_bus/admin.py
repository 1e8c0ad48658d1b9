"""Making topics as the registry of topics wants them."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaConnectionError, TopicAlreadyExistsError, for_code
from chancery_contracts.topics import MAX_RECORD_BYTES, TOPICS, Topic

from chancery_bus.clients import KafkaAddress
from chancery_bus.errors import BusError, KafkaUnreachable


class TopicNotCreated(BusError):
    """Kafka refused to make a topic. Its message names the topic and Kafka's error."""


@dataclass(frozen=True)
class NewTopicSpec:
    """A topic to make; `config` in Kafka's own words."""

    name: str
    partitions: int
    config: dict[str, str] = field(default_factory=dict)


async def ensure_topics(bootstrap: str, specs: Iterable[NewTopicSpec], *, replication: int = 1) -> list[str]:
    """Makes those that are missing; their names. Existing ones are left as they are. Raises KafkaUnreachable, TopicNotCreated."""
    async with _admin(KafkaAddress(bootstrap, "chancery-admin")) as admin:
        existing = set(await admin.list_topics())
        missing = [spec for spec in specs if spec.name not in existing]
        if not missing:
            return []
        wanted = [NewTopic(spec.name, spec.partitions, replication, topic_configs=spec.config) for spec in missing]
        answer = await admin.create_topics(wanted)
        for name, code, *_ in answer.topic_errors:
            error = for_code(code)
            if code != 0 and error is not TopicAlreadyExistsError:
                raise TopicNotCreated(f"{name}: {error.__name__}")
        return [spec.name for spec in missing]


async def partition_counts(address: KafkaAddress, topics: Iterable[str]) -> dict[str, int]:
    """How many partitions each topic has; topics that do not exist are left out. Raises KafkaUnreachable."""
    async with _admin(address) as admin:
        described = await admin.describe_topics(list(topics))
    return {one["topic"]: len(one["partitions"]) for one in described if one["error_code"] == 0}


async def topic_names(address: KafkaAddress) -> set[str]:
    """Every topic there is. Raises KafkaUnreachable."""
    async with _admin(address) as admin:
        return set(await admin.list_topics())


@asynccontextmanager
async def _admin(address: KafkaAddress) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=address.bootstrap, client_id=address.client_id)
    try:
        await admin.start()
    except KafkaConnectionError as exc:
        await admin.close()
        raise KafkaUnreachable(address.bootstrap) from exc
    try:
        yield admin
    finally:
        await admin.close()


def topic_specs(tenants: Iterable[str], namespace: str = "live") -> list[NewTopicSpec]:
    """Every topic of the registry of topics, with its dead letters, for these tenants."""
    specs: list[NewTopicSpec] = []
    tenants = list(tenants)
    for topic in TOPICS:
        for tenant in tenants if topic.per_tenant else [None]:
            specs.append(NewTopicSpec(topic.full_name(tenant, namespace), topic.partitions, _config(topic)))
            specs.append(NewTopicSpec(topic.deadletter_name(tenant, namespace), 1, _deadletter_config(topic)))
    return specs


def _config(topic: Topic) -> dict[str, str]:
    return {
        "cleanup.policy": "compact" if topic.compacted else "delete",
        "retention.ms": str(topic.retention_ms),
        "max.message.bytes": str(MAX_RECORD_BYTES),
        # The publisher's clock is not evidence; the broker's is.
        "message.timestamp.type": "LogAppendTime",
    }


def _deadletter_config(topic: Topic) -> dict[str, str]:
    return _config(topic) | {"cleanup.policy": "delete", "max.message.bytes": str(MAX_RECORD_BYTES + 65_536)}
