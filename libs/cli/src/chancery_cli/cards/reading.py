"""Taking what fits out of what a stranger wrote: never more than a bound, never of another type."""

from collections.abc import Iterable, Iterator
from typing import Any

import yaml

from chancery_cli.errors import CommandFailed

LONGEST = 500
MOST = 100
MOST_YAML = 524_288
DEEPEST = 32
_OPENING = (yaml.FlowSequenceStartToken, yaml.FlowMappingStartToken, yaml.BlockSequenceStartToken, yaml.BlockMappingStartToken)
_CLOSING = (yaml.FlowSequenceEndToken, yaml.FlowMappingEndToken, yaml.BlockEndToken)


def text(value: Any, most: int = LONGEST) -> str | None:
    """One line of text, if it is text or a number."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    found = " ".join(str(value).split())
    return (found if len(found) <= most else found[: most - 1] + "…") or None


def texts(value: Any, most: int = MOST) -> tuple[str, ...]:
    """Several, or one; no text twice."""
    found = (text(one) for one in (value if isinstance(value, list) else [value]))
    return tuple(dict.fromkeys(one for one in found if one))[:most]


def mapping(value: Any) -> dict[str, Any]:
    """A mapping with text for keys, else an empty one."""
    return {str(key): one for key, one in value.items()} if isinstance(value, dict) else {}


def mappings(value: Any) -> Iterator[dict[str, Any]]:
    """Those of a list."""
    yield from (mapping(one) for one in (value[:MOST] if isinstance(value, list) else ()) if isinstance(one, dict))


def yaml_mapping(source: str, where: str) -> dict[str, Any]:
    """Raises CommandFailed where it is none, or no card's. No aliases: a few lines of them can stand for more than fits into memory."""
    if len(source) > MOST_YAML:
        raise CommandFailed(f"{where} is longer than {MOST_YAML} characters")
    try:
        _check(yaml.scan(source, Loader=yaml.SafeLoader), where)
        found = yaml.safe_load(source)
    except (yaml.YAMLError, RecursionError, ValueError) as exc:
        raise CommandFailed(f"{where} is no YAML") from exc
    if not isinstance(found, dict):
        raise CommandFailed(f"{where} is no YAML mapping")
    return mapping(found)


def _check(tokens: Iterable[yaml.Token], where: str) -> None:
    """Before anything is built. Deep nesting takes the scanner the square of its depth."""
    depth = 0
    for token in tokens:
        if isinstance(token, yaml.AliasToken):
            raise CommandFailed(f"{where} has YAML aliases, which no model card needs")
        depth += isinstance(token, _OPENING) - isinstance(token, _CLOSING)
        if depth > DEEPEST:
            raise CommandFailed(f"{where} is nested too deep")
