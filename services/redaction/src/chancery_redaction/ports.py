"""What the handlers need."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from chancery_contracts.catalogue import Catalogue, RedactionPolicyBody

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


@dataclass(frozen=True)
class Scope:
    """Where pseudonyms are stable."""

    tenant: str
    name: str


class Vault(Protocol):
    """Values by pseudonym, within the transaction of one message."""

    async def tokens(self, scope: Scope, values: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], str]:
        """The pseudonym of each (type, value), made if new."""
        ...

    async def values(self, scope: Scope, tokens: Sequence[str]) -> Mapping[str, str]:
        """The value of each known pseudonym; ERASED where its key was destroyed."""
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
    vault: Vault
    interactions: Interactions
    catalogue: Catalogue
    now: datetime
    max_characters: int
