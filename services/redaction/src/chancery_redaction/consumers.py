"""The two stages."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

import structlog
from chancery_bus import BusHandler, Received, StageDefinition, StageLimits
from chancery_contracts.base import Payload
from chancery_contracts.event import AnyEvent
from chancery_contracts.failures import Poison, Retry
from chancery_contracts.topics import REFUSED, REQUESTED, VALIDATED
from chancery_runtime.errors import CorruptSeal
from chancery_runtime.stages import WithConnection
from chancery_storage import Connection

from chancery_redaction.handlers import REDACTION_HANDLERS, RESTORE_HANDLERS, Handler
from chancery_redaction.ports import Ports

log = structlog.get_logger()
MakePorts = Callable[[Connection], Ports]
Wrap = Callable[[WithConnection], Callable[[Received], Awaitable[Sequence[AnyEvent]]]]


def dispatch(handlers: Mapping[type[Payload], Handler], make_ports: MakePorts) -> WithConnection:
    """Gives each event to the handler of its type; others pass by."""

    async def handle(received: Received, connection: Connection) -> Sequence[AnyEvent]:
        handler = handlers.get(type(received.event.data))
        return [] if handler is None else await handler(received.event, make_ports(connection))

    return handle


def _closed(handle: BusHandler) -> BusHandler:
    """Fails closed: whichever fault kept a request from being masked, its requester hears that it was not sent on.

    A value of the vault that does not open keeps back the requests that name it, and no others.
    """

    async def run(received: Received) -> Sequence[AnyEvent]:
        try:
            return await handle(received)
        except Retry as fault:
            raise Retry(fault.reason, code="redaction_unavailable") from fault
        except CorruptSeal as fault:
            log.error("vault_corrupt", tenant=received.event.tenant, event_id=received.event.id)
            raise Poison("a value of the vault does not open", code="redaction_unavailable") from fault

    return run


def redaction_stage(wrap: Wrap, make_ports: MakePorts, max_in_flight: int) -> StageDefinition:
    """Raw requests in, masked ones out."""
    handle = _closed(wrap(dispatch(REDACTION_HANDLERS, make_ports)))
    return StageDefinition("redaction", "redaction", (REQUESTED,), handle, StageLimits(max_in_flight=max_in_flight))


def restore_stage(wrap: Wrap, make_ports: MakePorts) -> StageDefinition:
    """Verdicts and refusals in, completed interactions out. Its own dead letters are not answered: the answer would come back here."""
    handle = wrap(dispatch(RESTORE_HANDLERS, make_ports))
    return StageDefinition("restore", "restore", (VALIDATED, REFUSED), handle, StageLimits(max_in_flight=16), answers=False)
