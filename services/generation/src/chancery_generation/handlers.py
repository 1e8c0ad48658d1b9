"""Answers authorised interactions. A call is journalled before it is made, and a stored answer is never asked for again."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from chancery_contracts import REFUSAL_MESSAGES, AnyEvent, Event, Payload, RefusalCode, Retry
from chancery_contracts.areas import UsageReported
from chancery_contracts.base import VersionRef
from chancery_contracts.bodies import ModelBody, PromptBody, UseCaseBody
from chancery_contracts.catalogue import Catalogue
from chancery_contracts.interactions import (
    Attempt,
    InteractionAuthorised,
    InteractionGenerated,
    InteractionRefused,
    StopReason,
    TokenUsage,
    ToolCall,
)  # fmt: skip
from chancery_prompting.tokens import tokenizer_of

from chancery_generation.domain.calls import CallHistory, ModelRequest, RecordedCall
from chancery_generation.domain.completion import Answer, CallResult
from chancery_generation.domain.extractive.answer import answer as extract_answer
from chancery_generation.domain.extractive.summary import summarise
from chancery_generation.domain.prompt_parts import prompt_parts
from chancery_generation.domain.prompting import PromptSource, RenderedPrompt, composed, prompt_sha256, prompt_tokens, render_prompt
from chancery_generation.domain.reading import read_completion
from chancery_generation.domain.retrying import AGAIN, attempts_left, refusal_code
from chancery_generation.domain.structured import judged
from chancery_generation.domain.usage import CHARACTERS_PER_TOKEN, canonical, count_tokens, total, used
from chancery_generation.errors import GenerationError, NoStructuredAnswer
from chancery_generation.ports import Ports

STAGE: Literal["generation"] = "generation"
LEAST_TIME_S = 0.05
"""A call that has less time than this left is not begun."""
STORE_ATTEMPTS = 6
"""A result in hand is worth trying for: giving up means to pay for the same call again."""


@dataclass(frozen=True, slots=True)
class Work:
    """One event with what it pins."""

    event: Event[InteractionAuthorised]
    use_case: UseCaseBody
    model: ModelBody
    source: PromptSource
    rendered: RenderedPrompt
    max_output_tokens: int


@dataclass(frozen=True, slots=True)
class Spent:
    """What answering took: every attempt, all tokens, the provider's own count of the last one that had any; how it ended."""

    attempts: tuple[Attempt, ...]
    usage: TokenUsage
    raw_usage: str
    tool_calls: tuple[ToolCall, ...] = ()
    stop: StopReason | None = None


async def generate(event: AnyEvent, ports: Ports) -> Sequence[AnyEvent]:
    """The answer and its usage; or a refusal, with the usage if tokens were used."""
    authorised = _authorised(event)
    try:
        work = _prepare(authorised, ports)
        return _extract(work, ports) if work.model.provider == "extractive" else await _ask(work, ports)
    except GenerationError as exc:
        return [_refusal(authorised, ports, "model_failed", str(exc))]


def _authorised(event: AnyEvent) -> Event[InteractionAuthorised]:
    assert isinstance(event.data, InteractionAuthorised)
    return event  # type: ignore[return-value]  # narrowed by the line above, which mypy cannot see through a generic


def _prepare(event: Event[InteractionAuthorised], ports: Ports) -> Work:
    """Resolves the pins and renders the prompt. Raises PromptError, and Retry for a version that has not arrived yet."""
    data, catalogue = event.data, ports.catalogue
    use_case = catalogue.pinned(event.tenant, "use_case", data.use_case, UseCaseBody)
    model = catalogue.pinned(event.tenant, "model", data.model, ModelBody)
    prompt = catalogue.pinned(event.tenant, "prompt", use_case.prompt, PromptBody) if use_case else None
    if use_case is None or model is None or prompt is None:
        raise Retry("a pinned version of the use case, its prompt or its model is not in the catalogue", code="model_failed")
    limits = (use_case.max_output_tokens, model.max_output_tokens, data.max_output_tokens or model.max_output_tokens)
    source = PromptSource(composed(prompt, partial(_included, event.tenant, catalogue)), data.inputs, use_case.inputs)
    rendered = render_prompt(source, data.messages, data.passages, model.context_tokens - min(limits))
    return Work(event, use_case, model, source, rendered, min(limits))


def _included(tenant: str, catalogue: Catalogue, ref: VersionRef) -> PromptBody:
    found = catalogue.pinned(tenant, "prompt", ref, PromptBody)
    if found is None:
        raise Retry("a prompt that the pinned one includes is not in the catalogue", code="model_failed")
    return found


def _extract(work: Work, ports: Ports) -> list[AnyEvent]:
    """Local, deterministic and free of side effects: needs no journal of calls."""
    if work.rendered.output_schema is not None:
        raise NoStructuredAnswer("the extractive model cannot fill an output schema")
    started = ports.pacing.monotonic_s()
    data, shown = work.event.data, work.rendered.shown
    room = work.max_output_tokens * CHARACTERS_PER_TOKEN
    answer = summarise(shown, room) if work.use_case.task == "summary" else extract_answer(data.messages, shown, room)
    usage = TokenUsage(input_uncached=prompt_tokens(work.rendered), output=count_tokens(answer.text))
    seconds = ports.pacing.monotonic_s() - started
    ports.meter.called(work.model.provider_name, "answered", seconds)
    attempt = Attempt(ordinal=1, model=data.model, outcome="answered", latency_ms=round(seconds * 1000))
    return _answered(work, ports, answer, Spent((attempt,), usage, canonical(usage.model_dump())))


