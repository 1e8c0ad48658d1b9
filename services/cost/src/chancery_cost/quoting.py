"""Under which terms a request is reserved: which models may be asked, and what that costs at most."""

from dataclasses import dataclass
from datetime import timedelta

from chancery_contracts.base import VersionRef
from chancery_contracts.bodies import BudgetBody, ModelBody, PromptBody, UseCaseBody
from chancery_contracts.event import AnyEvent, Event
from chancery_contracts.failures import RefusalCode, Retry
from chancery_contracts.interactions import Assignment, InteractionGrounded, ModelQuote

from chancery_cost.domain.assigning import assigned
from chancery_cost.domain.pricing import Quote, Size, estimate_input_tokens, period_of, together
from chancery_cost.domain.reservations import MAX_MICROS, Budget
from chancery_cost.errors import PriceUnknown, Refused
from chancery_cost.ports import Ports

PATIENCE = timedelta(seconds=10)
"""The registry reaches services at different moments, so what is missing for a young event may be on its way."""


@dataclass(frozen=True)
class Terms:
    """Under which a request is reserved. `quotes`: of each model that the amount is enough for, the first one's first."""

    model: VersionRef
    budget: Budget
    quote: Quote
    worst_micros: int
    quotes: tuple[ModelQuote, ...]
    assignment: Assignment | None = None


@dataclass(frozen=True)
class Asked:
    """A request with its use case: of which size calls of a model are."""

    event: Event[InteractionGrounded]
    use_case: UseCaseBody
    input_tokens: int

    def size(self, model: ModelBody) -> Size:
        """The same three limits as the generation service has."""
        limits = (self.use_case.max_output_tokens, model.max_output_tokens, self.event.data.max_output_tokens or model.max_output_tokens)
        return Size(self.input_tokens, min(limits))


def terms_of(event: Event[InteractionGrounded], ports: Ports) -> Terms:
    """Everything as of the event's time, so that a redelivery would find the same. Raises Refused, and Retry while it may yet come."""
    tenant, catalogue = event.tenant, ports.catalogue
    use_case = catalogue.pinned(tenant, "use_case", event.data.use_case, UseCaseBody)
    if use_case is None:
        raise missing(event, ports, "unknown_use_case", "the pinned use case")
    ref, assignment = assigned(event, use_case, catalogue, event.time)
    model = catalogue.pinned(tenant, "model", ref, ModelBody)
    if model is None:
        raise missing(event, ports, "price_unknown", f"model {ref.name}")
    found = catalogue.in_force(tenant, "budget", use_case.budget, event.time, BudgetBody)
    if found is None:
        raise missing(event, ports, "budget_exceeded", f"budget {use_case.budget}")
    body = found[1]
    asked = Asked(event, use_case, _input_tokens(event, use_case, assignment, ports))
    quote = _quote(asked, model, ports)
    if body.currency != quote.price.currency:
        raise Refused("price_unknown", f"budget {use_case.budget} and the price of {ref.name} are in different currencies")
    quotes = {ref: quote} | _spares(asked, ref, body.currency, ports)
    worst_micros = together(list(quotes.values()), 1 if use_case.routing.hedge_after_s is None else 2)
    if worst_micros > MAX_MICROS:
        raise Refused("budget_exceeded", "the worst case costs more than can be booked")
    budget = Budget(
        tenant, use_case.budget, period_of(body.period, event.time), min(body.limit_micros, MAX_MICROS), body.currency, event.time
    )  # fmt: skip
    return Terms(ref, budget, quote, worst_micros, tuple(_told(one, of) for one, of in quotes.items()), assignment)


def _spares(asked: Asked, first: VersionRef, currency: str, ports: Ports) -> dict[VersionRef, Quote]:
    """Fallbacks that money can be set aside for. One without a price in this currency is left out, and generation will not ask it."""
    event, quotes = asked.event, dict[VersionRef, Quote]()
    for ref in asked.use_case.routing.fallbacks:
        model = ports.catalogue.pinned(event.tenant, "model", ref, ModelBody)
        if model is None and _young(event, ports):
            raise Retry(f"model {ref.name} is not in the registry", code="price_unknown")
        if model is None or ref == first:
            continue
        try:
            quote = ports.prices.quote(event.tenant, model, asked.size(model), event.time)
        except PriceUnknown:
            continue
        if quote.price.currency == currency:
            quotes[ref] = quote
    return quotes


def _quote(asked: Asked, model: ModelBody, ports: Ports) -> Quote:
    try:
        return ports.prices.quote(asked.event.tenant, model, asked.size(model), asked.event.time)
    except PriceUnknown as exc:
        raise Refused("price_unknown", f"no price for model {model.provider_model}") from exc


def _input_tokens(event: Event[InteractionGrounded], use_case: UseCaseBody, assignment: Assignment | None, ports: Ports) -> int:
    """Of all that may stand in the prompt: messages, passages, inputs, and the prompt's own words, examples and definitions."""
    request = event.data
    texts = [text for passage in request.passages for text in (passage.title, passage.text)]
    texts += [message.content for message in request.messages]
    texts += [str(value) for inputs in (use_case.inputs, request.inputs) for value in inputs.values()]
    return estimate_input_tokens([*texts, *_prompt_texts(event, (assignment and assignment.prompt) or use_case.prompt, ports)])


def _prompt_texts(event: Event[InteractionGrounded], ref: VersionRef, ports: Ports) -> list[str]:
    """The prompt's body and those of all that it includes, each once."""
    found, waiting = dict[VersionRef, str](), [ref]
    while waiting:
        one = waiting.pop()
        prompt = ports.catalogue.pinned(event.tenant, "prompt", one, PromptBody)
        if prompt is not None and one not in found:
            found[one] = prompt.model_dump_json()
            waiting += prompt.includes.values()
    return list(found.values())


def _told(ref: VersionRef, quote: Quote) -> ModelQuote:
    return ModelQuote(model=ref, worst_micros=quote.worst_micros, price_source=quote.price.source)


def _young(event: AnyEvent, ports: Ports) -> bool:
    return ports.now - event.time < PATIENCE


def missing(event: AnyEvent, ports: Ports, code: RefusalCode, what: str) -> Retry | Refused:
    """To be raised: it may yet come, or it did not."""
    reason = f"{what} is not in the registry"
    return Retry(reason, code=code) if _young(event, ports) else Refused(code, reason)
