"""Clients of Kafka, as this product wants them; the only place that names their settings."""

import asyncio
from dataclasses import dataclass

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError, KafkaError
from chancery_contracts.topics import MAX_RECORD_BYTES

from chancery_bus.errors import KafkaUnreachable
from chancery_bus.succession import dismiss

log = structlog.get_logger()


@dataclass(frozen=True)
class KafkaAddress:
    """Where Kafka is, and how to talk to it."""

    bootstrap: str
    client_id: str = "chancery"
    request_timeout_ms: int = 30_000
    session_timeout_ms: int = 10_000
    instance: str | None = None
    """Which of the members of a group a process is, where it has a place of its own: what comes back after a kill dismisses its
    predecessor and goes on at once. The process must know that no other one that lives has the same."""


async def start_producer(address: KafkaAddress) -> AIOKafkaProducer:
    """Idempotent, `acks=all`. Raises KafkaUnreachable."""
    producer = AIOKafkaProducer(
        bootstrap_servers=address.bootstrap,
        client_id=address.client_id,
        acks="all",
        enable_idempotence=True,
        linger_ms=0,
        max_batch_size=524_288,
        max_request_size=MAX_RECORD_BYTES,
        request_timeout_ms=address.request_timeout_ms,
        retry_backoff_ms=50,
        metadata_max_age_ms=60_000,
    )
    try:
        await producer.start()
    except KafkaConnectionError as exc:
        await producer.stop()
        raise KafkaUnreachable(address.bootstrap) from exc
    return producer


async def start_consumer(address: KafkaAddress, *, group: str | None) -> AIOKafkaConsumer:
    """Commits by hand, from the earliest where nothing was committed. Subscribe or assign afterwards. Raises KafkaUnreachable."""
    client_id = address.client_id if address.instance is None else f"{address.client_id}.{address.instance}"
    if group is not None and address.instance is not None and (dismissed := await dismiss(address.bootstrap, group, client_id)):
        log.info("predecessor_dismissed", group=group, members=dismissed)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=address.bootstrap,
        client_id=client_id,
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        session_timeout_ms=address.session_timeout_ms,
        heartbeat_interval_ms=address.session_timeout_ms // 5,
        max_poll_interval_ms=300_000,
        rebalance_timeout_ms=20_000,
        request_timeout_ms=address.request_timeout_ms,
        # How long a partition that is resumed or newly assigned may wait for the answer to an earlier question.
        fetch_max_wait_ms=500,
        # New tenants' topics are found by this look-around.
        metadata_max_age_ms=5_000,
        retry_backoff_ms=50,
    )
    try:
        await consumer.start()
    except KafkaConnectionError as exc:
        await consumer.stop()
        raise KafkaUnreachable(address.bootstrap) from exc
    return consumer


async def stop_consumer(consumer: AIOKafkaConsumer) -> None:
    """Disconnects. A consumer without a group, stopped right after its start, raises its own inner cancellation: it ends here."""
    try:
        await consumer.stop()
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise


PASSING = KafkaError
"""What the client raises while a group is being rebalanced or a broker restarts."""