async def _ask(work: Work, ports: Ports) -> list[AnyEvent]:
    history = await ports.calls.history(work.event.id)
    if history.completion is None:
        await _call_until_answered(work, ports, earlier=len(history.calls))
        history = await ports.calls.history(work.event.id)
    spent = _spent(history)
    if history.completion is not None:
        said = history.completion
        return _answered(work, ports, read_completion(said, work.rendered), replace(spent, tool_calls=said.tool_calls, stop=said.stop_reason))
    outcomes = [call.outcome for call in history.calls]
    reason = f"the model did not answer in {len(outcomes)} attempts; the last one: {outcomes[-1] if outcomes else 'none'}"
    refusal = _refusal(work.event, ports, refusal_code(outcomes), reason)
    return [refusal, _usage(work, ports, spent)] if used(spent.usage) else [refusal]


async def _call_until_answered(work: Work, ports: Ports, earlier: int) -> None:
    """Attempts, under one deadline, until one is answered or rejected, or none is left."""
    pacing = ports.pacing
    deadline = pacing.monotonic_s() + work.model.timeout_s
    request = ModelRequest(work.event.id, work.model, work.rendered, work.max_output_tokens)
    for failures in range(1, attempts_left(work.model.max_attempts, earlier) + 1):
        result = await _attempt(work, request, ports, deadline - pacing.monotonic_s())
        if result.outcome not in AGAIN:
            return
        wait_s = ports.backoff.wait_s(failures, pacing.draw(), result.retry_after_s)
        if pacing.monotonic_s() + wait_s + LEAST_TIME_S >= deadline:
            return
        await pacing.sleep(wait_s)


async def _attempt(work: Work, request: ModelRequest, ports: Ports, time_left_s: float) -> CallResult:
    """One call between its two entries in the journal."""
    ordinal = await ports.calls.intend(work.event.id, work.event.data.model, ports.clock())
    started = ports.pacing.monotonic_s()
    result = judged(await ports.remote.call(request, time_left_s), work.rendered.output_schema)
    seconds = ports.pacing.monotonic_s() - started
    ports.meter.called(work.model.provider_name, result.outcome, seconds)
    call = RecordedCall(
        ordinal, work.event.data.model, result.outcome, round(seconds * 1000), result.status, result.usage, result.raw_usage
    )
    await _store(work.event.id, call, result, ports)
    return result


async def _store(cause_id: str, call: RecordedCall, result: CallResult, ports: Ports) -> None:
    for attempt in range(1, STORE_ATTEMPTS + 1):
        try:
            await ports.calls.finish(cause_id, call, result, ports.clock())
        except Retry:
            if attempt == STORE_ATTEMPTS:
                raise
            await ports.pacing.sleep(ports.backoff.wait_s(attempt, 1.0, None))
        else:
            return


def _spent(history: CallHistory) -> Spent:
    counted = [call for call in history.calls if used(call.usage)]
    raw = history.completion.raw_usage if history.completion else counted[-1].raw_usage if counted else "{}"
    return Spent(tuple(call.attempt() for call in history.calls), total(call.usage for call in counted), raw)


def _answered(work: Work, ports: Ports, answer: Answer, spent: Spent) -> list[AnyEvent]:
    data = work.event.data
    generated = InteractionGenerated(
        **dict(data),
        answer=answer.text,
        citations=answer.citations,
        unanswerable=answer.unanswerable,
        prompt=work.use_case.prompt,
        prompt_sha256=prompt_sha256(work.source.prompt),
        provider=work.model.provider_name,
        provider_model=work.model.provider_model,
        usage=spent.usage,
        raw_usage=spent.raw_usage,
        attempts=spent.attempts,
        tool_calls=spent.tool_calls,
        stop_reason=spent.stop,
        output_valid=None if work.rendered.output_schema is None or spent.tool_calls else True,
        prompt_parts=prompt_parts(work.source, work.rendered, tokenizer_of(work.model)),
    )
    return [_follow(work.event, ports, generated, 0), _usage(work, ports, spent)]


def _usage(work: Work, ports: Ports, spent: Spent) -> AnyEvent:
    data = work.event.data
    reported = UsageReported(
        use_case=data.use_case,
        reservation_id=data.reservation.reservation_id,
        model=data.model,
        usage=spent.usage,
        raw_usage=spent.raw_usage,
    )
    return _follow(work.event, ports, reported, 1)


def _refusal(event: Event[InteractionAuthorised], ports: Ports, code: RefusalCode, reason: str) -> AnyEvent:
    refused = InteractionRefused(
        stage=STAGE, code=code, reason=reason, requester_message=REFUSAL_MESSAGES[code], use_case=event.data.use_case.name
    )
    return _follow(event, ports, refused, 0)


def _follow(event: Event[InteractionAuthorised], ports: Ports, data: Payload, ordinal: int) -> AnyEvent:
    return event.follow(data, stage=STAGE, time=ports.clock(), ordinal=ordinal)


Handler = Callable[[AnyEvent, Ports], Awaitable[Sequence[AnyEvent]]]
HANDLERS: dict[type[Payload], Handler] = {InteractionAuthorised: generate}
