"""A model call as it is asked for and as it is recorded."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from chancery_contracts.base import VersionRef
from chancery_contracts.bodies import ModelBody
from chancery_contracts.interactions import Attempt, Message, TokenUsage

from chancery_generation.domain.completion import AttemptOutcome, Completion
from chancery_generation.domain.prompting import RenderedPrompt

Why = Literal["first", "again", "fallback", "hedge"]


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One call. `key` is the same for every attempt of one event: a provider that knows it charges once.

    `messages` and `task` are for models that read no prompt. `channel_key_sha256`: the key (SPKI, DER) that the channel must have,
    because an enclave has attested it.
    """

    key: str
    model: ModelBody
    prompt: RenderedPrompt
    max_output_tokens: int
    messages: Sequence[Message] = ()
    task: Literal["answer", "summary"] = "answer"
    channel_key_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Intent:
    """A call that is about to be made. `route`: the decision that led to it, as JSON."""

    model: VersionRef
    why: Why
    provider: str
    provider_model: str
    region: str | None = None
    route: str | None = None


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """A row of the journal of calls. An `unknown` one was begun, and nobody knows whether the provider did the work."""

    ordinal: int
    model: VersionRef
    outcome: AttemptOutcome = "unknown"
    latency_ms: int = 0
    status: int | None = None
    usage: TokenUsage = field(default_factory=TokenUsage)
    raw_usage: str = "{}"
    why: Why | None = None
    provider: str | None = None
    provider_model: str | None = None
    region: str | None = None
    superseded: bool = False
    route: str | None = None

    def attempt(self) -> Attempt:
        """As events tell it."""
        return Attempt(
            ordinal=self.ordinal, model=self.model, outcome=self.outcome, latency_ms=self.latency_ms, status=self.status, why=self.why,
            provider=self.provider, provider_model=self.provider_model, region=self.region, superseded=self.superseded,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class CallHistory:
    """Every call for one event, in order; the answer that counts and the ordinal of its call, if one was stored."""

    calls: tuple[RecordedCall, ...] = ()
    completion: Completion | None = None
    answered_in: int | None = None
