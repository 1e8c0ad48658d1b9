"""Payloads of the `privacy` topic: legal holds, and what is erased, by whom, and on what ground."""

from typing import ClassVar, Literal

from pydantic import Field

from chancery_contracts.base import Part, Payload
from chancery_contracts.identifiers import IDENTIFIER_PATTERN

SubjectKind = Literal["interaction", "conversation", "matter"]
ErasureCause = Literal["retention", "request", "again"]
"""`again`: erased before, and found again: a late event of an erased interaction, or rows of a restored backup."""

_REASON = "In words, without personal data"
_BY = "Who was authenticated"
_BEHALF = "Whom they said they act for: an opaque id, not checked"


class PrivacyPayload(Payload):
    """One order a tenant: a hold and an erasure never overtake each other."""

    def record_key(self) -> str:
        """One key a tenant."""
        return "privacy"


class HoldPlaced(PrivacyPayload):
    """Nothing of this matter, or of the whole tenant, may be erased until the hold is released. The event's id names the hold."""

    TYPE: ClassVar[str] = "chancery.privacy.hold-placed.v1"
    matter: str | None = Field(pattern=IDENTIFIER_PATTERN, description="None: the whole tenant")
    reason: str = Field(min_length=1, max_length=500, description=_REASON)
    by: str = Field(min_length=1, max_length=200, description=_BY)
    on_behalf_of: str | None = Field(default=None, pattern=IDENTIFIER_PATTERN, description=_BEHALF)


class HoldReleased(PrivacyPayload):
    """A hold ends; retention goes on. What was refused under it is not erased by that: it is asked for again."""

    TYPE: ClassVar[str] = "chancery.privacy.hold-released.v1"
    hold: str = Field(pattern=IDENTIFIER_PATTERN, description="Id of the `HoldPlaced` event")
    reason: str = Field(min_length=1, max_length=500, description=_REASON)
    by: str = Field(min_length=1, max_length=200, description=_BY)
    on_behalf_of: str | None = Field(default=None, pattern=IDENTIFIER_PATTERN, description=_BEHALF)


class ErasureSubject(Part):
    """What is to be erased."""

    kind: SubjectKind
    name: str = Field(pattern=IDENTIFIER_PATTERN)


class ErasureRequested(PrivacyPayload):
    """Everything of this subject that was on record when this event came is to be erased, unless a hold covers it."""

    TYPE: ClassVar[str] = "chancery.privacy.erasure-requested.v1"
    subject: ErasureSubject
    reason: str = Field(min_length=1, max_length=500, description=_REASON)
    legal_ground: str = Field(min_length=1, max_length=200, description="Like `GDPR 17(1)(b)`")
    by: str = Field(min_length=1, max_length=200, description=_BY)
    on_behalf_of: str | None = Field(default=None, pattern=IDENTIFIER_PATTERN, description=_BEHALF)


class PayloadsErased(PrivacyPayload):
    """Payloads of the trail and their data keys were destroyed; leaves, hashes and commitments stand. One event a batch."""

    TYPE: ClassVar[str] = "chancery.privacy.payloads-erased.v1"
    cause: ErasureCause
    request: str | None = Field(default=None, description="Id of the `ErasureRequested` event")
    use_case: str | None = Field(default=None, description="Whose retention it was")
    retention_days: int | None = None
    scopes: tuple[str, ...] = Field(description="`interaction/<id>`, or `event/<id>` where there is no interaction")
    payloads: int = Field(ge=0)
    keys: int = Field(ge=0)


class ErasureRefused(PrivacyPayload):
    """An erasure was not carried out, or not in full. It is not taken up again by itself."""

    TYPE: ClassVar[str] = "chancery.privacy.erasure-refused.v1"
    request: str = Field(description="Id of the `ErasureRequested` event")
    code: Literal["held", "nothing_left"] = Field(description="`nothing_left`: not on record, or erased before")
    holds: tuple[str, ...] = Field(default=(), description="Ids of the holds that cover what was left")
    left: int = Field(ge=0, description="Interactions, or events without one, that were left as they are")
    erased: int = Field(ge=0)
