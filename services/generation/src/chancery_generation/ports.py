"""What the handlers need from outside."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from chancery_contracts import AnyEvent
from chancery_contracts.bodies import ModelBody
from chancery_contracts.catalogue import Catalogue
from chancery_contracts.event import Clock
from chancery_contracts.interactions import AttestationEvidence, CacheEvidence

from chancery_generation.domain.calls import CallHistory, Intent, ModelRequest, RecordedCall
from chancery_generation.domain.completion import Answer, CallResult
from chancery_generation.domain.retrying import Backoff
from chancery_generation.domain.standing import Standings
from chancery_generation.domain.work import Fitted, Work


class Calls(Protocol):
    """The journal of calls: an intent before each call, its result after it. The first answer stored is the answer."""

    async def history(self, cause_id: str) -> CallHistory:
        """What is known of the calls made for an event."""

    async def settled(self, event: AnyEvent) -> bool:
        """Whether the event's outputs are stored: whatever is made of it now is not the one that counts."""

    async def begin(self, event: AnyEvent, ordinal: int, intent: Intent, now: datetime) -> bool:
        """Records that a call is about to be made; False, and nothing, where somebody has taken this ordinal or the event is settled."""

    async def finish(self, cause_id: str, call: RecordedCall, result: CallResult, now: datetime) -> bool:
        """Records how a call ended. False where its answer, if it has one, is not the one that counts."""


class Model(Protocol):
    """A provider of language models."""

    async def call(self, request: ModelRequest, time_left_s: float) -> CallResult:
        """One call, never longer than `time_left_s`. Every way in which it can fail is a CallResult.

        Cancelled where another model was quicker. Raises ModelIncomplete where the model's entry lacks what its provider needs.
        """


class Attestor(Protocol):
    """Proves which code runs at the far end of a channel."""

    async def attest(self, model: ModelBody, time_left_s: float) -> AttestationEvidence:
        """Evidence no older than the model's policy allows; its channel key goes into the request. Raises NotAttested."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """An answer that was given before."""

    answer: Answer
    evidence: CacheEvidence


class AnswerCache(Protocol):
    """Answers that may be given again. Called for use cases whose policy allows it alone."""

    async def find(self, work: Work, fitted: Fitted) -> Remembered | None:
        """An answer to the same question, put to the same model in the same words."""

    async def keep(self, work: Work, fitted: Fitted, answer: Answer) -> None:
        """Remembers an answer of that model. What fails here must not cost the answer: it is told to nobody but the log."""


class Pacing(Protocol):
    """Time as it passes, and chance: for waits between attempts."""

    def monotonic_s(self) -> float:
        """Seconds since some moment."""

    async def sleep(self, seconds: float) -> None:
        """Waits."""

    def draw(self) -> float:
        """A random number in [0, 1)."""


class Meter(Protocol):
    """Counts what is done, and why."""

    def called(self, provider: str, outcome: str, seconds: float) -> None:
        """One call, how it ended, and how long it took."""

    def answered(self, why: str) -> None:
        """An answer, by why its model was asked: `first`, `again`, `fallback`, `hedge`, or `cache`."""

    def passed_over(self, obstacle: str) -> None:
        """A model that was not asked."""


@dataclass(frozen=True)
class Ports:
    """Everything that a handler gets. `models`: by provider, as `ModelBody` names it."""

    catalogue: Catalogue
    calls: Calls
    models: Mapping[str, Model]
    pacing: Pacing
    clock: Clock
    meter: Meter
    backoff: Backoff
    standings: Standings
    attestor: Attestor | None = None
    cache: AnswerCache | None = None
