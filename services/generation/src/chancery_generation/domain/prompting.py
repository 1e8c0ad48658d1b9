"""Renders prompts, strictly: one pass, three placeholders, anything else in braces is an error."""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chancery_contracts.bodies import PromptBody
from chancery_contracts.bodies.prompts import PromptTool
from chancery_contracts.interactions import Message, Passage

from chancery_generation.domain.usage import count_tokens
from chancery_generation.errors import PromptError

REMOVED = "[removed: instructions found in a document]"
PLACEHOLDERS = frozenset({"question", "passages", "history"})
MESSAGE_OVERHEAD_TOKENS = 16
_TOKEN = re.compile(r"\{\{|\}\}|\{([A-Za-z_][A-Za-z0-9_]*)\}|[{}]")


@dataclass(frozen=True, slots=True)
class RenderedPrompt:
    """What is sent: `system`, `messages` (examples), `user`. `shown`: the passages in it, in the order of their numbers."""

    system: str
    user: str
    shown: tuple[Passage, ...]
    messages: tuple[Message, ...] = ()
    output_schema: dict[str, Any] | None = None
    tools: tuple[PromptTool, ...] = ()


def prompt_sha256(prompt: PromptBody) -> str:
    """Hash of the pair of templates as RFC 8785 canonical JSON: says which words were used, whatever the version is called."""
    canonical = json.dumps({"system": prompt.system, "user": prompt.user}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def render(template: str, values: dict[str, str]) -> str:
    """Fills in placeholders once; what is filled in is not read again. `{{` and `}}` are braces. Raises PromptError."""

    def fill(match: re.Match[str]) -> str:
        token, name = match.group(0), match.group(1)
        if token in ("{{", "}}"):
            return token[0]
        if name is None:
            raise PromptError("the template has a brace that is not part of a placeholder: write {{ or }}")
        if name not in values:
            raise PromptError(f"the template uses an undefined placeholder: {{{name}}}")
        return values[name]

    return _TOKEN.sub(fill, template)


def render_prompt(prompt: PromptBody, messages: Sequence[Message], passages: Sequence[Passage], room_tokens: int) -> RenderedPrompt:
    """The prompt with as many passages, best first, as fit into `room_tokens`. Raises PromptError."""
    shown = list(passages)
    while True:
        values = {"question": _question(messages), "history": _history(messages), "passages": _numbered(shown)}
        rendered = RenderedPrompt(render(prompt.system, values), render(prompt.user, values), tuple(shown))
        if not shown or prompt_tokens(rendered) <= room_tokens:
            return rendered
        shown.pop()


def prompt_tokens(rendered: RenderedPrompt) -> int:
    """What the prompt is reckoned to take."""
    return count_tokens(rendered.system) + count_tokens(rendered.user) + MESSAGE_OVERHEAD_TOKENS


def without_injections(passage: Passage) -> str:
    """The passage's text; what tries to instruct the model is taken out."""
    text = passage.text
    for injection in sorted(passage.injections, key=lambda found: found.start, reverse=True):
        text = text[: injection.start] + REMOVED + text[injection.end :]
    return text


def _question(messages: Sequence[Message]) -> str:
    asked = [message.content for message in messages if message.role == "user"]
    return asked[-1] if asked else messages[-1].content


def _history(messages: Sequence[Message]) -> str:
    last = max((number for number, message in enumerate(messages) if message.role == "user"), default=len(messages) - 1)
    return "\n".join(f"{message.role}: {message.content}" for message in messages[:last])


def _numbered(passages: Sequence[Passage]) -> str:
    return "\n\n".join(f"[{number}] {passage.title}\n{without_injections(passage)}" for number, passage in enumerate(passages, start=1))
