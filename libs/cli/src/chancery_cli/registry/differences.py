"""What changed between two bodies, in lines that people read."""

import difflib
import re
from typing import Any

from chancery_cli.registry.yaml_text import dump_yaml

LONG = 100
_SENTENCE_END = re.compile(r"(?<=[.!?:;]) +")


def difference(old: dict[str, Any], new: dict[str, Any], names: tuple[str, str] = ("", "")) -> tuple[str, ...]:
    """A unified difference of the bodies as YAML, keys in order, long texts a sentence a line; empty where nothing changed."""
    lines = difflib.unified_diff(_lines(old), _lines(new), *names, lineterm="", n=2)
    return tuple(line for line in lines if line.strip() not in {"---", "+++"})


def _lines(body: dict[str, Any]) -> list[str]:
    return dump_yaml(_readable(body)).splitlines()


def _readable(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _readable(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [_readable(one) for one in value]
    if isinstance(value, str):  # a text of a file of its own shows as what it says
        return "\n".join(_SENTENCE_END.sub("\n", line) if len(line) > LONG else line for line in value.split("\n"))
    return value
