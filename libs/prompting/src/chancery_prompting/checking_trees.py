"""Checks a template's tree, statement by statement, and reckons how many steps it may take at most."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jinja2 import nodes

from chancery_prompting.errors import TemplateRefused
from chancery_prompting.kinds import ITEMS, WRITABLE, Kind, Kinds, kind_of

MOST_NODES = 2_000
MOST_STEPS = 50_000
DEEPEST_LOOP = 2
DEEPEST_BLOCK = 8
MOST_ELIFS = 20


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a template: what is known there, how deep."""

    kinds: Kinds
    lengths: Mapping[str, int]
    loops: int = 0
    blocks: int = 0

    def within(self, node: nodes.Node, more: Mapping[str, Kind] | None = None) -> "Place":
        """Inside a condition, or inside a loop that makes more names."""
        place = Place({**self.kinds, **(more or {})}, self.lengths, self.loops + (more is not None), self.blocks + 1)
        if place.loops > DEEPEST_LOOP or place.blocks > DEEPEST_BLOCK:
            raise TemplateRefused(f"line {node.lineno}: more than {DEEPEST_LOOP} loops or {DEEPEST_BLOCK} blocks within each other")
        return place


def check_tree(template: nodes.Template, kinds: Kinds, lengths: Mapping[str, int]) -> int:
    """The most steps that rendering can take, with lists of these lengths. Raises TemplateRefused, for more than MOST_STEPS too."""
    if sum(1 for _ in template.find_all(nodes.Node)) > MOST_NODES:
        raise TemplateRefused(f"the template has more than {MOST_NODES} parts")
    steps = _statements(template.body, Place(kinds, lengths))
    if steps > MOST_STEPS:
        raise TemplateRefused(f"rendering could take {steps} steps, more than {MOST_STEPS}: loop over less")
    return steps


def _statements(body: Sequence[nodes.Node], place: Place) -> int:
    return sum(_statement(node, place) for node in body)


def _statement(node: nodes.Node, place: Place) -> int:
    if isinstance(node, nodes.Output):
        return sum(_output(one, place) for one in node.nodes)
    if isinstance(node, nodes.If):
        return _condition(node, place)
    if isinstance(node, nodes.For):
        return _loop(node, place)
    raise TemplateRefused(f"line {node.lineno}: a template may not use {type(node).__name__.lower()}")


def _output(node: nodes.Expr, place: Place) -> int:
    kind = kind_of(node, place.kinds)
    if kind not in WRITABLE or (kind == "include" and not isinstance(node, nodes.Name)):
        raise TemplateRefused(f"line {node.lineno}: a {kind} cannot be written here")
    return _size(node)


def _condition(node: nodes.If, place: Place) -> int:
    if len(node.elif_) > MOST_ELIFS:
        raise TemplateRefused(f"line {node.lineno}: more than {MOST_ELIFS} `elif`")
    within = place.within(node)
    tests = [node.test, *(one.test for one in node.elif_)]
    for test in tests:
        if kind_of(test, place.kinds) == "include":
            raise TemplateRefused(f"line {node.lineno}: an include is no condition")
    bodies = [node.body, *(one.body for one in node.elif_), node.else_]
    return sum(map(_size, tests)) + max(_statements(body, within) for body in bodies)


def _loop(node: nodes.For, place: Place) -> int:
    if not isinstance(node.target, nodes.Name) or not isinstance(node.iter, nodes.Name) or node.recursive:
        raise TemplateRefused(f"line {node.lineno}: a loop is `for NAME in LIST`")
    kind = kind_of(node.iter, place.kinds)
    if kind not in ITEMS:
        raise TemplateRefused(f"line {node.lineno}: a {kind} is not looped over")
    name = node.target.name
    if name in place.kinds or name.startswith("_") or name == "loop":
        raise TemplateRefused(f"line {node.lineno}: the loop's name {name!r} is taken")
    if node.test is not None:
        kind_of(node.test, {**place.kinds, name: ITEMS[kind]})
    within = place.within(node, {name: ITEMS[kind], "loop": "loop"})
    each = 1 + (_size(node.test) if node.test is not None else 0) + _statements(node.body, within)
    return place.lengths[node.iter.name] * each + _statements(node.else_, place.within(node)) + 1


def _size(node: nodes.Node) -> int:
    return 1 + sum(map(_size, node.iter_child_nodes()))
