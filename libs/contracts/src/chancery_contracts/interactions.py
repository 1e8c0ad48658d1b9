"""Payloads of the pipeline, in order. Each carries what went before it, so a stage reads one topic only."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from chancery_contracts.base import InputValue, Part, Payload, Sensitivity, VersionRef
from chancery_contracts.failures import RefusalCode
from chancery_contracts.identifiers import IDENTIFIER_PATTERN

Stage = Literal["gateway", "redaction", "retrieval", "cost", "generation", "validation", "restore", "review", "audit"]
Verdict = Literal["release", "withhold", "escalate"]
Outcome = Literal["released", "withheld", "refused"]
StopReason = Literal["stop", "length", "tool_calls"]
"""Why a model ended: it was done, it was cut off at the limit of tokens, it wants tools called."""
FindingMethod = Literal["pseudonym", "shifted", "generalised"]


class Message(Part):
    """One turn of the conversation."""

    role: Literal["system", "user", "assistant"]
    content: str = Field(max_length=200_000)


class InteractionRequested(Payload):
    """A publisher asks. Raw text: kept 24 hours, seen by redaction alone."""

    TYPE: ClassVar[str] = "chancery.interaction.requested.v1"
    use_case: str = Field(pattern=IDENTIFIER_PATTERN)
    messages: tuple[Message, ...] = Field(min_length=1, max_length=200)
    actor: str = Field(default="unknown", pattern=r"^[A-Za-z0-9._-]{1,64}$", description="Opaque id of who asks; never a name or e-mail")
    max_output_tokens: int | None = Field(default=None, ge=1, le=100_000)
    sensitivity: Sensitivity | None = Field(default=None, description="Raises the use case's, never lowers it")
    inputs: dict[str, InputValue] = Field(default_factory=dict, max_length=50, description="Values for the prompt's typed inputs")


class Finding(Part):
    """One datum that was masked. `start` and `end` are characters of the masked message, where `token` stands instead of it."""

    entity_type: str
    token: str
    message_index: int = Field(ge=0)
    start: int = Field(ge=0)
    end: int = Field(ge=0)
    score: float = Field(ge=0, le=1)
    of: str | None = Field(default=None, description="The pseudonym of the full value that this is a mention or another spelling of")
    method: FindingMethod = Field(
        default="pseudonym", description="`pseudonym` and `shifted` come back in the answer; what is `generalised` does not"
    )


class InjectionFinding(Part):
    """Words that try to instruct the model. `start` and `end` are characters of the message or passage."""

    rule: str
    start: int = Field(ge=0)
    end: int = Field(ge=0)


class InteractionRedacted(Payload):
    """Personal data is masked by pseudonyms; the use case is resolved and pinned."""

    TYPE: ClassVar[str] = "chancery.interaction.redacted.v1"
    use_case: VersionRef
    actor: str
    messages: tuple[Message, ...]
    max_output_tokens: int | None = None
    findings: tuple[Finding, ...] = ()
    injections: tuple[InjectionFinding, ...] = ()
    redaction_policy: VersionRef
    sensitivity: Sensitivity | None = Field(default=None, description="The stricter of the use case's and the request's")
    inputs: dict[str, InputValue] = Field(
        default_factory=dict, description="Masked; findings in them have the index after the last message"
    )


class Passage(Part):
    """A piece of a document. `start` and `end` are characters of that version of the document."""

    passage_id: str
    document_id: str
    document_version: int = Field(ge=1)
    title: str
    start: int = Field(ge=0)
    end: int = Field(ge=0)
    text: str
    score: float
    vector_rank: int | None = None
    text_rank: int | None = None
    injections: tuple[InjectionFinding, ...] = ()


class AccessDecision(Part):
    """Why these passages and no others could be seen."""

    rule: str
    collections: tuple[str, ...]
    matter: str | None


class InteractionGrounded(InteractionRedacted):
    """Passages were found that the requester may see."""

    TYPE: ClassVar[str] = "chancery.interaction.grounded.v1"
    passages: tuple[Passage, ...]
    access: AccessDecision
    corpus_snapshot: str


class PriceEvidence(Part):
    """What a price rests on. Micro-units of the currency per million tokens."""

    source: str
    currency: str
    input_micros_per_mtok: int = Field(ge=0)
    output_micros_per_mtok: int = Field(ge=0)


class ModelQuote(Part):
    """The most that one call of a model can cost, in micro-units, and where its price stands."""

    model: VersionRef
    worst_micros: int = Field(ge=0)
    price_source: str


class Reservation(Part):
    """Money set aside before the model is called."""

    reservation_id: str
    budget: str
    amount_micros: int = Field(ge=0)
    price: PriceEvidence
    quotes: tuple[ModelQuote, ...] = Field(default=(), description="Of each model that the amount is enough for; none: of `model` alone")


class Assignment(Part):
    """The variant of an experiment under which an interaction runs."""

    experiment: VersionRef
    variant: str
    prompt: VersionRef | None = None
    weights: dict[str, int] = Field(default_factory=dict, description="Of all variants, by which it was drawn")


class InteractionAuthorised(InteractionGrounded):
    """The worst-case cost is reserved; the model may be called."""

    TYPE: ClassVar[str] = "chancery.interaction.authorised.v1"
    model: VersionRef
    reservation: Reservation
    assignment: Assignment | None = None


class Citation(Part):
    """Characters `start` to `end` of the answer rest on this passage."""

    passage_id: str
    start: int = Field(ge=0)
    end: int = Field(ge=0)


class TokenUsage(Part):
    """Disjoint buckets, whatever the provider's habit; their sum is what was processed."""

    input_uncached: int = Field(default=0, ge=0)
    input_cache_read: int = Field(default=0, ge=0)
    input_cache_write: int = Field(default=0, ge=0)
    output: int = Field(default=0, ge=0, description="Reasoning tokens excluded")
    output_reasoning: int = Field(default=0, ge=0)


