"""What callers send, and its fingerprint."""

import hashlib
import hmac
from typing import Annotated

from chancery_contracts.base import InputValue, Sensitivity
from chancery_contracts.event import Event
from chancery_contracts.identifiers import IDENTIFIER_PATTERN, derived_id
from chancery_contracts.interactions import InteractionRequested, Message
from pydantic import BaseModel, ConfigDict, Field

Identifier = Annotated[str, Field(pattern=IDENTIFIER_PATTERN)]


class NewInteraction(BaseModel):
    """A request over HTTP. `interaction` makes a retry harmless."""

    model_config = ConfigDict(extra="forbid")
    use_case: Identifier
    messages: tuple[Message, ...] = Field(min_length=1, max_length=200)
    matter: Identifier | None = None
    conversation: Identifier | None = None
    interaction: Identifier | None = None
    actor: str = Field(default="unknown", pattern=r"^[A-Za-z0-9._-]{1,64}$")
    max_output_tokens: int | None = Field(default=None, ge=1, le=100_000)
    inputs: dict[str, InputValue] = Field(default_factory=dict, max_length=50)
    sensitivity: Sensitivity | None = None

    def payload(self) -> InteractionRequested:
        """As the contract has it."""
        return InteractionRequested(
            use_case=self.use_case, messages=self.messages, actor=self.actor, max_output_tokens=self.max_output_tokens, inputs=self.inputs,
            sensitivity=self.sensitivity,
        )  # fmt: skip


def event_id(tenant: str, interaction: str) -> str:
    """Derived, so that a client's retry makes the same event."""
    return derived_id(f"{tenant}/{interaction}", "gateway")


def fingerprint(key: bytes, event: Event[InteractionRequested]) -> bytes:
    """HMAC-SHA256 of what is asked: tells a retry from a second request without keeping any text."""
    head = "\n".join((event.conversation or "", event.matter or "")).encode()
    return hmac.new(key, head + b"\n\n" + event.data.model_dump_json().encode(), hashlib.sha256).digest()
