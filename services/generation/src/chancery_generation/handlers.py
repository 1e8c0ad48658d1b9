"""Answers authorised interactions. A call is journalled before it is made, and a stored answer is never asked for again."""

from collections.abc import Awaitable, Callable, Sequence

from chancery_contracts import AnyEvent, Event, Payload
from chancery_contracts.interactions import InteractionAuthorised

from chancery_generation.answering import STAGE, answer_of, answered, refused, repeated, unanswered
from chancery_generation.asking import Asking
from chancery_generation.domain.routing import Route
from chancery_generation.domain.work import Work, fit
from chancery_generation.errors import GenerationError
from chancery_generation.ports import Ports
from chancery_generation.preparing import choose, prepare

__all__ = ["HANDLERS", "STAGE", "generate"]


async def generate(event: AnyEvent, ports: Ports) -> Sequence[AnyEvent]:
    """The answer and its usage; or a refusal, with the usage if tokens were used."""
    authorised = _authorised(event)
    try:
        work = prepare(authorised, ports)
        route = choose(work, ports)
        return await _remembered(work, route, ports) or await _ask(work, route, ports)
    except GenerationError as exc:
        return [refused(authorised, ports, str(exc))]


def _authorised(event: AnyEvent) -> Event[InteractionAuthorised]:
    assert isinstance(event.data, InteractionAuthorised)
    return event  # type: ignore[return-value]  # narrowed by the line above, which mypy cannot see through a generic


async def _ask(work: Work, route: Route, ports: Ports) -> list[AnyEvent]:
    for obstacle in route.obstacles:
        ports.meter.passed_over(obstacle)
    asked = await Asking(work, route, ports).run()
    if asked.given is None:
        return unanswered(work, route, asked, ports)
    if ports.cache is not None and work.use_case.cache.mode != "off" and asked.given.completion.repeatable:
        await ports.cache.keep(work, asked.given.fitted, answer_of(work, asked.given))
    return answered(work, asked, asked.given, ports)


async def _remembered(work: Work, route: Route, ports: Ports) -> list[AnyEvent] | None:
    """An answer of the model that would be asked first, if it was given before, and if no call for this event is on record."""
    if ports.cache is None or work.use_case.cache.mode == "off" or not route.chosen:
        return None
    fitted = fit(work, route.chosen[0].ref, route.chosen[0].model)
    found = await ports.cache.find(work, fitted)
    if found is None or (await ports.calls.history(work.event.id)).calls:
        return None
    return repeated(work, route, fitted, found, ports)


Handler = Callable[[AnyEvent, Ports], Awaitable[Sequence[AnyEvent]]]
HANDLERS: dict[type[Payload], Handler] = {InteractionAuthorised: generate}
