"""The two stages."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from chancery_bus import Received, StageDefinition, StageLimits
from chancery_contracts.base import Payload
from chancery_contracts.event import AnyEvent
from chancery_contracts.topics import GROUNDED, REFUSED, USAGE
from chancery_runtime.stages import WithConnection
from chancery_storage import Connection

from chancery_cost.handlers import RESERVE_HANDLERS, SETTLE_HANDLERS, Handler
from chancery_cost.ports import Ports

MakePorts = Callable[[Connection], Ports]
Wrap = Callable[[WithConnection], Callable[[Received], Awaitable[Sequence[AnyEvent]]]]


def dispatch(handlers: Mapping[type[Payload], Handler], make_ports: MakePorts) -> WithConnection:
    """Gives each event to the handler of its type; others pass by."""

    async def handle(received: Received, connection: Connection) -> Sequence[AnyEvent]:
        handler = handlers.get(type(received.event.data))
        return [] if handler is None else await handler(received.event, make_ports(connection))

    return handle


def reserve_stage(wrap: Wrap, make_ports: MakePorts) -> StageDefinition:
    """Grounded requests in, authorised ones out. Reservations of one budget wait for its row, so few at once are enough."""
    return StageDefinition("cost", "reserve", (GROUNDED,), wrap(dispatch(RESERVE_HANDLERS, make_ports)), StageLimits(max_in_flight=8))


def settle_stage(wrap: Wrap, make_ports: MakePorts) -> StageDefinition:
    """Usage and refusals in, postings out. Nobody waits for these, so dead letters are not answered."""
    handle = wrap(dispatch(SETTLE_HANDLERS, make_ports))
    return StageDefinition("cost", "settle", (USAGE, REFUSED), handle, StageLimits(max_in_flight=8), answers=False)
