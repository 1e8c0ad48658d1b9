"""Errors of the registry. The API gives each its status."""

from collections.abc import Sequence
from dataclasses import dataclass

from chancery_contracts.failures import ChanceryError


@dataclass(frozen=True, slots=True)
class Fault:
    """Something in a body that is not in order, and where (RFC 6901)."""

    pointer: str
    why: str


class RegistryError(ChanceryError):
    """Base of the registry's own errors."""


class ProjectionAhead(RegistryError):
    """The projection knows more than the topic holds: the topic was lost, or is another one. Look why; `rebuild` follows the topic."""


class NoPart(RegistryError):
    """Whoever asks has no role here, or none that may do this. Roles are granted with keys, or said by the identity provider's claim."""


class NotThere(RegistryError):
    """No such thing or version of this tenant. Another tenant's is answered alike."""


class Conflict(RegistryError):
    """The state of the thing does not allow it, or another change came first: read it again and decide anew.

    `sequence`: where the thing stands. `change_id`: of the change that did not count, where one was published.
    """

    def __init__(self, why: str, sequence: int, change_id: str | None = None) -> None:
        super().__init__(why)
        self.sequence = sequence
        self.change_id = change_id


class MovedOn(RegistryError):
    """The thing is not where `If-Match` says: read it again."""

    def __init__(self, sequence: int) -> None:
        super().__init__("the thing has moved on")
        self.sequence = sequence


class Unsound(RegistryError):
    """What was sent, or what it rests on, is not in order: `faults` says where. Put it right and send it again."""

    def __init__(self, why: str, faults: Sequence[Fault] = ()) -> None:
        super().__init__(why)
        self.faults = tuple(faults)


class KeyReused(RegistryError):
    """This Idempotency-Key stood for another order: choose a new one."""


class NotKnownYet(RegistryError):
    """The change is on its way, or is lost: ask again with the same Idempotency-Key (`change_id` names it in the history)."""

    def __init__(self, change_id: str) -> None:
        super().__init__("the change has not come back in time")
        self.change_id = change_id
