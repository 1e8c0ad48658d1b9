"""The stages: everything that is audited is recorded; what concerns privacy takes effect."""

import math
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from chancery_bus import BatchLimits, BatchStage, BusHandler, Received, StageDefinition, StageLimits, Unreadable
from chancery_contracts.event import AnyEvent
from chancery_contracts.failures import Poison
from chancery_contracts.topics import ACCESS, PRIVACY, SUBJECTS

from chancery_audit.handlers import HANDLERS

D = TypeVar("D")
Account = Callable[[Sequence[Unreadable]], Awaitable[None]]
Prepare = Callable[[Sequence[Received]], Awaitable[D]]
Write = Callable[[D], Awaitable[Sequence[Poison | None]]]


def audit_stage(prepare: Prepare[D], write: Write[D], on_unreadable: Account, largest: int) -> BatchStage[D]:
    """A trail with a hole is worse than a late one, so a passing fault is retried for ever; nobody waits for an answer."""
    return BatchStage("audit", "audit", tuple(HANDLERS), prepare, write, on_unreadable, BatchLimits(max_records=largest))


def privacy_stage(handle: BusHandler) -> StageDefinition:
    """Holds, requests for erasure and revocations take effect. A hold that gets lost is worse than a late one: retried for ever."""
    limits = StageLimits(max_in_flight=8, retry_for_s=math.inf)
    return StageDefinition("audit", "audit-privacy", (PRIVACY, ACCESS), handle, limits, answers=False)


def subject_orders_stage(take: BusHandler, handle: BusHandler) -> StageDefinition:
    """Orders about a person: what the trail's own store is asked, and what every owner answers."""

    async def both(received: Received) -> Sequence[AnyEvent]:
        return [*await take(received), *await handle(received)]

    return StageDefinition("audit", "audit-subjects", (SUBJECTS,), both, StageLimits(max_in_flight=4, retry_for_s=math.inf), answers=False)
