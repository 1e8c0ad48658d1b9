"""What a record of a topic holds: one of the topic's own events, or why it is none."""

from aiokafka import ConsumerRecord
from chancery_contracts.envelope import Origin, decode
from chancery_contracts.event import AnyEvent
from chancery_contracts.failures import Poison
from chancery_contracts.topics import TOPIC_OF_TYPE, Topic, topic_named


class Origins:
    """Topics by their names on the broker, each looked up once."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Topic, str | None]] = {}

    def of(self, name: str) -> tuple[Topic, str | None]:
        """The topic, and whose it is."""
        found = self._known.get(name)
        if found is None:
            found = self._known[name] = topic_named(name)
        return found


def decoded(record: ConsumerRecord, topic: Topic, tenant: str | None) -> AnyEvent | Poison:
    """The event. Poison, given and not raised, where it is unreadable or of another topic."""
    try:
        event = decode(record.value, record.headers, Origin(tenant, record.timestamp))
    except Poison as fault:
        return fault
    if TOPIC_OF_TYPE[event.data.TYPE] is not topic:
        return Poison("an event of this type does not belong on this topic", code="invalid_request")
    return event
