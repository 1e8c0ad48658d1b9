"""Prompts: templates, what they take, what they want back. `chancery_prompting` reads them."""

from typing import Any, Literal

from pydantic import Field

from chancery_contracts.base import InputValue, Part, VersionRef

INPUT_NAME = r"^[a-z][a-z0-9_]{0,39}$"
LONGEST_TEMPLATE = 50_000
LONGEST_INPUT = 20_000
"""Characters of a value; of each item, where it is a list."""
MOST_ITEMS = 100
InputType = Literal["string", "integer", "boolean", "enum", "list"]
Engine = Literal["format", "jinja"]


class PromptInput(Part):
    """A value that a template uses. One that is neither given nor has a default is empty: no text, no items, false."""

    type: InputType = "string"
    required: bool = False
    default: InputValue | None = None
    max_length: int = Field(default=2_000, ge=1, le=LONGEST_INPUT, description="Characters; of each item of a list")
    max_items: int = Field(default=20, ge=1, le=MOST_ITEMS, description="Of a list")
    choices: tuple[str, ...] = Field(default=(), max_length=100, description="Of an enum")
    description: str = Field(default="", max_length=500)


class PromptExample(Part):
    """A question as it might be asked and the answer that it should get. Templates over inputs alone."""

    user: str = Field(min_length=1, max_length=LONGEST_TEMPLATE)
    assistant: str = Field(min_length=1, max_length=LONGEST_TEMPLATE)


class PromptTool(Part):
    """A tool that the model may want called. `parameters`: JSON Schema of an object."""

    name: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,63}$")
    description: str = Field(default="", max_length=2_000)
    parameters: dict[str, Any] = Field(default_factory=dict)


class PromptBody(Part):
    """Templates with `{question}`, `{passages}`, `{history}`, the inputs and the includes by their names.

    `format`: placeholders alone, `{{` and `}}` are braces. `jinja`: conditions and loops too, strictly (`chancery_prompting.sandbox`).
    """

    system: str
    user: str
    engine: Engine = "format"
    inputs: dict[str, PromptInput] = Field(default_factory=dict, max_length=50)
    examples: tuple[PromptExample, ...] = Field(default=(), max_length=20)
    output_schema: dict[str, Any] | None = Field(default=None, description="JSON Schema of the answer, which is then JSON")
    tools: tuple[PromptTool, ...] = Field(default=(), max_length=20)
    includes: dict[str, VersionRef] = Field(
        default_factory=dict, max_length=10, description="Other prompts, by the name under which their `system` text can be put in"
    )
