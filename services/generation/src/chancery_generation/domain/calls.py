"""A model call as it is asked for and as it is recorded."""

from dataclasses import dataclass, field

from chancery_contracts.base import VersionRef
from chancery_contracts.bodies import ModelBody
from chancery_contracts.interactions import Attempt, TokenUsage

from chancery_generation.domain.completion import AttemptOutcome, Completion
from chancery_generation.domain.prompting import RenderedPrompt


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One call. `key` is the same for every attempt of one event: a provider that knows it charges once.

    `channel_key_sha256`: the key (SPKI, DER) that the channel must have, because an enclave has attested it.
    """

    key: str
    model: ModelBody
    prompt: RenderedPrompt
    max_output_tokens: int
    channel_key_sha256: str | None = None


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

    def attempt(self) -> Attempt:
        """As events tell it."""
        return Attempt(ordinal=self.ordinal, model=self.model, outcome=self.outcome, latency_ms=self.latency_ms, status=self.status)


@dataclass(frozen=True, slots=True)
class CallHistory:
    """Every call for one event, in order, and the answer if one was stored."""

    calls: tuple[RecordedCall, ...] = ()
    completion: Completion | None = None
