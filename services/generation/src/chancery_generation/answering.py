"""The events that an answer, or the lack of one, becomes."""

from typing import Literal

from chancery_contracts import REFUSAL_MESSAGES, AnyEvent, Event, Payload, RefusalCode
from chancery_contracts.areas import CallUsage, UsageReported
from chancery_contracts.interactions import InteractionAuthorised, InteractionGenerated, InteractionRefused, TokenUsage
from chancery_prompting.tokens import tokenizer_of

from chancery_generation.attempting import Asked, Given
from chancery_generation.domain.completion import Answer
from chancery_generation.domain.extractive.model import extract
from chancery_generation.domain.prompt_parts import prompt_parts
from chancery_generation.domain.prompting import prompt_sha256
from chancery_generation.domain.reading import read_completion
from chancery_generation.domain.retrying import refusal_code
from chancery_generation.domain.routing import Route, requester_message
from chancery_generation.domain.usage import total, used
from chancery_generation.domain.work import Fitted, Work, request_of
from chancery_generation.ports import Ports, Remembered

STAGE: Literal["generation"] = "generation"


def answer_of(work: Work, given: Given) -> Answer:
    """What the model said, with its citations. One that cites without markers is deterministic, so it is asked for them again."""
    if given.fitted.model.provider == "extractive":
        return given.completion.answer or extract(request_of(work, given.fitted))
    return read_completion(given.completion, given.fitted.rendered)


def answered(work: Work, asked: Asked, given: Given, ports: Ports) -> list[AnyEvent]:
    """The answer and its usage."""
    ports.meter.answered(given.call.why or "first")
    answer, data = answer_of(work, given), work.event.data
    generated = InteractionGenerated(
        **dict(data),
        answer=answer.text,
        citations=answer.citations,
        unanswerable=answer.unanswerable,
        prompt=work.prompt_ref,
        prompt_sha256=prompt_sha256(work.source.prompt),
        provider=given.fitted.model.provider_name,
        provider_model=given.fitted.model.provider_model,
        usage=total(call.usage for call in asked.calls),
        raw_usage=given.completion.raw_usage,
        attempts=tuple(call.attempt() for call in asked.calls),
        answered_by=given.fitted.ref,
        route=asked.decision,
        tool_calls=given.completion.tool_calls,
        stop_reason=given.completion.stop_reason,
        cache_state="off" if work.use_case.cache.mode == "off" else "miss",
        output_valid=None if given.completion.tool_calls else _valid(given.fitted),
        prompt_parts=prompt_parts(work.source, given.fitted.rendered, tokenizer_of(given.fitted.model)),
    )
    return [_follow(work.event, ports, generated, 0), _usage(work, asked, ports)]


def repeated(work: Work, route: Route, fitted: Fitted, remembered: Remembered, ports: Ports) -> list[AnyEvent]:
    """An answer that was given before: nobody was asked, nothing was used."""
    ports.meter.answered("cache")
    answer = remembered.answer
    generated = InteractionGenerated(
        **dict(work.event.data),
        answer=answer.text,
        citations=answer.citations,
        unanswerable=answer.unanswerable,
        prompt=work.prompt_ref,
        prompt_sha256=prompt_sha256(work.source.prompt),
        provider=fitted.model.provider_name,
        provider_model=fitted.model.provider_model,
        usage=TokenUsage(),
        raw_usage="{}",
        attempts=(),
        answered_by=fitted.ref,
        route=route.decision,
        cache_state="hit",
        cache=remembered.evidence,
        output_valid=_valid(fitted),
    )
    return [_follow(work.event, ports, generated, 0), _usage(work, Asked((), route.decision), ports)]


def _valid(fitted: Fitted) -> bool | None:
    """An answer that does not fit its schema is none, so what is answered fits."""
    return None if fitted.rendered.output_schema is None else True


def unanswered(work: Work, route: Route, asked: Asked, ports: Ports) -> list[AnyEvent]:
    """A refusal that says why, and the usage if tokens were used."""
    if not route.chosen and not asked.calls:
        words = "; ".join(f"{one.model.name} v{one.model.version}: {one.passed_over}" for one in asked.decision.candidates)
        refusal = _refused(work.event, asked, ports, ("model_failed", f"no model may be asked: {words}", requester_message(route)))
        return [refusal]
    outcomes = [call.outcome for call in asked.calls]
    reason = f"the model did not answer in {len(outcomes)} attempts; the last one: {outcomes[-1] if outcomes else 'none'}"
    told = [f"{one.model.name}: {one.passed_over}" for one in asked.decision.candidates if one.passed_over]
    refusal = _refused(work.event, asked, ports, (refusal_code(outcomes), "; ".join([reason, *told]), None))
    return [refusal, _usage(work, asked, ports)] if any(used(call.usage) for call in asked.calls) else [refusal]


def refused(event: Event[InteractionAuthorised], ports: Ports, reason: str) -> AnyEvent:
    """Before any model could be asked."""
    return _refused(event, None, ports, ("model_failed", reason, None))


def _refused(
    event: Event[InteractionAuthorised], asked: Asked | None, ports: Ports, words: tuple[RefusalCode, str, str | None]
) -> AnyEvent:
    """`words`: the code, the reason for operators, and what the requester is told where the code's own words are not enough."""
    code, reason, message = words
    data = InteractionRefused(
        stage=STAGE,
        code=code,
        reason=reason,
        requester_message=message or REFUSAL_MESSAGES[code],
        use_case=event.data.use_case.name,
        attempts=tuple(call.attempt() for call in asked.calls) if asked else (),
        route=asked.decision if asked else None,
    )
    return _follow(event, ports, data, 0)


def _usage(work: Work, asked: Asked, ports: Ports) -> AnyEvent:
    data = work.event.data
    counted = [call for call in asked.calls if used(call.usage)]
    reported = UsageReported(
        use_case=data.use_case,
        reservation_id=data.reservation.reservation_id,
        model=asked.given.fitted.ref if asked.given else counted[-1].model if counted else data.model,
        usage=total(call.usage for call in counted),
        raw_usage=asked.given.completion.raw_usage if asked.given else counted[-1].raw_usage if counted else "{}",
        calls=tuple(CallUsage(ordinal=call.ordinal, model=call.model, usage=call.usage) for call in counted),
    )
    return _follow(work.event, ports, reported, 1)


def _follow(event: Event[InteractionAuthorised], ports: Ports, data: Payload, ordinal: int) -> AnyEvent:
    return event.follow(data, stage=STAGE, time=ports.clock(), ordinal=ordinal)
