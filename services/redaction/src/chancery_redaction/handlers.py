"""Masks what comes in, restores what goes out. The whole behaviour stands in the table at the end."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from chancery_contracts.base import Payload
from chancery_contracts.catalogue import RedactionPolicyBody, UseCaseBody
from chancery_contracts.event import AnyEvent, Event
from chancery_contracts.failures import REFUSAL_MESSAGES, Poison, RefusalCode
from chancery_contracts.identifiers import completed_id, pseudonym_scope
from chancery_contracts.interactions import (
    Citation,
    CompletedCitation,
    Finding,
    InteractionCompleted,
    InteractionRedacted,
    InteractionRefused,
    InteractionRequested,
    InteractionValidated,
    Message,
    Passage,
)  # fmt: skip
from chancery_runtime.screening import find_injections

from chancery_redaction.domain.masking import mask, masked_counts, restore, tokens_in
from chancery_redaction.ports import Ports, Scope, Wanted

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
    if sum(len(message.content) for message in request.messages) > ports.max_characters:
        return [_refusal(event, "invalid_request", f"more than {ports.max_characters} characters", ports)]
    injections = tuple(one for message in request.messages if message.role == "user" for one in find_injections(message.content))
    if injections and policy.refuse_injections:
        rules = ", ".join(sorted({one.rule for one in injections}))
        return [_refusal(event, "injection_suspected", f"instructions to the model in the request: {rules}", ports)]
    messages, findings = await _mask_messages(event, policy, ports)
    data = InteractionRedacted(
        use_case=reference,
        actor=request.actor,
        messages=messages,
        max_output_tokens=request.max_output_tokens,
        findings=findings,
        injections=injections,
        redaction_policy=use_case.redaction_policy,
    )
    return [event.follow(data, stage="redaction", time=ports.now)]


async def _mask_messages(
    event: Event[InteractionRequested], policy: RedactionPolicyBody, ports: Ports
) -> tuple[tuple[Message, ...], tuple[Finding, ...]]:
    texts = [message.content for message in event.data.messages]
    spans = await ports.detector.detect(texts, frozenset(policy.entity_types), policy.score_threshold)
    allowed = frozenset(word.casefold() for word in policy.allow_list)
    spans = [
        [span for span in found if text[span.start : span.end].casefold() not in allowed] for text, found in zip(texts, spans, strict=True)
    ]
    values = {(span.entity_type, text[span.start : span.end]) for text, found in zip(texts, spans, strict=True) for span in found}
    tokens = await ports.vault.tokens(_scope(event), [Wanted(*value) for value in sorted(values)])
    messages: list[Message] = []
    findings: list[Finding] = []
    for index, (message, found) in enumerate(zip(event.data.messages, spans, strict=True)):
        masked, there = mask(message.content, index, found, lambda kind, value: tokens[(kind, value)])
        messages.append(Message(role=message.role, content=masked))
        findings += there
    return tuple(messages), tuple(findings)


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
    known = frozenset(finding.token for finding in answer.findings)
    values = await ports.vault.values(_scope(event), sorted(tokens_in(answer.answer, known)))
    text, citations = restore(answer.answer, values, answer.citations)
    data = InteractionCompleted(
        outcome="released", use_case=answer.use_case.name, answer=text, unanswerable=answer.unanswerable, stage="restore",
        citations=_citations(citations, answer.passages), masked=counts, usage=answer.usage, checks_failed=failed,
    )  # fmt: skip
    return [_completed(event, data, ports)]


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


def _refusal(event: Event[InteractionRequested], code: RefusalCode, reason: str, ports: Ports) -> AnyEvent:
    name = event.data.use_case
    data = InteractionRefused(stage="redaction", code=code, reason=reason, requester_message=REFUSAL_MESSAGES[code], use_case=name)
    return event.follow(data, stage="redaction", time=ports.now)


Handler = Callable[[Event[Any], Ports], Awaitable[list[AnyEvent]]]
REDACTION_HANDLERS: Mapping[type[Payload], Handler] = {InteractionRequested: redact}
RESTORE_HANDLERS: Mapping[type[Payload], Handler] = {InteractionValidated: complete_validated, InteractionRefused: complete_refused}
