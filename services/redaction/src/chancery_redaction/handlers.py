"""Masks what comes in, restores what goes out. The whole behaviour stands in the table at the end."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from chancery_contracts.base import Payload, Sensitivity, VersionRef, strictest
from chancery_contracts.bodies import PromptBody, RedactionPolicyBody, UseCaseBody
from chancery_contracts.event import AnyEvent, Event
from chancery_contracts.failures import REFUSAL_MESSAGES, Poison, RefusalCode
from chancery_contracts.identifiers import completed_id, pseudonym_scope
from chancery_contracts.interactions import (
    Citation,
    CompletedCitation,
    Finding,
    InjectionFinding,
    InteractionCompleted,
    InteractionRedacted,
    InteractionRefused,
    InteractionRequested,
    InteractionValidated,
    Message,
    Passage,
    ToolCall,
)  # fmt: skip
from chancery_prompting.errors import CompositionRefused, InputRefused
from chancery_runtime.errors import CorruptSeal
from chancery_runtime.screening import find_injections

from chancery_redaction.domain.headers import named_in_headers
from chancery_redaction.domain.masking import Draft, Masked, amended, mask, masked_counts, told_apart
from chancery_redaction.domain.parts import apart, settled
from chancery_redaction.domain.policies import Changes, unshifted
from chancery_redaction.domain.request_inputs import NUMBER, RequestInputs, request_inputs
from chancery_redaction.domain.restoring import Replacement, restore, tokens_in
from chancery_redaction.domain.spans import Span, settle
from chancery_redaction.domain.views import View, views
from chancery_redaction.ports import Ports, Scope, Vault, Wanted

log = structlog.get_logger()
LANGUAGE = "Part of the request is in a language in which personal data is not recognised, so nothing was sent on. Write it in English."
HEADINGS = (
    "A table or JSON in the request has long headings over so many short values that personal data is not recognised, so nothing was sent "
    "on. Send it in smaller pieces, or with shorter headings."
)
ROUNDS = 8
"""A text that imitates our pseudonyms is masked again, with its imitations; more often than this nobody writes by chance."""
UNRESTORED = "Personal data of the answer could not be read back, so the answer is not shown. Ask your administrator."
WITHHELD = "The answer was withheld because it could not be verified against the documents."


async def redact(event: Event[InteractionRequested], ports: Ports) -> list[AnyEvent]:
    """Resolves the use case, screens for instructions, masks personal data."""
    assert event.interaction is not None
    if not await ports.interactions.begin(event.tenant, event.interaction, event.id):
        raise Poison("the interaction id was used before by another event", code="interaction_reused", answer=False)
    request = event.data
    found = ports.catalogue.in_force(event.tenant, "use_case", request.use_case, ports.now, UseCaseBody)
    if found is None:
        return [_refusal(event, "unknown_use_case", "no such use case in force", ports)]
    reference, use_case = found
    policy = ports.catalogue.pinned(event.tenant, "redaction_policy", use_case.redaction_policy, RedactionPolicyBody)
    if policy is None:
        return [_refusal(event, "unknown_use_case", "its redaction policy is not in the registry", ports)]
    if use_case.matter_required and event.matter is None:
        return [_refusal(event, "matter_required", "the use case works inside a matter", ports)]
    screened = await _screened(event, use_case, policy, ports)
    if not isinstance(screened, Screened):
        return [screened]
    return [await _masked(screened, (reference, use_case.redaction_policy), policy, ports)]


@dataclass(frozen=True)
class Screened:
    """A request that may be masked and sent on."""

    event: Event[InteractionRequested]
    sensitivity: Sensitivity
    inputs: RequestInputs
    injections: tuple[InjectionFinding, ...]


async def _screened(
    event: Event[InteractionRequested], use_case: UseCaseBody, policy: RedactionPolicyBody, ports: Ports
) -> Screened | AnyEvent:
    """Or the refusal: of inputs that do not fit, of what cannot be read, of instructions to the model."""
    inputs = _inputs(event, use_case, ports)
    if not isinstance(inputs, RequestInputs):
        return inputs
    if (refusal := await _unreadable(event, inputs, policy, ports)) is not None:
        return refusal
    written = [message.content for message in event.data.messages if message.role == "user"]
    injections = tuple(one for text in [*written, *inputs.strings()] for one in find_injections(text))
    if injections and policy.refuse_injections:
        rules = ", ".join(sorted({one.rule for one in injections}))
        return _refusal(event, "injection_suspected", f"instructions to the model in the request: {rules}", ports)
    return Screened(event, strictest(use_case.sensitivity, event.data.sensitivity), inputs, injections)


def _inputs(event: Event[InteractionRequested], use_case: UseCaseBody, ports: Ports) -> RequestInputs | AnyEvent:
    """What the prompt is given, or the refusal: here, before anything is reserved or spent."""

    def lookup(ref: VersionRef) -> PromptBody | None:
        return ports.catalogue.pinned(event.tenant, "prompt", ref, PromptBody)

    given, prompt = event.data.inputs, lookup(use_case.prompt)
    if prompt is None and not given:
        return RequestInputs({}, {})  # it may be on its way: generation waits for it
    try:
        if prompt is None:
            raise CompositionRefused("the prompt is not in the registry")
        return request_inputs(given, use_case, prompt, lookup)
    except CompositionRefused as exc:
        return _refusal(event, "unknown_use_case", f"its prompt: {exc}", ports)
    except InputRefused as exc:
        return _refusal(event, "invalid_request", str(exc), ports, str(exc))


async def _unreadable(
    event: Event[InteractionRequested], inputs: RequestInputs, policy: RedactionPolicyBody, ports: Ports
) -> AnyEvent | None:
    """The refusal of what is longer, or in another language, than personal data can be found in."""
    texts = [*(message.content for message in event.data.messages), *inputs.strings()]
    if sum(map(len, texts)) > ports.max_characters:
        return _refusal(event, "invalid_request", f"more than {ports.max_characters} characters", ports)
    if await ports.languages.uncovered(texts, policy.languages):
        return _refusal(event, "invalid_request", "a language that the redaction policy does not cover", ports, LANGUAGE)
    return None


async def _masked(screened: Screened, named: tuple[VersionRef, VersionRef], policy: RedactionPolicyBody, ports: Ports) -> AnyEvent:
    """What is sent on, by a use case and its policy, which are `named`."""
    event, more = screened.event, screened.inputs.text
    request = event.data
    seen = views([*(message.content for message in request.messages), *([] if more is None else [more])])
    if seen is None:
        return _refusal(event, "invalid_request", "headings of tables or JSON would be repeated too often", ports, HEADINGS)
    texts, findings = await _mask_texts(screened, seen, policy, ports)
    inputs = screened.inputs.masked(None if more is None else texts[-1])
    if inputs is None:
        return _refusal(event, "invalid_request", "an input that is a number would have to be masked", ports, NUMBER)
    messages = tuple(Message(role=one.role, content=text) for one, text in zip(request.messages, texts, strict=False))
    data = InteractionRedacted(
        use_case=named[0],
        actor=request.actor,
        messages=messages,
        max_output_tokens=request.max_output_tokens,
        findings=findings,
        injections=screened.injections,
        redaction_policy=named[1],
        sensitivity=screened.sensitivity,
        inputs=inputs,
    )
    return event.follow(data, stage="redaction", time=ports.now)


async def _mask_texts(
    screened: Screened, seen: Sequence[View], policy: RedactionPolicyBody, ports: Ports
) -> tuple[list[str], tuple[Finding, ...]]:
    event = screened.event
    spans = await ports.detector.detect([one.text for one in seen], policy)
    days = await ports.shifts.days(_scope(event)) if policy.dates == "shift" else 0
    drafts = [_draft(one, found, Changes(policy, days)) for one, found in zip(seen, spans, strict=True)]
    if len(drafts) > len(event.data.messages):
        drafts[-1] = screened.inputs.without_choices(drafts[-1])
    masked = await masked_exactly(drafts, _scope(event), ports.vault)
    return [there.text for there in masked], tuple(finding for there in masked for finding in there.findings)


def _draft(seen: View, spans: Sequence[Span], changes: Changes) -> Draft:
    allowed = frozenset(word.casefold() for word in changes.policy.allow_list)
    if "PERSON" in changes.policy.entity_types:
        spans = settle([*spans, *named_in_headers(seen.text)])
    personal = settled(part for span in spans if seen.text[span.start : span.end].casefold() not in allowed for part in seen.parts(span))
    return Draft(seen.original, tuple(settled([*personal, *apart(changes.parts(seen), personal)])))


async def masked_exactly(drafts: list[Draft], scope: Scope, vault: Vault) -> list[Masked]:
    """Nothing is sent on that would not come back to the letter: it is restored here, from the vault. Raises Poison."""
    tokens: dict[tuple[str, str], str] = {}
    for _ in range(ROUNDS):
        wanted = {(*part.key, part.of) for draft in drafts for part in draft.parts if part.replacement is None}
        asked = [Wanted(*one) for one in sorted(wanted, key=lambda one: (one[0], one[1], one[2] or ""))]
        tokens |= await vault.tokens(scope, asked)
        values = await vault.values(scope, sorted(set(tokens.values())))
        spelled = told_apart(drafts, tokens, values)
        if spelled != drafts:
            drafts = spelled
            continue
        masked = [mask(draft, index, tokens) for index, draft in enumerate(drafts)]
        better = amended(drafts, masked, values)
        if better is None:
            return masked
        drafts = better
    raise Poison("the text imitates pseudonyms, or could not be restored to the letter", code="invalid_request")


async def complete_validated(event: Event[InteractionValidated], ports: Ports) -> list[AnyEvent]:
    """Ends an interaction by its verdict; an escalated one waits for a person."""
    answer = event.data
    if answer.verdict == "escalate" or not await _ends(event, ports):
        return []
    counts = masked_counts(answer.findings)
    failed = tuple(check.name for check in answer.checks if not check.passed)
    if answer.verdict == "withhold":
        data = InteractionCompleted(
            outcome="withheld", use_case=answer.use_case.name, message=WITHHELD, code="validation_failed", stage="validation",
            masked=counts, usage=answer.usage, checks_failed=failed,
        )  # fmt: skip
        return [_completed(event, data, ports)]
    known = frozenset(finding.token for finding in answer.findings if finding.method == "pseudonym")
    told = [answer.answer, *(call.arguments for call in answer.tool_calls)]
    try:
        values = await ports.vault.values(_scope(event), sorted({token for text in told for token in tokens_in(text, known)}))
    except CorruptSeal:
        return [_unrestored(event, ports)]
    text, citations = restore(answer.answer, values, answer.citations, await _dates(event, answer.answer, ports))
    calls = [await _restored(event, call, values, ports) for call in answer.tool_calls]
    if not all(_is_json(call.arguments) for call in calls):
        return [_unrestored(event, ports, "tool_call_unrestored")]
    data = InteractionCompleted(
        outcome="released", use_case=answer.use_case.name, answer="" if calls else text, unanswerable=answer.unanswerable, stage="restore",
        citations=() if calls else _citations(citations, answer.passages), masked=counts, usage=answer.usage, checks_failed=failed,
        tool_calls=tuple(calls), stop_reason=answer.stop_reason,
    )  # fmt: skip
    return [_completed(event, data, ports)]


async def _restored(event: Event[InteractionValidated], call: ToolCall, values: Mapping[str, str], ports: Ports) -> ToolCall:
    """Values stand in the arguments' JSON, escaped as it demands."""
    arguments, _ = restore(call.arguments, values, (), await _dates(event, call.arguments, ports))
    return call.model_copy(update={"arguments": arguments})


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _unrestored(event: Event[InteractionValidated], ports: Ports, alarm: str = "vault_corrupt") -> AnyEvent:
    """A value of the vault does not open, or does not fit into a tool's arguments: this answer ends, the stage goes on."""
    log.error(alarm, tenant=event.tenant, event_id=event.id)
    data = InteractionCompleted(
        outcome="refused", use_case=event.data.use_case.name, message=UNRESTORED, code="redaction_unavailable", stage="restore",
        masked=masked_counts(event.data.findings), usage=event.data.usage,
    )  # fmt: skip
    return _completed(event, data, ports)


