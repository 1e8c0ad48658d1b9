"""Past requests under a version of a prompt, as suggestions see them: counts and prices, no text."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from chancery_contracts.base import VersionRef
from chancery_contracts.interactions import PromptParts, TokenUsage

MICROS_PER_UNIT = 1_000_000
LEAST_FACTOR, MOST_FACTOR = 0.5, 2.0
"""A count by the provider that is further off from the reckoned one is of something else."""


@dataclass(frozen=True, slots=True)
class Price:
    """Micro-units per million tokens. `cache_read` none: the provider's price of it is not known."""

    input: int
    output: int
    cache_read: int | None = None
    cache_write: int | None = None

    def of_input(self, usage: TokenUsage) -> int:
        """What the input took, in micro-units times a million."""
        read = self.input if self.cache_read is None else self.cache_read
        write = self.input if self.cache_write is None else self.cache_write
        return usage.input_uncached * self.input + usage.input_cache_read * read + usage.input_cache_write * write


@dataclass(frozen=True, slots=True)
class PastRequest:
    """One interaction that a model answered. `assigned`: which model, or which prompt, was drawn by an experiment."""

    interaction: str
    conversation: str | None
    at: datetime
    prompt_version: int
    model: VersionRef
    provider: str
    parts: PromptParts
    passages: tuple[str, ...]
    usage: TokenUsage
    price: Price
    cost_micros: int
    verdict: str | None = None
    assigned: str | None = None

    @property
    def input_tokens(self) -> int:
        """As the provider counted."""
        return self.usage.input_uncached + self.usage.input_cache_read + self.usage.input_cache_write

    @property
    def reckoned_tokens(self) -> int:
        """As they were counted before the call."""
        one = self.parts
        return one.prefix + one.static + one.examples + one.definitions + sum(one.passages) + one.history + one.question + one.inputs

    def worth(self, tokens: float) -> float:
        """Micro-units that so many reckoned tokens of the prompt took: in the provider's count, at the mean price that was paid."""
        if not self.input_tokens or not self.reckoned_tokens:
            return 0.0
        factor = min(max(self.input_tokens / self.reckoned_tokens, LEAST_FACTOR), MOST_FACTOR)
        return tokens * factor * self.price.of_input(self.usage) / self.input_tokens / MICROS_PER_UNIT

    def took(self, branches: Iterable[int]) -> bool:
        """Whether all these branches of the template were taken."""
        return set(branches) <= set(self.parts.branches)


def conversations(requests: Sequence[PastRequest]) -> list[list[PastRequest]]:
    """Those of more than one request, each in the order of time."""
    found: dict[str, list[PastRequest]] = {}
    for one in sorted(requests, key=lambda request: (request.at, request.interaction)):
        if one.conversation is not None:
            found.setdefault(one.conversation, []).append(one)
    return [turns for turns in found.values() if len(turns) > 1]
