"""The stage of generation: authorised interactions in, answers out, each answer journalled before it is published."""

from collections.abc import Sequence

from chancery_bus import BusHandler, Received, StageDefinition, StageLimits
from chancery_contracts import AnyEvent
from chancery_contracts.topics import AUTHORISED
from chancery_runtime.stages import before_storing
from chancery_storage import Database, Journal

from chancery_generation.handlers import HANDLERS, STAGE
from chancery_generation.ports import Ports


def dispatcher(ports: Ports) -> BusHandler:
    """By type of event; events of other types are none of ours."""

    async def dispatch(received: Received) -> Sequence[AnyEvent]:
        handle = HANDLERS.get(type(received.event.data))
        return () if handle is None else await handle(received.event, ports)

    return dispatch


def stage(database: Database, ports: Ports, max_in_flight: int) -> StageDefinition:
    """Slow work: nothing is held in the database while a model is called. What was answered before is noticed before a call is made."""
    handle = before_storing(database, Journal(database, STAGE), dispatcher(ports), ports.clock)
    return StageDefinition(STAGE, "chancery-generation", (AUTHORISED,), handle, StageLimits(max_in_flight=max_in_flight))
