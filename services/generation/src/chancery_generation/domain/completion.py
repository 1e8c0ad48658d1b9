"""What comes of a model call: an answer with citations, the tokens it took, how it ended."""

from dataclasses import dataclass, field
from typing import Literal

from chancery_contracts.interactions import Citation, StopReason, TokenUsage, ToolCall

UNANSWERABLE_TEXT = "The documents do not hold an answer to this question."

AttemptOutcome = Literal["answered", "timeout", "rate_limited", "server_error", "rejected", "unreachable", "malformed", "unknown"]


@dataclass(frozen=True, slots=True)
class Answer:
    """Text for the requester; `citations` are characters of that text."""

    text: str
    citations: tuple[Citation, ...]
    unanswerable: bool


UNANSWERABLE = Answer(UNANSWERABLE_TEXT, (), unanswerable=True)


@dataclass(frozen=True, slots=True)
class Completion:
    """What a model said. `raw_usage` is the provider's, as JSON, untouched. `answer`: of a model that cites without markers.

    Text beside tool calls leads up to them. `length`: the text was cut off at the limit of tokens.
    """

    text: str
    usage: TokenUsage
    raw_usage: str
    tool_calls: tuple[ToolCall, ...] = ()
    answer: Answer | None = None
    stop_reason: StopReason | None = None

    @property
    def repeatable(self) -> bool:
        """Whether it may be given again to who asks the same: a whole answer, and nothing that is to be done."""
        return not self.tool_calls and self.stop_reason != "length"


@dataclass(frozen=True, slots=True)
class CallResult:
    """How one call ended. `completion` is there when it was answered; `usage` too where a failed call took tokens."""

    outcome: AttemptOutcome
    completion: Completion | None = None
    status: int | None = None
    retry_after_s: float | None = None
    usage: TokenUsage = field(default_factory=TokenUsage)
    raw_usage: str = "{}"
    first_byte_ms: int | None = None
