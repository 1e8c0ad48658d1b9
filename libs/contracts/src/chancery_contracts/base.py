"""The base of every payload: frozen, strict to build, tolerant to read."""

from typing import ClassVar, Literal, get_args

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


Sensitivity = Literal["public", "internal", "confidential", "restricted"]
SENSITIVITIES: tuple[Sensitivity, ...] = get_args(Sensitivity)
"""From what anybody may see to what leaves for attested machines only."""
InputValue = str | int | bool | tuple[str, ...]
"""What a prompt's input may be. No floats: canonical JSON of bodies has none."""


def cleared(clearance: Sensitivity, text: Sensitivity) -> bool:
    """Whether something of a clearance may see a text."""
    return SENSITIVITIES.index(clearance) >= SENSITIVITIES.index(text)


def strictest(*sensitivities: Sensitivity | None) -> Sensitivity:
    """The most sensitive of some; `internal` where none is stated."""
    stated = [one for one in sensitivities if one is not None]
    return max(stated, key=SENSITIVITIES.index) if stated else "internal"
