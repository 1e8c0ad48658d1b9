"""Payloads that tell of personal data which was shown to somebody."""

from typing import ClassVar

from pydantic import Field

from chancery_contracts.base import Payload


class ValuesRevealed(Payload):
    """Somebody was shown what stands behind pseudonyms, outside of an interaction's own answer. Published before they see it."""

    TYPE: ClassVar[str] = "chancery.privacy.value-revealed.v1"
    reader: str = Field(description="Who was authenticated: role, and a key's name and id or a token's subject")
    scope: str = Field(description="Where the pseudonyms are stable: `matter:…`, `conversation:…`, `interaction:…`")
    tokens: tuple[str, ...] = Field(description="Those whose value was shown")
    erased: tuple[str, ...] = Field(default=(), description="Those that were asked for, and whose value is no more")
    reason: str = Field(min_length=1, max_length=500, description="In words, without personal data")
