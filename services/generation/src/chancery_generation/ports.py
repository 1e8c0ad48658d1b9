"""What the handlers need from outside."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from chancery_contracts.base import VersionRef
from chancery_contracts.bodies import ModelBody
from chancery_contracts.catalogue import Catalogue
from chancery_contracts.event import Clock
from chancery_contracts.interactions import AttestationEvidence

from chancery_generation.domain.calls import CallHistory, ModelRequest, RecordedCall
from chancery_generation.domain.completion import CallResult
from chancery_generation.domain.retrying import Backoff


class Calls(Protocol):
    """The journal of calls: an intent before each call, its result after it. The first answer stored is the answer."""

    async def history(self, cause_id: str) -> CallHistory:
        """What is known of the calls made for an event."""

    async def intend(self, cause_id: str, model: VersionRef, now: datetime) -> int:
        """Records that a call is about to be made; its ordinal."""

    async def finish(self, cause_id: str, call: RecordedCall, result: CallResult, now: datetime) -> None:
        """Records how a call ended. An answer is dropped if one is stored already."""


class Model(Protocol):
    """A provider of language models."""

    async def call(self, request: ModelRequest, time_left_s: float) -> CallResult:
        """One call, never longer than `time_left_s`. Every way in which it can fail is a CallResult."""


class Attestor(Protocol):
    """Has enclaves prove which code would read what is sent to them."""

    async def attest(self, model: ModelBody, time_left_s: float) -> AttestationEvidence:
        """What the model's enclave has proved, recently enough. Raises AttestationRefused: nothing may be sent to it then."""


class Pacing(Protocol):
    """Time as it passes, and chance: for waits between attempts."""

    def monotonic_s(self) -> float:
        """Seconds since some moment."""

    async def sleep(self, seconds: float) -> None:
        """Waits."""

    def draw(self) -> float:
        """A random number in [0, 1)."""


class Meter(Protocol):
    """Counts calls."""

    def called(self, provider: str, outcome: str, seconds: float) -> None:
        """One call, how it ended, and how long it took."""


@dataclass(frozen=True)
class Ports:
    """Everything that a handler gets."""

    catalogue: Catalogue
    calls: Calls
    remote: Model
    pacing: Pacing
    clock: Clock
    meter: Meter
    backoff: Backoff
