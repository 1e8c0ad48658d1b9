"""What a provider's wire must be able to do. All else (time, size, connections) is the exchange's."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from chancery_generation.domain.calls import ModelRequest
from chancery_generation.domain.completion import AttemptOutcome
from chancery_generation.domain.replies import Draft
from chancery_generation.domain.retrying import outcome_of


class Unreadable(Exception):
    """What came is not of the provider's wire."""


class Fault(Exception):
    """The provider says, inside a response that began well, that it failed."""

    def __init__(self, outcome: AttemptOutcome) -> None:
        super().__init__(outcome)
        self.outcome = outcome


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One POST. Headers hold secrets."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Frame:
    """One event of a stream; its name where the framing has one."""

    data: bytes
    name: str = ""
    exception: bool = False


class Framing(Protocol):
    """Cuts a stream's bytes into events."""

    media_type: str

    def feed(self, chunk: bytes) -> list[Frame]:
        """The events that are complete now. Raises Unreadable."""


class Wire(Protocol):
    """One provider's API. Stateless: what has come so far is in the draft."""

    def outgoing(self, request: ModelRequest) -> Outgoing:
        """Raises MissingApiKey, MissingBaseUrl, MissingCredentials."""

    def framing(self) -> Framing:
        """Of a new stream."""

    def read(self, document: dict[str, Any], draft: Draft) -> None:
        """A whole reply. Raises Fault."""

    def take(self, frame: Frame, draft: Draft) -> None:
        """The next event of a stream. Raises Fault, Unreadable."""

    def outcome(self, status: int, document: dict[str, Any]) -> AttemptOutcome:
        """Of a response that is not 200; `document` is empty where it has none."""


class PlainStatus:
    """Wires whose HTTP status says all."""

    def outcome(self, status: int, document: dict[str, Any]) -> AttemptOutcome:
        """By the status alone."""
        del document
        return outcome_of(status)
