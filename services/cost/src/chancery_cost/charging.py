"""What the calls of one interaction cost, each by the price of its own model at the moment of the reservation."""

from collections.abc import Sequence

from chancery_contracts.areas import CallUsage, UsageReported
from chancery_contracts.base import VersionRef
from chancery_contracts.bodies import ModelBody
from chancery_contracts.event import Event
from chancery_contracts.failures import Retry
from chancery_contracts.interactions import TokenUsage

from chancery_cost.domain.pricing import Charge
from chancery_cost.domain.reservations import Held
from chancery_cost.errors import PriceUnknown
from chancery_cost.ports import Ports
from chancery_cost.quoting import PATIENCE


def charge_of(event: Event[UsageReported], held: Held, ports: Ports) -> Charge:
    """The sum over the calls. Where one has no price in the reservation's currency, all that was reserved at least: never nothing."""
    known, unknown = [], False
    for call in _calls(event.data):
        charge = _charge(event, call, held, ports)
        if charge is None:
            unknown = True
        else:
            known.append(charge)
    spent = sum(charge.micros for charge in known)
    if unknown:
        return Charge(max(held.amount_micros, spent), held.price.currency, "reservation")
    return Charge(spent, held.price.currency, _sources(known))


def _calls(data: UsageReported) -> Sequence[tuple[VersionRef, TokenUsage]]:
    """Events from before say the sum alone; so does one where no tokens were counted."""
    return [(call.model, call.usage) for call in data.calls] if _adds_up(data.calls, data.usage) else [(data.model, data.usage)]


def _adds_up(calls: Sequence[CallUsage], usage: TokenUsage) -> bool:
    return bool(calls) and all(sum(getattr(call.usage, name) for call in calls) == getattr(usage, name) for name in TokenUsage.model_fields)


def _charge(event: Event[UsageReported], call: tuple[VersionRef, TokenUsage], held: Held, ports: Ports) -> Charge | None:
    ref, usage = call
    model = ports.catalogue.pinned(event.tenant, "model", ref, ModelBody)
    if model is None and ports.now - event.time < PATIENCE:
        raise Retry("the model of this usage is not in the registry")
    if model is None:
        return None
    try:
        charge = ports.prices.charge(event.tenant, model, usage, held.priced_at)
    except PriceUnknown:
        return None
    return charge if charge.currency == held.price.currency else None


def _sources(charges: Sequence[Charge]) -> str:
    """Each once, in order."""
    return "; ".join(dict.fromkeys(charge.source for charge in charges))