async def _dates(event: Event[InteractionValidated], text: str, ports: Ports) -> list[Replacement]:
    """Dates of the request that were moved, where the answer, or a call, repeats them."""
    answer = event.data
    if all(finding.method != "shifted" for finding in answer.findings):
        return []
    elsewhere = [passage.text for passage in answer.passages]
    return unshifted(text, answer.findings, elsewhere, await ports.shifts.days(_scope(event)))


async def complete_refused(event: Event[InteractionRefused], ports: Ports) -> list[AnyEvent]:
    """Ends an interaction that a stage refused."""
    if not await _ends(event, ports):
        return []
    refusal = event.data
    data = InteractionCompleted(
        outcome="refused", use_case=refusal.use_case, code=refusal.code, message=refusal.requester_message, stage=refusal.stage
    )
    return [_completed(event, data, ports)]


async def _ends(event: AnyEvent, ports: Ports) -> bool:
    assert event.interaction is not None
    return await ports.interactions.complete(event.tenant, event.interaction, event.namespace, event.id)


def _completed(event: AnyEvent, data: InteractionCompleted, ports: Ports) -> AnyEvent:
    assert event.interaction is not None
    event_id = completed_id(event.tenant, event.interaction, event.namespace)
    return event.follow(data, stage="restore", time=ports.now, event_id=event_id)


