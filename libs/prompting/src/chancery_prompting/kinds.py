"""What kind of value each expression of a template has, told before anything is rendered: so nothing can fail or grow while it is."""

from collections.abc import Callable, Mapping
from typing import Literal

from chancery_contracts.bodies.prompts import PromptInput
from jinja2 import nodes

from chancery_prompting.errors import TemplateRefused
from chancery_prompting.values import HISTORY, PASSAGES, QUESTION

Kind = Literal["text", "number", "truth", "list", "passages", "history", "passage", "turn", "loop", "include"]
Kinds = Mapping[str, Kind]
ITEMS: Mapping[Kind, Kind] = {"list": "text", "passages": "passage", "history": "turn"}
READABLE: Mapping[tuple[Kind, str], Kind] = {
    ("passage", "number"): "number", ("passage", "title"): "text", ("passage", "text"): "text",
    ("turn", "role"): "text", ("turn", "content"): "text",
    ("loop", "index"): "number", ("loop", "index0"): "number", ("loop", "length"): "number",
    ("loop", "first"): "truth", ("loop", "last"): "truth",
}  # fmt: skip
"""Every attribute that a template may read. No other is looked up, whatever it is called."""
WRITABLE = frozenset({"text", "number", "truth", "list", "passages", "history", "passage", "turn", "include"})
FILTERS: Mapping[str, tuple[frozenset[Kind], Kind]] = {
    "upper": (frozenset({"text"}), "text"),
    "lower": (frozenset({"text"}), "text"),
    "trim": (frozenset({"text"}), "text"),
    "join": (frozenset({"list"}), "text"),
    "tojson": (frozenset({"text", "number", "truth", "list"}), "text"),
    "length": (frozenset({"text", "list", "passages", "history"}), "number"),
}
"""Those whose result is bounded by what goes in: what each takes and gives."""
LONGEST_SEPARATOR = 20
INPUT_KINDS: Mapping[str, Kind] = {"string": "text", "enum": "text", "integer": "number", "boolean": "truth", "list": "list"}


def kinds_of(inputs: Mapping[str, PromptInput], includes: Mapping[str, object], *, built_in: bool = True) -> dict[str, Kind]:
    """Of every name that a template may use."""
    known: dict[str, Kind] = {QUESTION: "text", PASSAGES: "passages", HISTORY: "history"} if built_in else {}
    known |= {name: INPUT_KINDS[one.type] for name, one in inputs.items()}
    return known | dict.fromkeys(includes, "include")


def kind_of(node: nodes.Node, kinds: Kinds) -> Kind:
    """Raises TemplateRefused for what may not be used, or would fail."""
    rule = _RULES.get(type(node))
    if rule is None:
        raise TemplateRefused(f"line {node.lineno}: a template may not use {type(node).__name__.lower()}")
    return rule(node, kinds)


def _name(node: nodes.Name, kinds: Kinds) -> Kind:
    if node.name not in kinds:
        raise TemplateRefused(f"line {node.lineno}: {node.name!r} is undefined: declare it as an input")
    return kinds[node.name]


def _attribute(node: nodes.Getattr, kinds: Kinds) -> Kind:
    owner = kind_of(node.node, kinds)
    found = READABLE.get((owner, node.attr))
    if found is None:
        raise TemplateRefused(f"line {node.lineno}: a {owner} has no {node.attr!r}")
    return found


def _constant(node: nodes.Const, kinds: Kinds) -> Kind:
    if isinstance(node.value, bool):
        return "truth"
    if isinstance(node.value, int):
        return "number"
    if isinstance(node.value, str):
        return "text"
    raise TemplateRefused(f"line {node.lineno}: a constant is a text, an integer, true or false")


def _compared(node: nodes.Compare, kinds: Kinds) -> Kind:
    left = kind_of(node.expr, kinds)
    for operand in node.ops:
        right = _listed(operand.expr, kinds) if operand.op in ("in", "notin") else kind_of(operand.expr, kinds)
        if not _comparable(left, operand.op, right):
            raise TemplateRefused(f"line {node.lineno}: {left} and {right} are not compared so")
        left = right
    return "truth"


def _listed(node: nodes.Node, kinds: Kinds) -> Kind:
    """What something can be in: also constants in brackets."""
    if isinstance(node, nodes.List | nodes.Tuple):
        if any(not isinstance(item, nodes.Const) or kind_of(item, kinds) != "text" for item in node.items):
            raise TemplateRefused(f"line {node.lineno}: a list in a template holds constant texts")
        return "list"
    return kind_of(node, kinds)


def _comparable(left: Kind, operator: str, right: Kind) -> bool:
    if operator in ("in", "notin"):
        return left == "text" and right in ("text", "list")
    if operator in ("eq", "ne"):
        return left == right and left in ("text", "number", "truth")
    return left == right == "number"


def _joined(node: nodes.BinExpr, kinds: Kinds) -> Kind:
    kind_of(node.left, kinds)
    kind_of(node.right, kinds)
    return "truth"


def _negated(node: nodes.Not, kinds: Kinds) -> Kind:
    kind_of(node.node, kinds)
    return "truth"


def _chosen(node: nodes.CondExpr, kinds: Kinds) -> Kind:
    if node.expr2 is None:
        raise TemplateRefused(f"line {node.lineno}: an `if` in an expression needs its `else`")
    kind_of(node.test, kinds)
    first, second = kind_of(node.expr1, kinds), kind_of(node.expr2, kinds)
    if first != second:
        raise TemplateRefused(f"line {node.lineno}: `if` and `else` give different kinds: {first}, {second}")
    return first


def _filtered(node: nodes.Filter, kinds: Kinds) -> Kind:
    if node.name not in FILTERS or node.node is None:
        raise TemplateRefused(f"line {node.lineno}: the filter {node.name!r} may not be used; these may: {', '.join(sorted(FILTERS))}")
    takes, gives = FILTERS[node.name]
    if kind_of(node.node, kinds) not in takes:
        raise TemplateRefused(f"line {node.lineno}: the filter {node.name!r} takes {' or '.join(sorted(takes))}")
    if isinstance(node.node, nodes.Filter) and node.name == "tojson" == node.node.name:
        raise TemplateRefused(f"line {node.lineno}: the filter 'tojson' is used twice")
    if node.kwargs or node.dyn_args or node.dyn_kwargs or not _separates(node):
        raise TemplateRefused(f"line {node.lineno}: the filter {node.name!r} may not have these arguments")
    return gives


def _separates(node: nodes.Filter) -> bool:
    """Only `join` has an argument: a constant, short text."""
    if node.name != "join":
        return not node.args
    separator = node.args[0] if len(node.args) == 1 else None
    return isinstance(separator, nodes.Const) and isinstance(separator.value, str) and len(separator.value) <= LONGEST_SEPARATOR


_RULES: Mapping[type[nodes.Node], Callable[..., Kind]] = {
    nodes.Name: _name,
    nodes.Getattr: _attribute,
    nodes.Const: _constant,
    nodes.TemplateData: lambda node, kinds: "text",
    nodes.Compare: _compared,
    nodes.And: _joined,
    nodes.Or: _joined,
    nodes.Not: _negated,
    nodes.CondExpr: _chosen,
    nodes.Filter: _filtered,
}
"""All that a template may say. No calls, no arithmetic, no subscripts, no assignments, no tests: nothing that could grow or reach out."""
