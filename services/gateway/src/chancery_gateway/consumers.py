"""The one stage: progress of every interaction."""

from collections.abc import Sequence

from chancery_bus import Received, StageDefinition, StageLimits, Unreadable
from chancery_contracts.event import AnyEvent
from chancery_contracts.topics import AUTHORISED, COMPLETED, GENERATED, GROUNDED, REDACTED, REFUSED, REQUESTED, VALIDATED

from chancery_gateway.handlers import HANDLERS
from chancery_gateway.ports import ProgressBook

PIPELINE = (REQUESTED, REDACTED, GROUNDED, AUTHORISED, GENERATED, VALIDATED, REFUSED, COMPLETED)


def progress_stage(book: ProgressBook) -> StageDefinition:
    """Many in flight, an interaction's own too: they share transactions, and a step stands for itself."""

    async def handle(received: Received) -> Sequence[AnyEvent]:
        for prefix, handler in HANDLERS.items():
            if received.event.type.startswith(prefix):
                await handler(received, book)
        return ()

    limits = StageLimits(max_in_flight=256, gather_ms=100)
    return StageDefinition("gateway", "gateway", PIPELINE, handle, limits, answers=False, together=True, on_unreadable=_pass_by)


async def _pass_by(_: Unreadable) -> None:
    """Redaction dead-letters it and answers; the answer comes by here."""
