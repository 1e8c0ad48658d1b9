"""The only room that knows Kafka: the stage runner, publishing, reading, topics."""

from chancery_bus.admin import NewTopicSpec, ensure_topics, topic_specs
from chancery_bus.batches import YIELD_EVERY, BatchLimits, BatchRunner, BatchStage
from chancery_bus.clients import KafkaAddress
from chancery_bus.errors import BusError, DeadLetterLimitReached, DeliveryFailed, KafkaUnreachable, RecordGone, StageFailed
from chancery_bus.extents import Extents
from chancery_bus.publisher import Position, Publisher
from chancery_bus.reading import Poll, RecordFetcher, TopicEnd, TopicFollower, TopicReader
from chancery_bus.runner import StageRunner
from chancery_bus.stage import BusHandler, Received, StageDefinition, StageLimits, Unreadable

__all__ = [
    "YIELD_EVERY",
    "BatchLimits",
    "BatchRunner",
    "BatchStage",
    "BusError",
    "BusHandler",
    "DeadLetterLimitReached",
    "DeliveryFailed",
    "Extents",
    "KafkaAddress",
    "KafkaUnreachable",
    "NewTopicSpec",
    "Poll",
    "Position",
    "Publisher",
    "Received",
    "RecordFetcher",
    "RecordGone",
    "StageDefinition",
    "StageFailed",
    "StageLimits",
    "StageRunner",
    "TopicEnd",
    "TopicFollower",
    "TopicReader",
    "Unreadable",
    "ensure_topics",
    "topic_specs",
]
