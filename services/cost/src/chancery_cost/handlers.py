"""Reserves before a model is called, settles by what was used, releases what was not. The table stands at the end."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from chancery_contracts.areas import CostPosted, PostingKind, UsageReported
from chancery_contracts.base import Payload
from chancery_contracts.catalogue import BudgetBody, ModelBody, UseCaseBody
from chancery_contracts.event import AnyEvent, Event
from chancery_contracts.failures import REFUSAL_MESSAGES, Poison, RefusalCode
from chancery_contracts.identifiers import derived_id
from chancery_contracts.interactions import InteractionAuthorised, InteractionGrounded, InteractionRefused, Reservation

from chancery_cost.domain.pricing import estimate_input_tokens, period_of, worst_case_micros
from chancery_cost.errors import PriceUnknown
from chancery_cost.ports import Budget, Held, Ports


async def reserve(event: Event[InteractionGrounded], ports: Ports) -> list[AnyEvent]:
    """Sets the worst case aside, or refuses."""
    assert event.interaction is not None
    request = event.data
    use_case = ports.catalogue.pinned(event.tenant, "use_case", request.use_case, UseCaseBody)
    model = ports.catalogue.pinned(event.tenant, "model", use_case.model, ModelBody) if use_case else None
    if use_case is None or model is None:
        return [_refusal(event, "unknown_use_case", "the use case or its model is not in the registry", ports)]
    found = ports.catalogue.in_force(event.tenant, "budget", use_case.budget, ports.now, BudgetBody)
    if found is None:
        return [_refusal(event, "budget_exceeded", f"budget {use_case.budget} is not in the registry", ports)]
    try:
        price = ports.prices.price(model, ports.now)
    except PriceUnknown:
        return [_refusal(event, "price_unknown", f"no price for model {use_case.model.name}", ports)]
    body = found[1]
    if body.currency != price.currency:
        return [_refusal(event, "price_unknown", "the price and the budget are in different currencies", ports)]
    texts = [*(message.content for message in request.messages), *(passage.text for passage in request.passages)]
    outputs = min(request.max_output_tokens or use_case.max_output_tokens, model.max_output_tokens)
    amount = worst_case_micros(price, estimate_input_tokens(texts), outputs)
    budget = Budget(event.tenant, use_case.budget, period_of(body.period, ports.now), body.limit_micros, body.currency)
    reservation_id = derived_id(event.id, "reservation")
    held = Held(
        reservation_id,
        event.tenant,
        event.interaction,
        budget.name,
        budget.period,
        request.use_case.name,
        use_case.model,
        amount,
        price,
        "open",
    )
    if not await ports.ledger.reserve(budget, held):
        return [_refusal(event, "budget_exceeded", f"budget {budget.name} of {budget.period} cannot hold {amount} more", ports)]
    reservation = Reservation(reservation_id=reservation_id, budget=budget.name, amount_micros=amount, price=price)
    fields = {name: getattr(request, name) for name in InteractionGrounded.model_fields}
    data = InteractionAuthorised(**fields, model=use_case.model, reservation=reservation)
    posted = _posting(held, "reserve", amount)
    return [
        event.follow(data, stage="cost", time=ports.now),
        event.follow(posted, stage="cost", time=ports.now, ordinal=1),
    ]


async def settle(event: Event[UsageReported], ports: Ports) -> list[AnyEvent]:
    """Books what a call cost; also when its reservation was released meanwhile: what was used is owed."""
    held = await ports.ledger.find(event.data.reservation_id)
    if held is None or held.tenant != event.tenant:
        raise Poison("usage of a reservation that was never made", answer=False)
    if held.state == "settled":
        raise Poison("usage of a reservation that is settled already", answer=False)
    amount = ports.prices.cost_micros(held.price, event.data.usage)
    posting_id = derived_id(event.id, "cost")
    await ports.ledger.settle(held, posting_id, amount)
    return [event.follow(_posting(held, "settle", amount), stage="cost", time=ports.now, event_id=posting_id)]


async def release(event: Event[InteractionRefused], ports: Ports) -> list[AnyEvent]:
    """Gives back what a refused interaction had set aside."""
    assert event.interaction is not None
    events: list[AnyEvent] = []
    for ordinal, held in enumerate(await ports.ledger.find_open(event.tenant, event.interaction)):
        posting_id = derived_id(event.id, "cost", ordinal)
        await ports.ledger.release(held, posting_id)
        posted = _posting(held, "release", held.amount_micros)
        events.append(event.follow(posted, stage="cost", time=ports.now, event_id=posting_id))
    return events


def _posting(held: Held, kind: PostingKind, amount: int) -> CostPosted:
    return CostPosted(
        kind=kind,
        reservation_id=held.reservation_id,
        budget=held.budget,
        use_case=held.use_case,
        model=held.model,
        amount_micros=amount,
        currency=held.price.currency,
        price_source=held.price.source,
    )


def expired(held: Held, now: datetime) -> Event[CostPosted]:
    """The posting that gives an old reservation back; its id derives from the reservation, so it is one."""
    return Event(
        id=derived_id(held.reservation_id, "expired"),
        source="chancery/cost",
        time=now,
        tenant=held.tenant,
        data=_posting(held, "release", held.amount_micros),
        interaction=held.interaction,
    )


def _refusal(event: Event[InteractionGrounded], code: RefusalCode, reason: str, ports: Ports) -> AnyEvent:
    name = event.data.use_case.name
    data = InteractionRefused(stage="cost", code=code, reason=reason, requester_message=REFUSAL_MESSAGES[code], use_case=name)
    return event.follow(data, stage="cost", time=ports.now)


Handler = Callable[[Event[Any], Ports], Awaitable[list[AnyEvent]]]
RESERVE_HANDLERS: Mapping[type[Payload], Handler] = {InteractionGrounded: reserve}
SETTLE_HANDLERS: Mapping[type[Payload], Handler] = {UsageReported: settle, InteractionRefused: release}
