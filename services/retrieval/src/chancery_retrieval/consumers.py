"""Kafka in: which topics, and how much at a time. A type that is not in the table (DocumentIndexed) is passed over."""

from collections.abc import Callable, Sequence

from chancery_bus import BusHandler, Received, StageDefinition, StageLimits
from chancery_contracts.event import AnyEvent
from chancery_contracts.topics import DOCUMENTS, REDACTED

from chancery_retrieval.handlers import HANDLERS, STAGE
from chancery_retrieval.ports import Ports

Journalled = Callable[[BusHandler], BusHandler]
"""Adds the journal: what was answered once is answered again, though the index has changed."""


def dispatch(ports: Ports) -> BusHandler:
    """The handler of an event's type."""

    async def handle(received: Received) -> Sequence[AnyEvent]:
        handler = HANDLERS.get(type(received.event.data))
        return [] if handler is None else await handler(received.event, ports)

    return handle


def documents_stage(ports: Ports, journalled: Journalled, in_flight: int) -> StageDefinition:
    """Documents: few at a time, for embedding fills the machine; and nobody waits for an answer."""
    limits = StageLimits(max_in_flight=in_flight, max_waiting_per_partition=64, max_records_per_poll=16, retry_for_s=600.0)
    return StageDefinition(STAGE, "chancery-retrieval-documents", (DOCUMENTS,), journalled(dispatch(ports)), limits, answers=False)


def questions_stage(ports: Ports, journalled: Journalled) -> StageDefinition:
    """Questions."""
    return StageDefinition(STAGE, "chancery-retrieval", (REDACTED,), journalled(dispatch(ports)))
