"""Changes a checked tree so that every piece of text goes through the one who counts: `_put`, and `_took` for each branch."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from jinja2 import nodes

from chancery_prompting.kinds import Kinds
from chancery_prompting.values import Part, part_of

PUT, TOOK = "_put", "_took"
"""Names that no template can use: those of inputs begin with a letter."""


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch of a condition: where it begins, and the text that stands in it."""

    line: int
    text: str


@dataclass
class Instrumented:
    """Branches in the order of their numbers; whether the text of the template comes first."""

    branches: list[Branch] = field(default_factory=list)


def instrument(template: nodes.Template, kinds: Kinds) -> tuple[Branch, ...]:
    """Changes the tree in place; its branches, by number."""
    found: list[Branch] = []
    template.body = _statements(template.body, {name: part_of(name) for name in kinds}, found)
    return tuple(found)


Sources = dict[str, Part]


def _statements(body: Sequence[nodes.Node], sources: Sources, found: list[Branch]) -> list[nodes.Node]:
    return [_statement(node, sources, found) for node in body]


def _statement(node: nodes.Node, sources: Sources, found: list[Branch]) -> nodes.Node:
    if isinstance(node, nodes.Output):
        node.nodes = [_put(one, sources) for one in node.nodes]
    elif isinstance(node, nodes.For):
        assert isinstance(node.target, nodes.Name) and isinstance(node.iter, nodes.Name)
        within = sources | {node.target.name: sources[node.iter.name], "loop": "text"}
        node.body = _statements(node.body, within, found)
        node.else_ = _statements(node.else_, sources, found)
    elif isinstance(node, nodes.If):
        _branches(node, sources, found)
    return node


def _branches(node: nodes.If, sources: Sources, found: list[Branch]) -> None:
    node.body = _branch(node.body, node.lineno, sources, found)
    for one in node.elif_:
        one.body = _branch(one.body, one.lineno, sources, found)
    if node.else_:
        node.else_ = _branch(node.else_, node.else_[0].lineno, sources, found)


def _branch(body: list[nodes.Node], line: int, sources: Sources, found: list[Branch]) -> list[nodes.Node]:
    number = len(found)
    text = "".join(one.data for node in body for one in node.find_all(nodes.TemplateData))
    found.append(Branch(line, text))
    took = nodes.Output([_call(TOOK, nodes.Const(number, lineno=line), line=line)], lineno=line)
    return [took, *_statements(body, sources, found)]


def _put(node: nodes.Expr, sources: Sources) -> nodes.Expr:
    if isinstance(node, nodes.TemplateData):
        return _call(PUT, nodes.Const("text", lineno=node.lineno), nodes.Const(node.data, lineno=node.lineno), line=node.lineno)
    names = [sources.get(one.name, "text") for one in node.find_all(nodes.Name)]
    own = [sources.get(node.name, "text")] if isinstance(node, nodes.Name) else []
    part = next((name for name in own + names if name != "text"), "text")
    return _call(PUT, nodes.Const(part, lineno=node.lineno), node, line=node.lineno)


def _call(name: str, *arguments: nodes.Expr, line: int) -> nodes.Call:
    return nodes.Call(nodes.Name(name, "load", lineno=line), list(arguments), [], None, None, lineno=line)
