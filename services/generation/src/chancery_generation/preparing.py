"""Reads from the catalogue what an event pins, and looks at every model that may answer."""

from functools import partial

from chancery_contracts import Event, Retry
from chancery_contracts.base import VersionRef
from chancery_contracts.bodies import ModelBody, PromptBody, UseCaseBody
from chancery_contracts.catalogue import Catalogue
from chancery_contracts.interactions import InteractionAuthorised

from chancery_generation.domain.prompting import PromptSource, composed
from chancery_generation.domain.routing import Option, Route, Terms, decide
from chancery_generation.domain.work import Work
from chancery_generation.ports import Ports


def prepare(event: Event[InteractionAuthorised], ports: Ports) -> Work:
    """Raises Retry for a version that has not arrived yet, and PromptError."""
    data, catalogue = event.data, ports.catalogue
    use_case = catalogue.pinned(event.tenant, "use_case", data.use_case, UseCaseBody)
    if use_case is None:
        raise _missing()
    varied = data.assignment.prompt if data.assignment is not None else None
    prompt_ref = varied or use_case.prompt
    prompt = catalogue.pinned(event.tenant, "prompt", prompt_ref, PromptBody)
    if prompt is None:
        raise _missing()
    source = PromptSource(composed(prompt, partial(_included, event.tenant, catalogue)), data.inputs, use_case.inputs)
    return Work(event, use_case, prompt_ref, source)


def _included(tenant: str, catalogue: Catalogue, ref: VersionRef) -> PromptBody:
    found = catalogue.pinned(tenant, "prompt", ref, PromptBody)
    if found is None:
        raise _missing()
    return found


def choose(work: Work, ports: Ports) -> Route:
    """The decision, as things stand now. Raises Retry while a model that cost has priced is not here yet."""
    routing = work.use_case.routing
    refs = dict.fromkeys((work.event.data.model, *routing.fallbacks))
    terms = Terms(work.sensitivity, ports.clock().date(), routing.regions, routing.prefer, ports.attestor is not None)
    return decide([_option(ref, work, ports) for ref in refs], terms)


def _option(ref: VersionRef, work: Work, ports: Ports) -> Option:
    tenant, now_s = work.event.tenant, ports.pacing.monotonic_s()
    quotes = {quote.model: quote.worst_micros for quote in work.event.data.reservation.quotes}
    reserved = ref == work.event.data.model or ref in quotes
    model = ports.catalogue.pinned(tenant, "model", ref, ModelBody)
    if model is None and reserved:
        raise _missing()
    if model is None:
        return Option(ref, None, reserved=False)
    standing = ports.standings.of(model)
    return Option(
        ref=ref,
        model=model,
        usable=ports.catalogue.usable(tenant, "model", ref, ports.clock()),
        adapted=model.provider in ports.models,
        reserved=reserved,
        circuit_open=not standing.breaker.admits(now_s),
        quote_micros=quotes.get(ref),
        latency_s=standing.latency_s(now_s),
    )


def _missing() -> Retry:
    return Retry("a pinned version of the use case, its prompt or its model is not in the catalogue", code="model_failed")
