"""A template as it stands: its text and its names, line by line, each under the branches that it needs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chancery_contracts.bodies.prompts import PromptBody
from jinja2 import nodes

from chancery_prompting.kinds import kinds_of
from chancery_prompting.placeholders import placeholders
from chancery_prompting.rendering import branch_count, check_template
from chancery_prompting.sandbox import parsed

NameSet = frozenset[str]


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of text, or a value by its `names`. `branches`: numbers of those that must be taken, over system and user text."""

    text: str = ""
    names: NameSet = frozenset()
    branches: tuple[int, ...] = ()
    looped: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a template. `text` is its own; `names` of values in it."""

    template: str
    number: int
    text: str
    names: NameSet
    branches: tuple[int, ...]
    looped: bool


def lines(body: PromptBody) -> list[Line]:
    """Of the system's and the user's template, in order. Raises TemplateRefused."""
    found = list(_lines("system", segments(body, body.system, 0)))
    return [*found, *_lines("user", segments(body, body.user, branch_count(body)))]


def segments(body: PromptBody, source: str, first_branch: int) -> list[Segment]:
    """Of one template. Raises TemplateRefused."""
    check_template(body, source)
    if body.engine == "jinja":
        return list(_walk(parsed(source).body, _Numbers(first_branch), Segment()))
    pairs = placeholders(source, kinds_of(body.inputs, body.includes))
    both = ((Segment(text), Segment(names=frozenset({name}) if name else frozenset())) for text, name in pairs)
    return [one for pair in both for one in pair if one.text or one.names]


class _Numbers:
    """Numbers branches as `instrumenting` does."""

    def __init__(self, first: int) -> None:
        self._next = first

    def take(self) -> int:
        self._next += 1
        return self._next - 1


def _walk(body: Sequence[nodes.Node], numbers: _Numbers, place: Segment) -> Iterator[Segment]:
    for node in body:
        if isinstance(node, nodes.Output):
            yield from (_written(one, place) for one in node.nodes)
        elif isinstance(node, nodes.For):
            yield from _walk(node.body, numbers, Segment(branches=place.branches, looped=True))
            yield from _walk(node.else_, numbers, place)
        elif isinstance(node, nodes.If):
            for branch in (node.body, *(one.body for one in node.elif_), node.else_):
                if branch:
                    yield from _walk(branch, numbers, Segment(branches=(*place.branches, numbers.take()), looped=place.looped))


def _written(node: nodes.Node, place: Segment) -> Segment:
    if isinstance(node, nodes.TemplateData):
        return Segment(node.data, frozenset(), place.branches, place.looped)
    names = {one.name for one in node.find_all(nodes.Name)} | ({node.name} if isinstance(node, nodes.Name) else set())
    return Segment("", frozenset(names), place.branches, place.looped)


def _lines(template: str, found: Sequence[Segment]) -> Iterator[Line]:
    """A line belongs to the branches that its first text or value needs."""
    number, text, names = 1, "", frozenset[str]()
    place: Segment | None = None
    for segment in found:
        pieces = segment.text.split("\n") if segment.text else [""]
        for at, piece in enumerate(pieces):
            if at:
                if place is not None:
                    yield Line(template, number, text, names, place.branches, place.looped)
                number, text, names, place = number + 1, "", frozenset(), None
            if piece or segment.names:
                if place is not None and place.branches != segment.branches:
                    yield Line(template, number, text, names, place.branches, place.looped)
                    text, names, place = "", frozenset(), None
                text, names, place = text + piece, names | segment.names, place or segment
    if place is not None:
        yield Line(template, number, text, names, place.branches, place.looped)
