"""The base of every payload: frozen, strict to build, tolerant to read."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from chancery_contracts.identifiers import IDENTIFIER_PATTERN

MAX_DATA_BYTES = 1_048_576
"""An event's data may have one MiB; more is a dead letter."""


class Payload(BaseModel):
    """The data of one kind of event. `TYPE` is its CloudEvents type, version included."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)
    TYPE: ClassVar[str]

    def record_key(self) -> str | None:
        """What orders (and compacts) records of this kind, where it is not the conversation or interaction."""
        return None


class Part(BaseModel):
    """A value inside a payload."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class VersionRef(Part):
    """A versioned thing of the registry: a prompt, model, use case, policy."""

    name: str = Field(pattern=IDENTIFIER_PATTERN)
    version: int = Field(ge=1)
