"""Faust's consumer, but the broker gathers before it answers: nobody waits for a count, and an answer for each event is dear.

Faust has no setting for it, so this reaches for what its client (aiokafka) reads once, when it starts.
"""

from typing import Any

import faust
from faust.transport.drivers import aiokafka as driver

GATHER_MS = 500
GATHER_BYTES = 65_536


class _Thread(driver.AIOKafkaConsumerThread):  # type: ignore[misc]  # Faust has no types
    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms, consumer._fetch_min_bytes = GATHER_MS, GATHER_BYTES
        return consumer


class _Consumer(driver.Consumer):  # type: ignore[misc]  # Faust has no types
    def _new_consumer_thread(self) -> Any:
        return _Thread(self, loop=self.loop, beacon=self.beacon)


class GatheringTransport(driver.Transport):  # type: ignore[misc]  # Faust has no types
    """For `faust.App.transport`, before it starts."""

    Consumer = _Consumer

    @classmethod
    def of(cls, app: faust.App) -> "GatheringTransport":
        """A transport for the application's own brokers."""
        return cls(app.conf.broker_consumer, app, loop=app.loop)
