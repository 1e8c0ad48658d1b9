"""Renders a composed prompt: texts for the model, and what they are made of."""

from collections.abc import Mapping
from dataclasses import dataclass

from chancery_contracts.bodies.prompts import PromptBody
from chancery_contracts.interactions import Message

from chancery_prompting.composing import Composed
from chancery_prompting.kinds import kinds_of
from chancery_prompting.placeholders import fill, placeholders
from chancery_prompting.sandbox import Compiled, compiled
from chancery_prompting.values import BUILT_IN, HISTORY, PASSAGES, Asked, Included, Piece, Value

MOST_PASSAGES = 50
MOST_TURNS = 200


@dataclass(frozen=True, slots=True)
class Rendered:
    """Pieces by message: `system`, examples (user, assistant, …), `user`. `branches`: those taken, numbered over system, then user."""

    system: tuple[Piece, ...]
    examples: tuple[tuple[Piece, ...], ...]
    user: tuple[Piece, ...]
    branches: tuple[int, ...]

    def messages(self) -> tuple[Message, ...]:
        """The examples as turns of a conversation."""
        roles = ("user", "assistant")
        return tuple(Message(role=roles[at % 2], content=text_of(one)) for at, one in enumerate(self.examples))


def text_of(pieces: tuple[Piece, ...]) -> str:
    """As one text."""
    return "".join(piece.text for piece in pieces)


def render(prompt: Composed, asked: Asked) -> Rendered:
    """All of a prompt. Raises TemplateRefused."""
    values = asked.values()
    included: dict[str, Value] = {name: _included(one, values) for name, one in prompt.includes.items()}
    body, known = prompt.body, values | included
    fixed = {name: value for name, value in known.items() if name not in BUILT_IN}
    system, first = _filled(body, body.system, known)
    user, second = _filled(body, body.user, known)
    examples = tuple(_filled(body, text, fixed)[0] for one in body.examples for text in (one.user, one.assistant))
    return Rendered(system, examples, user, (*first, *(branch_count(body) + number for number in second)))


def branch_count(body: PromptBody) -> int:
    """Branches of the system text: those of the user's text are numbered after them."""
    return len(template_of(body, body.system).branches) if body.engine == "jinja" else 0


def template_of(body: PromptBody, source: str, *, built_in: bool = True) -> Compiled:
    """A template of the body, checked. Raises TemplateRefused."""
    kinds = kinds_of(body.inputs, body.includes, built_in=built_in)
    lengths = {name: one.max_items for name, one in body.inputs.items()} | {PASSAGES: MOST_PASSAGES, HISTORY: MOST_TURNS}
    return compiled(source, tuple(sorted(kinds.items())), tuple(sorted(lengths.items())))


def check_template(body: PromptBody, source: str, *, built_in: bool = True) -> None:
    """Raises TemplateRefused for what could not be rendered with any values that fit."""
    if body.engine == "jinja":
        template_of(body, source, built_in=built_in)
    else:
        placeholders(source, kinds_of(body.inputs, body.includes, built_in=built_in))


def _included(prompt: Composed, values: Mapping[str, Value]) -> Included:
    nested: dict[str, Value] = {name: _included(one, values) for name, one in prompt.includes.items()}
    return Included(_filled(prompt.body, prompt.body.system, {**values, **nested})[0])


def _filled(body: PromptBody, source: str, values: Mapping[str, Value]) -> tuple[tuple[Piece, ...], tuple[int, ...]]:
    if body.engine == "jinja":
        built_in = values.keys() >= BUILT_IN
        return template_of(body, source, built_in=built_in).run(values)
    names = kinds_of(body.inputs, body.includes)
    return fill(source, {name: value for name, value in values.items() if name in names}), ()
