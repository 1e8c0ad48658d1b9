"""The one stage: everything that is audited."""

from collections.abc import Sequence

from chancery_bus import Received, StageDefinition, StageLimits
from chancery_contracts.event import AnyEvent
from chancery_contracts.topics import TOPICS

from chancery_audit.handlers import HANDLERS
from chancery_audit.ports import Trail

AUDITED = tuple(topic for topic in TOPICS if topic.audited)


def audit_stage(trail: Trail) -> StageDefinition:
    """Many in flight, since they share transactions. Retries without end in sight: a trail waits, it never leaves out."""

    async def handle(received: Received) -> Sequence[AnyEvent]:
        await HANDLERS["*"](received, trail)
        return ()

    limits = StageLimits(max_in_flight=512, max_waiting_per_partition=1024, retry_for_s=86_400)
    return StageDefinition("audit", "audit", AUDITED, handle, limits, answers=False, on_unreadable=trail.account)
