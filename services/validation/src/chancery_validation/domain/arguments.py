"""What tools are called with, as text that checks can read."""

import json
from collections.abc import Iterator
from typing import Any

DEEPEST = 8
"""A string of JSON may hold JSON; deeper than this nothing is looked into."""


def arguments_text(arguments: str) -> str:
    """Every key and value on a line of its own, without JSON's escapes; the arguments as they are where they are no JSON."""
    return "\n".join(_scalars(arguments, DEEPEST))


def _scalars(text: str, depth: int) -> Iterator[str]:
    value = _read(text) if depth else None
    if not isinstance(value, dict | list):
        yield text
        return
    waiting: list[Any] = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            yield from one
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
        elif isinstance(one, str):
            yield from _scalars(one, depth - 1)
        else:
            yield json.dumps(one)


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
