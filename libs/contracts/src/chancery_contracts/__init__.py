"""Events, envelope, topics, failure words of Chancery: pydantic only, no I/O."""

from chancery_contracts.base import MAX_DATA_BYTES, Payload, VersionRef
from chancery_contracts.envelope import Encoded, Origin, decode, encode, encode_structured
from chancery_contracts.event import AnyEvent, Clock, Event, system_clock
from chancery_contracts.failures import REFUSAL_MESSAGES, ChanceryError, Overloaded, Poison, RefusalCode, Retry
from chancery_contracts.identifiers import completed_id, derived_id
from chancery_contracts.topics import PAYLOADS, TOPIC_OF_TYPE, TOPICS, Topic, topic_named

__all__ = [
    "MAX_DATA_BYTES",
    "PAYLOADS",
    "REFUSAL_MESSAGES",
    "TOPICS",
    "TOPIC_OF_TYPE",
    "AnyEvent",
    "ChanceryError",
    "Clock",
    "Encoded",
    "Event",
    "Origin",
    "Overloaded",
    "Payload",
    "Poison",
    "RefusalCode",
    "Retry",
    "Topic",
    "VersionRef",
    "completed_id",
    "decode",
    "derived_id",
    "encode",
    "encode_structured",
    "system_clock",
    "topic_named",
]
