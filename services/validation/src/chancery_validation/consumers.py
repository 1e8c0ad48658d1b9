"""The stage of validation: generated answers in, verdicts out."""

from collections.abc import Sequence
from datetime import UTC, datetime

from chancery_bus import BusHandler, Received, StageDefinition
from chancery_contracts import AnyEvent
from chancery_contracts.topics import GENERATED

from chancery_validation.handlers import HANDLERS, STAGE
from chancery_validation.ports import Ports


def dispatcher(ports: Ports) -> BusHandler:
    """By type of event; events of other types are none of ours. The broker's time, so that a redelivery gives the same bytes."""

    async def dispatch(received: Received) -> Sequence[AnyEvent]:
        handle = HANDLERS.get(type(received.event.data))
        if handle is None:
            return ()
        return handle(received.event, datetime.fromtimestamp(received.timestamp_ms / 1000, UTC), ports)

    return dispatch


def stage(ports: Ports) -> StageDefinition:
    """One consumer group over the generated answers."""
    return StageDefinition(STAGE, "chancery-validation", (GENERATED,), dispatcher(ports))
