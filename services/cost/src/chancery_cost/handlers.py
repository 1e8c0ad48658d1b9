"""Reserves before a model is called, settles by what was used, releases what was not. The table stands at the end."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

from chancery_contracts.areas import UsageReported
from chancery_contracts.base import Payload
from chancery_contracts.event import AnyEvent, Event
from chancery_contracts.failures import REFUSAL_MESSAGES, Poison, Retry
from chancery_contracts.identifiers import derived_id, is_identifier
from chancery_contracts.interactions import InteractionAuthorised, InteractionGrounded, InteractionRefused, Reservation

from chancery_cost.charging import charge_of
from chancery_cost.domain.reservations import MAX_MICROS, Held, Posting, cost_posted, whole
from chancery_cost.errors import Refused
from chancery_cost.ports import Ports
from chancery_cost.quoting import Terms, terms_of

UNKNOWN_PATIENCE = timedelta(seconds=60)
"""A reservation is stored before its event is out; usage that still finds none after this is foreign."""


async def reserve(event: Event[InteractionGrounded], ports: Ports) -> list[AnyEvent]:
    """Sets the worst case aside, or refuses."""
    try:
        terms = terms_of(event, ports)
        held = _reservation(event, terms)
        posting = whole(held, derived_id(event.id, "reserve"), "reserve", ports.now)
        if not await ports.ledger.reserve(terms.budget, held, posting):
            raise Refused("budget_exceeded", f"budget {held.budget} of {held.period} cannot hold {held.amount_micros} more")
    except Refused as fault:
        return [_refusal(event, fault, ports)]
    reservation = Reservation(
        reservation_id=held.reservation_id, budget=held.budget, amount_micros=held.amount_micros, price=held.price, quotes=terms.quotes
    )  # fmt: skip
    fields = {name: getattr(event.data, name) for name in InteractionGrounded.model_fields}
    authorised = InteractionAuthorised(**fields, model=held.model, reservation=reservation, assignment=terms.assignment)
    return [event.follow(authorised, stage="cost", time=ports.now), _told(event, held, posting)]


def _reservation(event: Event[InteractionGrounded], terms: Terms) -> Held:
    assert event.interaction is not None
    return Held(
        reservation_id=derived_id(event.id, "reservation"), cause_id=event.id, tenant=event.tenant, interaction=event.interaction,
        conversation=event.conversation, matter=event.matter, namespace=event.namespace, budget=terms.budget.name,
        period=terms.budget.period, use_case=event.data.use_case.name, model=terms.model, amount_micros=terms.worst_micros,
        price=terms.quote.price, priced_at=event.time,
    )  # fmt: skip


async def settle(event: Event[UsageReported], ports: Ports) -> list[AnyEvent]:
    """Books what a call cost; also when its reservation was released meanwhile: what was used is owed."""
    held = await _reserved(event, ports)
    posting_id = derived_id(event.id, "settle")
    if held.state == "settled":
        if await ports.ledger.has_posting(posting_id):
            raise Retry("this usage was settled by another process at this moment; its answer is in the journal")
        raise Poison("usage of a reservation that is settled already", answer=False)
    charge = charge_of(event, held, ports)
    if charge.micros > MAX_MICROS:
        raise Poison("usage that costs more than can be booked", answer=False)
    posting = Posting(posting_id, "settle", charge.micros, event.data.model, charge.source, ports.now)
    await ports.ledger.settle(held, posting)
    return [_told(event, held, posting)]


async def _reserved(event: Event[UsageReported], ports: Ports) -> Held:
    reservation_id = event.data.reservation_id
    held = await ports.ledger.find(reservation_id) if is_identifier(reservation_id) else None
    if held is None and is_identifier(reservation_id) and ports.now - event.time < UNKNOWN_PATIENCE:
        raise Retry("usage of a reservation that is not stored")
    if held is None or held.tenant != event.tenant:
        raise Poison("usage of a reservation that was never made", answer=False)
    return held


async def release(event: Event[InteractionRefused], ports: Ports) -> list[AnyEvent]:
    """Gives back what a refused interaction had set aside."""
    assert event.interaction is not None
    events: list[AnyEvent] = []
    for ordinal, held in enumerate(await ports.ledger.find_open(event.tenant, event.interaction, event.namespace)):
        posting = whole(held, derived_id(event.id, "release", ordinal), "release", ports.now)
        await ports.ledger.release(held, posting)
        events.append(_told(event, held, posting))
    return events


def _told(cause: AnyEvent, held: Held, posting: Posting) -> AnyEvent:
    return cause.follow(cost_posted(held, posting), stage="cost", time=posting.posted_at, event_id=posting.posting_id)


def _refusal(event: Event[InteractionGrounded], fault: Refused, ports: Ports) -> AnyEvent:
    data = InteractionRefused(
        stage="cost", code=fault.code, reason=fault.reason, requester_message=REFUSAL_MESSAGES[fault.code],
        use_case=event.data.use_case.name,
    )  # fmt: skip
    return event.follow(data, stage="cost", time=ports.now)


Handler = Callable[[Event[Any], Ports], Awaitable[list[AnyEvent]]]
RESERVE_HANDLERS: Mapping[type[Payload], Handler] = {InteractionGrounded: reserve}
SETTLE_HANDLERS: Mapping[type[Payload], Handler] = {UsageReported: settle, InteractionRefused: release}
