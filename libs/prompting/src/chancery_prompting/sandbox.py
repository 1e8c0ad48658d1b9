"""Jinja templates in a strict sandbox: read within bounds, checked as trees, and rendered step by step under a count.

What a template may say is `kinds` and `checking_trees`; what is not there refuses before anything runs. The sandbox beneath
(immutable, no globals, no loader, undefined names raise) would refuse the rest a second time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from chancery_contracts.bodies.prompts import LONGEST_TEMPLATE
from jinja2 import StrictUndefined, TemplateError, nodes
from jinja2.environment import Template
from jinja2.sandbox import ImmutableSandboxedEnvironment

from chancery_prompting.checking_trees import MOST_STEPS, check_tree
from chancery_prompting.errors import TemplateRefused
from chancery_prompting.instrumenting import PUT, TOOK, Branch, instrument
from chancery_prompting.kinds import FILTERS, READABLE, Kind
from chancery_prompting.recording import Recorder
from chancery_prompting.values import Piece, Value

LONGEST_EXPRESSION = 200
"""Words and signs between two braces: deeper than this no expression can be."""
_ATTRIBUTES = frozenset(name for _, name in READABLE)
_SILENT = frozenset({"whitespace", "data", "comment", "comment_begin", "comment_end"})


class _Sandbox(ImmutableSandboxedEnvironment):
    """Reads the attributes of `kinds.READABLE`; calls the recorder, and nothing else."""

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        return attr in _ATTRIBUTES and super().is_safe_attribute(obj, attr, value)

    def is_safe_callable(self, obj: Any) -> bool:
        return isinstance(getattr(obj, "__self__", None), Recorder)


@dataclass(frozen=True, slots=True)
class Compiled:
    """A template that may run. `steps`: the most that it takes."""

    template: Template
    names: frozenset[str]
    branches: tuple[Branch, ...]
    steps: int

    def run(self, values: Mapping[str, Value]) -> tuple[tuple[Piece, ...], tuple[int, ...]]:
        """The pieces, in order, and the numbers of the branches that were taken. Raises TemplateRefused for too much text."""
        recorder = Recorder(MOST_STEPS)
        known = {name: values[name] for name in self.names if name in values}
        try:
            for _ in self.template.generate({**known, PUT: recorder.put, TOOK: recorder.took}):
                pass
        except (TemplateError, TypeError) as exc:
            raise TemplateRefused("the template cannot be rendered with these values") from exc
        return recorder.pieces(), recorder.branches()


@lru_cache(maxsize=512)
def compiled(source: str, kinds: tuple[tuple[str, Kind], ...], lengths: tuple[tuple[str, int], ...]) -> Compiled:
    """Checks and compiles. `lengths`: the most items that each list may have. Raises TemplateRefused."""
    environment = _environment()
    tree, known = _read(environment, source), dict(kinds)
    try:
        steps = check_tree(tree, known, dict(lengths))
        branches = instrument(tree, known)
        code = environment.compile(tree)
    except RecursionError as exc:
        raise TemplateRefused("the template is nested too deeply") from exc
    return Compiled(Template.from_code(environment, code, {}), frozenset(known), branches, steps)


def _environment() -> _Sandbox:
    environment = _Sandbox(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True, cache_size=0)
    environment.globals = {}
    environment.filters = {name: environment.filters[name] for name in FILTERS}
    environment.tests = {}
    return environment


def _read(environment: _Sandbox, source: str) -> nodes.Template:
    if len(source) > LONGEST_TEMPLATE:
        raise TemplateRefused(f"a template has {LONGEST_TEMPLATE} characters at most")
    try:
        _measure(environment, source)
        return environment.parse(source)
    except TemplateError as exc:
        raise TemplateRefused(f"line {getattr(exc, 'lineno', 0)}: {exc.message}") from exc
    except (RecursionError, ValueError, OverflowError) as exc:
        raise TemplateRefused("the template cannot be read") from exc


def _measure(environment: _Sandbox, source: str) -> None:
    """Before parsing, which follows brackets by recursion."""
    words = 0
    for line, kind, _ in environment.lex(source):
        words = 0 if kind.endswith("_end") or kind in _SILENT - {"whitespace"} else words + (kind not in _SILENT)
        if words > LONGEST_EXPRESSION:
            raise TemplateRefused(f"line {line}: an expression has {LONGEST_EXPRESSION} words at most")