class Attempt(Part):
    """One call of a model, successful or not."""

    ordinal: int = Field(ge=1)
    model: VersionRef
    outcome: Literal["answered", "timeout", "rate_limited", "server_error", "rejected", "unreachable", "malformed", "unknown"]
    latency_ms: int = Field(ge=0)
    status: int | None = None
    why: Literal["first", "again", "fallback", "hedge"] | None = Field(default=None, description="Why it was made")
    provider: str | None = None
    provider_model: str | None = None
    region: str | None = None
    superseded: bool = Field(default=False, description="Another attempt at the same time was answered first")


class Candidate(Part):
    """A model that was looked at. `passed_over`: why it was not asked, in words; none: it could be."""

    model: VersionRef
    passed_over: str | None = None


class AttestationEvidence(Part):
    """What proved which code would read the text. `document_sha256` is of the COSE_Sign1 document as it came."""

    kind: Literal["aws-nitro"]
    document_sha256: str
    module_id: str
    attested_at: datetime
    channel_key_sha256: str = Field(description="Of the public key (SPKI, DER) that the channel was bound to")


class RouteDecision(Part):
    """Which models might have answered, in the order in which they were looked at, and why."""

    sensitivity: Sensitivity
    regions: tuple[str, ...] = ()
    prefer: str = "order"
    candidates: tuple[Candidate, ...]
    attestation: AttestationEvidence | None = None


class CacheEvidence(Part):
    """Where an answer came from that no model was asked for. `source`: the event whose answer it is."""

    kind: Literal["exact", "semantic"]
    key_sha256: str
    source: str
    similarity: float | None = None


class ToolCall(Part):
    """The model wants a tool called. `arguments` is JSON, with pseudonyms."""

    call_id: str
    name: str
    arguments: str


