"""What the handlers need."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from chancery_contracts.bodies import RedactionPolicyBody
from chancery_contracts.catalogue import Catalogue

from chancery_redaction.domain.spans import Span


class Detector(Protocol):
    """Finds personal data."""

    async def detect(self, texts: Sequence[str], policy: RedactionPolicyBody) -> list[list[Span]]:
        """Settled spans of each text of one request. Raises Retry: never an empty answer because something failed."""
        ...


class EntityFinder(Protocol):
    """Finds what has no shape, by its context: persons, organisations, places."""

    @property
    def types(self) -> frozenset[str]:
        """What it can find."""
        ...

    def find(self, text: str, entity_types: frozenset[str], profile: str) -> list[Span]:
        """Every entity of these types; `profile` is the policy's. Called by several threads."""
        ...


class Languages(Protocol):
    """Tells languages in which nobody here would recognise personal data."""

    async def uncovered(self, texts: Sequence[str], languages: Sequence[str]) -> bool:
        """Whether a piece of any text is in none of these languages (ISO 639-1). Raises Retry where that cannot be told."""
        ...


@dataclass(frozen=True)
class Scope:
    """Where pseudonyms are stable."""

    tenant: str
    name: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """A value that needs a pseudonym. `of`: the fuller value of the same request that it stands for, with whose subject it then belongs."""

    entity_type: str
    text: str
    of: str | None = None


class Vault(Protocol):
    """Values by pseudonym, within the transaction of one message."""

    async def tokens(self, scope: Scope, values: Sequence[Wanted]) -> Mapping[tuple[str, str], str]:
        """The pseudonym of each (type, text), made if new. Raises KeyServiceDown, and then nothing is masked."""
        ...

    async def values(self, scope: Scope, tokens: Sequence[str]) -> Mapping[str, str]:
        """The value of each known pseudonym; ERASED where its key was destroyed."""
        ...


class Shifts(Protocol):
    """By how much dates are moved."""

    async def days(self, scope: Scope) -> int:
        """The same in a scope, unrelated elsewhere; whole weeks, never none. Raises KeyServiceDown."""
        ...


class Interactions(Protocol):
    """Which interactions were taken on, and which ended."""

    async def begin(self, tenant: str, interaction: str, event_id: str) -> bool:
        """False when another event has taken this interaction's id."""
        ...

    async def complete(self, tenant: str, interaction: str, namespace: str, cause_id: str) -> bool:
        """False when another cause has ended this interaction already."""
        ...


@dataclass(frozen=True)
class Ports:
    """For one message."""

    detector: Detector
    languages: Languages
    vault: Vault
    shifts: Shifts
    interactions: Interactions
    catalogue: Catalogue
    now: datetime
    max_characters: int
