"""The one stage: everything that is audited."""

import math
from collections.abc import Awaitable, Callable

from chancery_bus import BusHandler, StageDefinition, StageLimits, Unreadable
from chancery_contracts.topics import ACCESS, PRIVACY

from chancery_audit.handlers import HANDLERS

Account = Callable[[Unreadable], Awaitable[None]]


def audit_stage(handle: BusHandler, on_unreadable: Account, max_in_flight: int) -> StageDefinition:
    """A trail with a hole is worse than a late one, so a passing fault is retried for ever; nobody waits for an answer."""
    limits = StageLimits(max_in_flight=max_in_flight, max_waiting_per_partition=2048, retry_for_s=math.inf, gather_ms=400)
    return StageDefinition("audit", "audit", tuple(HANDLERS), handle, limits, answers=False, on_unreadable=on_unreadable)


def privacy_stage(handle: BusHandler) -> StageDefinition:
    """Holds, requests for erasure and revocations take effect. A hold that gets lost is worse than a late one: retried for ever."""
    limits = StageLimits(max_in_flight=8, retry_for_s=math.inf)
    return StageDefinition("audit", "audit-privacy", (PRIVACY, ACCESS), handle, limits, answers=False)