class PromptParts(Part):
    """What the prompt was made of, in tokens as reckoned before the call. Tells what could be cut, and holds no text.

    `prefix` and `static` are text of the templates: before the first value, and after it.
    """

    counted_by: str = Field(description="The tokenizer, or the estimate, that counted")
    prefix: int = Field(ge=0)
    static: int = Field(ge=0)
    examples: int = Field(default=0, ge=0)
    definitions: int = Field(default=0, ge=0, description="Output schema and tools")
    passages: tuple[int, ...] = Field(default=(), description="Of each passage that was shown; they are the first of `passages`")
    history: int = Field(default=0, ge=0)
    question: int = Field(default=0, ge=0)
    inputs: int = Field(default=0, ge=0)
    inputs_empty: tuple[str, ...] = ()
    branches: tuple[int, ...] = Field(default=(), description="Which branches of conditions were taken, by their number in the template")


class InteractionGenerated(InteractionAuthorised):
    """The model answered. `unanswerable`: it says that the documents do not hold the answer."""

    TYPE: ClassVar[str] = "chancery.interaction.generated.v1"
    answer: str
    citations: tuple[Citation, ...]
    unanswerable: bool
    prompt: VersionRef
    prompt_sha256: str
    provider: str
    provider_model: str
    usage: TokenUsage
    raw_usage: str = Field(description="The provider's usage, as JSON, untouched")
    attempts: tuple[Attempt, ...]
    cache_state: Literal["off", "miss", "hit"] = "off"
    answered_by: VersionRef | None = Field(default=None, description="The model whose answer it is; none: `model`")
    route: RouteDecision | None = None
    cache: CacheEvidence | None = None
    tool_calls: tuple[ToolCall, ...] = Field(default=(), description="`answer` beside them is no answer, and is never shown")
    stop_reason: StopReason | None = None
    output_valid: bool | None = Field(default=None, description="Whether the answer fits the prompt's output schema; none: it has none")
    prompt_parts: PromptParts | None = None


class Check(Part):
    """One validator's finding. Higher scores are better; it passes at `score >= threshold`."""

    name: str
    version: int = Field(ge=1)
    score: float
    threshold: float
    passed: bool
    evidence: str = Field(description="What was found, in words; no personal datum")


class InteractionValidated(InteractionGenerated):
    """Every check of the answer, and the verdict."""

    TYPE: ClassVar[str] = "chancery.interaction.validated.v1"
    checks: tuple[Check, ...]
    verdict: Verdict


class InteractionRefused(Payload):
    """A stage will not go on. `reason` is for operators, `requester_message` for the requester."""

    TYPE: ClassVar[str] = "chancery.interaction.refused.v1"
    stage: Stage
    code: RefusalCode
    reason: str
    requester_message: str
    use_case: str | None = None
    attempts: tuple[Attempt, ...] = ()
    route: RouteDecision | None = None


class CompletedCitation(Part):
    """A citation as the requester sees it."""

    document_id: str
    document_version: int
    title: str
    passage_id: str
    start: int
    end: int


class InteractionCompleted(Payload):
    """The one end of an interaction, with pseudonyms restored. Raw text: kept 24 hours.

    `answer` is there when `outcome` is `released`; `code` and `message` otherwise.
    """

    TYPE: ClassVar[str] = "chancery.interaction.completed.v1"
    outcome: Outcome
    use_case: str | None
    answer: str | None = None
    unanswerable: bool = False
    citations: tuple[CompletedCitation, ...] = ()
    masked: dict[str, int] = Field(default_factory=dict, description="How many personal data of each type were masked")
    code: str | None = None
    message: str | None = None
    stage: Stage
    usage: TokenUsage | None = None
    checks_failed: tuple[str, ...] = ()
    tool_calls: tuple[ToolCall, ...] = Field(default=(), description="Arguments with pseudonyms restored; `answer` is empty beside them")
    stop_reason: StopReason | None = None