def _citations(citations: list[Citation], passages: tuple[Passage, ...]) -> tuple[CompletedCitation, ...]:
    by_id = {passage.passage_id: passage for passage in passages}
    return tuple(
        CompletedCitation(
            document_id=by_id[one.passage_id].document_id, document_version=by_id[one.passage_id].document_version,
            title=by_id[one.passage_id].title, passage_id=one.passage_id, start=one.start, end=one.end,
        )
        for one in citations
        if one.passage_id in by_id
    )  # fmt: skip


def _scope(event: AnyEvent) -> Scope:
    assert event.interaction is not None
    return Scope(event.tenant, pseudonym_scope(event.matter, event.conversation, event.interaction))


def _refusal(event: Event[InteractionRequested], code: RefusalCode, reason: str, ports: Ports, message: str | None = None) -> AnyEvent:
    name, message = event.data.use_case, message or REFUSAL_MESSAGES[code]
    data = InteractionRefused(stage="redaction", code=code, reason=reason, requester_message=message, use_case=name)
    return event.follow(data, stage="redaction", time=ports.now)


Handler = Callable[[Event[Any], Ports], Awaitable[list[AnyEvent]]]
REDACTION_HANDLERS: Mapping[type[Payload], Handler] = {InteractionRequested: redact}
RESTORE_HANDLERS: Mapping[type[Payload], Handler] = {InteractionValidated: complete_validated, InteractionRefused: complete_refused}
