"""Payloads of orders about a data subject: found, exported, erased. What names the person is sealed under a key of the order alone."""

from typing import ClassVar, Literal

from pydantic import Field

from chancery_contracts.base import Part
from chancery_contracts.identifiers import IDENTIFIER_PATTERN
from chancery_contracts.privacy import PrivacyPayload

Purpose = Literal["find", "export", "erase"]
Phase = Literal["resolve", "act", "destroy"]
"""`resolve`: redaction tells by which pseudonyms the person goes. `act`: every owner of stores finds or erases. `destroy`: keys go last."""
ResultState = Literal["nothing_found", "found", "erased", "partly", "held"]


class SubjectOrderPlaced(PrivacyPayload):
    """Somebody asked for what is stored of a person, or for its erasure. Who it is stands in no event of this topic."""

    TYPE: ClassVar[str] = "chancery.privacy.subject-order-placed.v1"
    purpose: Purpose
    identifiers: int = Field(ge=1, description="How many spellings and numbers name the person")
    reason: str = Field(min_length=1, max_length=500, description="In words, without personal data")
    legal_ground: str | None = Field(default=None, max_length=200, description="Like `GDPR 17(1)(b)`")
    by: str = Field(min_length=1, max_length=200, description="Who was authenticated")
    on_behalf_of: str | None = Field(default=None, pattern=IDENTIFIER_PATTERN)


class SubjectErasedInStore(PrivacyPayload):
    """One store has erased what it held of a person. `places` are opaque: with them a restored backup is erased again."""

    TYPE: ClassVar[str] = "chancery.privacy.subject-erased-in-store.v1"
    order: str = Field(description="Id of the `SubjectOrderPlaced` event")
    store: str = Field(description="As in the register of stores, like `redaction.vault`")
    found: int = Field(ge=0)
    erased: int = Field(ge=0)
    left: int = Field(ge=0, description="What holds keep")
    state: ResultState
    places: tuple[str, ...] = Field(
        default=(), description="`<scope>/<pseudonym>`, `<namespace>/<event id>`, `<document>@<version>`; many take several events"
    )


class SubjectErasureReported(PrivacyPayload):
    """An order has ended; its own key is destroyed. The report is signed, and verified offline."""

    TYPE: ClassVar[str] = "chancery.privacy.subject-erasure-reported.v1"
    order: str
    purpose: Purpose
    state: Literal["done", "partly"]
    report: str = Field(description="The report as JSON, without anything that names the person")
    note: str = Field(description="Signed note over the report's SHA-256, by the key of the tenant's log")


class SubjectSought(PrivacyPayload):
    """Work for the owners of stores. Who is sought is sealed under the order's key, which the tenant's key wraps; kept for a day."""

    TYPE: ClassVar[str] = "chancery.privacy.subject-sought.v1"
    order: str
    purpose: Purpose
    phase: Phase
    wrapped_key: str
    sealed: str = Field(description="`Identifiers` as JSON")
    tenant_held: bool = False
    held_matters: tuple[str, ...] = ()


class SubjectAnswered(PrivacyPayload):
    """A part of what an owner of stores answers; sealed under the order's key."""

    TYPE: ClassVar[str] = "chancery.privacy.subject-answered.v1"
    order: str
    phase: Phase
    owner: str
    part: int = Field(ge=0)
    last: bool
    sealed: str = Field(description="`Answer` as JSON")


class TokenAt(Part):
    """A pseudonym, and where it is stable."""

    scope: str
    token: str


class Identifiers(Part):
    """Whom an order is about. Never on the wire but sealed, and there without `tokens`, which may be many."""

    values: tuple[str, ...]
    tokens: tuple[TokenAt, ...] = ()


class Content(Part):
    """A text that is stored about a person: where, in which member, and the text."""

    where: str
    member: str = ""
    text: str


class StoreResult(Part):
    """What one store found, and did."""

    store: str
    state: ResultState
    found: int = 0
    erased: int = 0
    left: int = 0
    unreadable: int = Field(default=0, description="Sealed bytes that do not open: changed or cut. An alarm, and no erasure")
    places: tuple[str, ...] = ()
    matters: tuple[str, ...] = ()
    contents: tuple[Content, ...] = ()
    tokens: tuple[TokenAt, ...] = ()


class Answer(Part):
    """Results of an owner's stores; a store may be in several parts, whose counts add up."""

    results: tuple[StoreResult, ...]


def result_state(found: int, erased: int, left: int, *, erasing: bool) -> ResultState:
    """What a store says of itself."""
    if not found:
        return "nothing_found"
    if not erasing:
        return "found"
    return "erased" if not left else ("partly" if erased else "held")
