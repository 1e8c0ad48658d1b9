"""What is different between two bodies: as lines that people read, and member by member."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from typing import Any, Literal

import yaml

Op = Literal["added", "removed", "changed"]
_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Difference:
    """One member, by its pointer (RFC 6901)."""

    pointer: str
    op: Op
    before: Any = None
    after: Any = None


class _Dumper(yaml.SafeDumper):
    """Texts of many lines as such: a prompt's change is seen in its lines."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def lines(body: Mapping[str, Any]) -> list[str]:
    """The body as YAML, sorted by key."""
    return yaml.dump(dict(body), Dumper=_Dumper, sort_keys=True, allow_unicode=True, width=4_096).splitlines()


def diff_text(before: Mapping[str, Any], after: Mapping[str, Any], names: tuple[str, str]) -> str:
    """A unified diff; empty where nothing is different."""
    return "\n".join(unified_diff(lines(before), lines(after), *names, lineterm=""))


def differences(before: Any, after: Any, at: str = "") -> Iterator[Difference]:
    """Member by member, in the order of their pointers. What is of another type is changed as a whole."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in sorted({*before, *after}):
            step = f"{at}/{str(name).replace('~', '~0').replace('/', '~1')}"
            yield from _member(before.get(name, _ABSENT), after.get(name, _ABSENT), step)
    elif _is_list(before) and _is_list(after):
        for number in range(max(len(before), len(after))):
            old, new = (side[number] if number < len(side) else _ABSENT for side in (before, after))
            yield from _member(old, new, f"{at}/{number}")
    elif before != after or type(before) is not type(after):
        yield Difference(at, "changed", before, after)


def _member(before: Any, after: Any, at: str) -> Iterator[Difference]:
    if before is _ABSENT:
        yield Difference(at, "added", after=after)
    elif after is _ABSENT:
        yield Difference(at, "removed", before=before)
    else:
        yield from differences(before, after, at)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)
