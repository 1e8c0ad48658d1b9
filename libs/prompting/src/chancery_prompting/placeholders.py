"""The plain templates: one pass over placeholders. `{{` and `}}` are braces; what is filled in is not read again."""

import re
from collections.abc import Iterable, Mapping

from chancery_prompting.errors import TemplateRefused
from chancery_prompting.recording import Recorder
from chancery_prompting.values import Piece, Value, part_of

_TOKEN = re.compile(r"\{\{|\}\}|\{([A-Za-z_][A-Za-z0-9_]*)\}|[{}]")


def placeholders(template: str, known: Iterable[str]) -> tuple[tuple[str, str | None], ...]:
    """Text and the name after it, in order; the last has none. Raises TemplateRefused."""
    names = frozenset(known)
    found: list[tuple[str, str | None]] = []
    text, position = "", 0
    for match in _TOKEN.finditer(template):
        text += template[position : match.start()]
        position = match.end()
        if match[0] in ("{{", "}}"):
            text += match[0][0]
            continue
        found.append((text, _named(match[1], names)))
        text = ""
    return (*found, (text + template[position:], None))


def _named(name: str | None, known: frozenset[str]) -> str:
    if name is None:
        raise TemplateRefused("the template has a brace that is not part of a placeholder: write {{ or }}")
    if name not in known:
        raise TemplateRefused(f"the template uses an undefined placeholder: {{{name}}}")
    return name


def fill(template: str, values: Mapping[str, Value]) -> tuple[Piece, ...]:
    """The pieces, in order. Raises TemplateRefused."""
    parsed = placeholders(template, values)
    recorder = Recorder(2 * len(parsed))
    for text, name in parsed:
        recorder.put("text", text)
        if name is not None:
            recorder.put(part_of(name), values[name])
    return recorder.pieces()
