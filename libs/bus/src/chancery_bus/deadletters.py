"""Dead letters: the original bytes and headers, with reason, stage and attempts; and a limit."""

from collections import deque
from datetime import UTC, datetime

from chancery_contracts.envelope import encode, interaction_claimed
from chancery_contracts.event import AnyEvent, Event
from chancery_contracts.failures import REFUSAL_MESSAGES, RefusalCode
from chancery_contracts.identifiers import derived_id
from chancery_contracts.interactions import InteractionRefused, Stage
from chancery_contracts.topics import REFUSED, topic_named

from chancery_bus.lanes import Work
from chancery_bus.outbox import Outgoing

PREFIX = "chancery_deadletter_"
"""Headers of ours on a dead letter; the original ones stay as they were."""


class DeadLetterLimit:
    """At most so many in any 60 s."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._times: deque[float] = deque()

    def admit(self, now: float) -> bool:
        """Counts one at `now` (seconds); False when it is one too many."""
        while self._times and self._times[0] <= now - 60:
            self._times.popleft()
        self._times.append(now)
        return len(self._times) <= self._per_minute


def dead_letter(work: Work, *, stage: str, reason: str, namespace: str) -> Outgoing:
    """The record for the dead-letter topic of where it came from (for a raw topic: under the same access and retention)."""
    record = work.record
    topic, tenant = topic_named(record.topic)
    ours = {
        "reason": reason,
        "stage": stage,
        "attempts": str(work.attempts),
        "topic": record.topic,
        "partition": str(record.partition),
        "offset": str(record.offset),
    }
    headers = (*record.headers, *((PREFIX + name, text.encode()) for name, text in ours.items()))
    return Outgoing(topic.deadletter_name(tenant, namespace), record.key, record.value, headers)


def refusal(work: Work, *, stage: Stage, group: str, code: RefusalCode, reason: str, namespace: str) -> Outgoing | None:
    """What tells the requester; None where the record does not say who that is."""
    cause = work.event if isinstance(work.event, Event) else _claimed(work, namespace)
    if cause is None or cause.interaction is None:
        return None
    data = InteractionRefused(stage=stage, code=code, reason=reason, requester_message=REFUSAL_MESSAGES[code])
    time = cause.time
    event_id = cause.derived(f"deadletter:{group}")
    encoded = encode(cause.follow(data, stage=stage, time=time, event_id=event_id))
    return Outgoing(REFUSED.full_name(None, namespace), encoded.key, encoded.value, encoded.headers)


def _claimed(work: Work, namespace: str) -> AnyEvent | None:
    """A stand-in for an event that could not be read, from what its headers claim."""
    record = work.record
    _, tenant = topic_named(record.topic)
    claimed = interaction_claimed(record.value, record.headers)
    if claimed is None or tenant is None:
        return None
    time = datetime.fromtimestamp(record.timestamp / 1000, UTC)
    event_id = derived_id(f"{record.topic}/{record.partition}/{record.offset}", "unread")
    placeholder = InteractionRefused(stage="gateway", code="dead_lettered", reason="", requester_message="")
    return Event(
        id=event_id,
        source="kafka",
        time=time,
        tenant=tenant,
        data=placeholder,
        interaction=claimed[0],
        conversation=claimed[1],
        namespace=namespace,
    )
