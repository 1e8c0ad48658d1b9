"""Renders a prompt for a model: as many passages as fit, examples, output schema and tools."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chancery_contracts.base import InputValue, VersionRef
from chancery_contracts.bodies import PromptBody, PromptTool
from chancery_contracts.interactions import Message, Passage
from chancery_prompting.composing import Composed, compose
from chancery_prompting.errors import InputRefused, PromptingError
from chancery_prompting.inputs import masked
from chancery_prompting.placeholders import fill
from chancery_prompting.rendering import Rendered, text_of
from chancery_prompting.rendering import render as render_pieces
from chancery_prompting.values import Asked, ShownPassage, Turn

from chancery_generation.domain.usage import count_tokens
from chancery_generation.errors import PromptError

REMOVED = "[removed: instructions found in a document]"
MESSAGE_OVERHEAD_TOKENS = 16
"""For the system's and the user's message together; each further one takes half of it."""


@dataclass(frozen=True, slots=True)
class RenderedPrompt:
    """What is sent: `system`, the examples in `messages` (user and assistant by turns), `user`; what the answer must be, what it may call.

    `shown`: the passages in it, in the order of their numbers. `pieces`: what the texts are made of.
    """

    system: str
    user: str
    shown: tuple[Passage, ...]
    messages: tuple[Message, ...] = ()
    output_schema: dict[str, Any] | None = None
    tools: tuple[PromptTool, ...] = ()
    pieces: Rendered | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class PromptSource:
    """A prompt as a use case configures it, and what the request gives, masked."""

    prompt: Composed
    given: Mapping[str, InputValue] = field(default_factory=dict)
    configured: Mapping[str, InputValue] = field(default_factory=dict)

    def inputs(self) -> dict[str, InputValue]:
        """Every declared one. Raises PromptError."""
        try:
            return masked(self.prompt.inputs(), self.given, self.configured)
        except InputRefused as exc:
            raise PromptError(str(exc)) from exc


def composed(prompt: PromptBody, lookup: Callable[[VersionRef], PromptBody | None]) -> Composed:
    """With what it includes. Raises PromptError."""
    try:
        return compose(prompt, lookup)
    except PromptingError as exc:
        raise PromptError(str(exc)) from exc


def prompt_sha256(prompt: PromptBody | Composed) -> str:
    """Hash of the body, its includes in it, as RFC 8785 canonical JSON: says which words were used, whatever the version is called."""
    return (prompt if isinstance(prompt, Composed) else Composed(prompt)).sha256()


def render(template: str, values: Mapping[str, str]) -> str:
    """Fills in placeholders once; what is filled in is not read again. `{{` and `}}` are braces. Raises PromptError."""
    try:
        return text_of(fill(template, dict(values)))
    except PromptingError as exc:
        raise PromptError(str(exc)) from exc


def render_prompt(
    source: PromptBody | PromptSource, messages: Sequence[Message], passages: Sequence[Passage], room_tokens: int
) -> RenderedPrompt:
    """The prompt with as many passages, best first, as fit into `room_tokens`. Raises PromptError."""
    known = source if isinstance(source, PromptSource) else PromptSource(Composed(source))
    inputs, shown = known.inputs(), list(passages)
    while True:
        asked = Asked(_question(messages), _numbered(shown), _history(messages), inputs)
        rendered = _rendered(known.prompt, asked, tuple(shown))
        if not shown or prompt_tokens(rendered) <= room_tokens:
            return rendered
        shown.pop()


def _rendered(prompt: Composed, asked: Asked, shown: tuple[Passage, ...]) -> RenderedPrompt:
    try:
        pieces = render_pieces(prompt, asked)
    except PromptingError as exc:
        raise PromptError(str(exc)) from exc
    body = prompt.body
    return RenderedPrompt(
        text_of(pieces.system), text_of(pieces.user), shown, pieces.messages(), body.output_schema, body.tools, pieces
    )  # fmt: skip


def prompt_tokens(rendered: RenderedPrompt, count: Callable[[str], int] = count_tokens) -> int:
    """What the prompt is reckoned to take."""
    examples = sum(count(message.content) for message in rendered.messages) + len(rendered.messages) * MESSAGE_OVERHEAD_TOKENS // 2
    definitions = sum(count(text) for text in definitions_of(rendered))
    return count(rendered.system) + count(rendered.user) + MESSAGE_OVERHEAD_TOKENS + examples + definitions


def definitions_of(rendered: RenderedPrompt) -> list[str]:
    """Output schema and tools, as JSON."""
    schema = [] if rendered.output_schema is None else [json.dumps(rendered.output_schema)]
    return [*schema, *(json.dumps(tool.model_dump(mode="json")) for tool in rendered.tools)]


def without_injections(passage: Passage) -> str:
    """The passage's text; what tries to instruct the model is taken out."""
    text = passage.text
    for injection in sorted(passage.injections, key=lambda found: found.start, reverse=True):
        text = text[: injection.start] + REMOVED + text[injection.end :]
    return text


def _question(messages: Sequence[Message]) -> str:
    asked = [message.content for message in messages if message.role == "user"]
    return asked[-1] if asked else messages[-1].content


def _history(messages: Sequence[Message]) -> list[Turn]:
    last = max((number for number, message in enumerate(messages) if message.role == "user"), default=len(messages) - 1)
    return [Turn(message.role, message.content) for message in messages[:last]]


def _numbered(passages: Sequence[Passage]) -> list[ShownPassage]:
    return [ShownPassage(number, passage.title, without_injections(passage)) for number, passage in enumerate(passages, start=1)]
