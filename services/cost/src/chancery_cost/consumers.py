"""The two stages."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from chancery_bus import BusHandler, Received, StageDefinition, StageLimits
from chancery_contracts.areas import CostPosted
from chancery_contracts.base import Payload
from chancery_contracts.event import AnyEvent
from chancery_contracts.failures import Retry
from chancery_contracts.interactions import InteractionRefused
from chancery_contracts.topics import GROUNDED, REFUSED, USAGE
from chancery_runtime.metrics import counter
from chancery_runtime.stages import WithConnection
from chancery_storage import Connection

from chancery_cost.handlers import RESERVE_HANDLERS, SETTLE_HANDLERS, Handler
from chancery_cost.ports import Ports

MakePorts = Callable[[Connection], Ports]
Wrap = Callable[[WithConnection], BusHandler]
SETTLE_RETRY_S = 86_400.0
"""Nobody waits for a settlement, and a dead letter would be money that is not booked: a database may be away for a day."""


def dispatch(handlers: Mapping[type[Payload], Handler], make_ports: MakePorts) -> WithConnection:
    """Gives each event to the handler of its type; others pass by."""

    async def handle(received: Received, connection: Connection) -> Sequence[AnyEvent]:
        handler = handlers.get(type(received.event.data))
        return [] if handler is None else await handler(received.event, make_ports(connection))

    return handle


def metered(handle: BusHandler) -> BusHandler:
    """Counts what was decided, once it is stored. A redelivery counts again: these are for dashboards, the ledger is for money."""
    reserved = counter("chancery_cost_reserved_micros_total", "Micro-units set aside")
    settled = counter("chancery_cost_settled_micros_total", "Micro-units spent")
    refusals = counter("chancery_cost_refusals_total", "Requests refused, by code", ("code",))

    async def run(received: Received) -> Sequence[AnyEvent]:
        events = await handle(received)
        for event in events:
            if isinstance(event.data, InteractionRefused):
                refusals.labels(event.data.code).inc()
            elif isinstance(event.data, CostPosted) and event.data.kind != "release":
                (reserved if event.data.kind == "reserve" else settled).inc(event.data.amount_micros)
        return events

    return run


def answering(handle: Callable[[Received], Awaitable[Sequence[AnyEvent]]]) -> BusHandler:
    """Faults of the database tell the requester, in the end, that the cost could not be reserved."""

    async def run(received: Received) -> Sequence[AnyEvent]:
        try:
            return await handle(received)
        except Retry as fault:
            if fault.code != "dead_lettered":
                raise
            raise Retry(fault.reason, code="cost_unavailable") from fault

    return run


def reserve_stage(wrap: Wrap, make_ports: MakePorts) -> StageDefinition:
    """Grounded requests in, authorised ones out. Reservations of one budget wait for its row, so few at once are enough."""
    handle = metered(answering(wrap(dispatch(RESERVE_HANDLERS, make_ports))))
    return StageDefinition("cost", "reserve", (GROUNDED,), handle, StageLimits(max_in_flight=8))


def settle_stage(wrap: Wrap, make_ports: MakePorts) -> StageDefinition:
    """Usage and refusals in, postings out. Nobody waits for these, so dead letters are not answered."""
    handle = metered(wrap(dispatch(SETTLE_HANDLERS, make_ports)))
    limits = StageLimits(max_in_flight=8, retry_for_s=SETTLE_RETRY_S, gather_ms=250)
    return StageDefinition("cost", "settle", (USAGE, REFUSED), handle, limits, answers=False)
