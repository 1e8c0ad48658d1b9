"""Inputs of a prompt, as they are written on a command line."""

import json
from collections.abc import Iterable

from chancery_contracts.base import InputValue

from chancery_cli.errors import CommandFailed


def read_inputs(given: Iterable[str]) -> dict[str, InputValue]:
    """`NAME=VALUE` each. A whole number, true, false or a list of texts in JSON is what it says; all else is a text."""
    found: dict[str, InputValue] = {}
    for one in given:
        name, separator, value = one.partition("=")
        if not separator or not name:
            raise CommandFailed("an input is written NAME=VALUE")
        if name in found:
            raise CommandFailed(f"the input {name} is given twice")
        found[name] = _value(value)
    return found


def _value(text: str) -> InputValue:
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if isinstance(read, list) and all(isinstance(item, str) for item in read):
        return tuple(read)
    return read if isinstance(read, bool | int | str) else text
