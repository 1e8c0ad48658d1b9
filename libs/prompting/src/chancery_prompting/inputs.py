"""Typed inputs: what is declared, what is given, what comes of both."""

import json
import re
from collections.abc import Mapping

from chancery_contracts.base import InputValue
from chancery_contracts.bodies.prompts import INPUT_NAME, PromptInput

from chancery_prompting.errors import InputRefused, TemplateRefused
from chancery_prompting.values import BUILT_IN

LARGEST_INTEGER = 2**53 - 1
"""What every reader of JSON keeps exactly (RFC 8259 §6)."""
_NAME = re.compile(INPUT_NAME)
_FIGURES = re.compile(r"\d{5}")
_RESERVED = BUILT_IN | {"loop", "true", "false", "none", "not", "and", "or", "in", "is", "if", "else", "for"}
Declared = Mapping[str, PromptInput]
Given = Mapping[str, InputValue]


def check_declared(declared: Declared, includes: Mapping[str, object]) -> None:
    """Raises TemplateRefused where names clash or a declaration contradicts itself."""
    for name in (*declared, *includes):
        if not _NAME.match(name) or _FIGURES.search(name) or name in _RESERVED:
            raise TemplateRefused(f"{name!r} is no name for an input or include: small letters, figures (four in a row at most) and _")
    for name in set(declared) & set(includes):
        raise TemplateRefused(f"{name!r} is an input and an include")
    for name, one in declared.items():
        _check_one(name, one)


def _check_one(name: str, one: PromptInput) -> None:
    if (one.type == "enum") != bool(one.choices):
        raise TemplateRefused(f"the input {name!r}: an enum has choices, and nothing else has")
    if one.required and one.default is not None:
        raise TemplateRefused(f"the input {name!r} is required: its default would never be used")
    if one.type == "integer" and not one.required and one.default is None:
        raise TemplateRefused(f"the input {name!r}: an integer is required or has a default, as it cannot be empty")
    if one.default is not None and (problem := misfit(one, one.default)):
        raise TemplateRefused(f"the default of {name!r} does not fit: it takes {problem}")


def resolve(declared: Declared, given: Given, configured: Given) -> dict[str, InputValue]:
    """Every declared input: what the request gives, else the use case, else the default, else empty. Raises InputRefused."""
    for name in given:
        if name not in declared:
            raise InputRefused(f"The input {name!r} is not known to this use case. It takes: {', '.join(sorted(declared)) or 'none'}.")
    return {name: _resolved(name, one, given.get(name, configured.get(name))) for name, one in declared.items()}


def _resolved(name: str, one: PromptInput, value: InputValue | None) -> InputValue:
    if value is None:
        if one.required:
            raise InputRefused(f"The input {name!r} is missing: it takes {wanted(one)}.")
        return one.default if one.default is not None else empty(one)
    if problem := misfit(one, value):
        raise InputRefused(f"The input {name!r} does not fit: it takes {problem}.")
    return value


def masked(declared: Declared, given: Given, configured: Given) -> dict[str, InputValue]:
    """As `resolve`, for values that passed it and were masked since: pseudonyms may be longer than what they stand for.

    What another version of the prompt does not declare is left out. Raises InputRefused where it needs one that is missing.
    """
    known = {name: value for name, value in given.items() if name in declared and kind_fits(declared[name], value)}
    return {
        name: known[name] if name in known else _resolved(name, one, configured.get(name)) for name, one in declared.items()
    }  # fmt: skip


def empty(one: PromptInput) -> InputValue:
    """What an input is that was not given."""
    if one.type == "boolean":
        return False
    return () if one.type == "list" else ""


def is_empty(value: InputValue) -> bool:
    """Nothing is written for it."""
    return value in ("", ())


def kind_fits(one: PromptInput, value: InputValue) -> bool:
    """Whether it is of the type, whatever its size."""
    if one.type == "boolean":
        return isinstance(value, bool)
    if one.type == "integer":
        return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST_INTEGER
    if one.type == "list":
        return isinstance(value, tuple) and all(isinstance(item, str) for item in value)
    return isinstance(value, str)


def misfit(one: PromptInput, value: InputValue) -> str | None:
    """What the input takes, where the value is something else."""
    fits = kind_fits(one, value)
    if fits and isinstance(value, tuple):
        fits = len(value) <= one.max_items and all(len(item) <= one.max_length for item in value)
    elif fits and isinstance(value, str):
        fits = len(value) <= one.max_length and (one.type != "enum" or value in one.choices)
    return None if fits else wanted(one)


def wanted(one: PromptInput) -> str:
    """In words for a requester."""
    words = {
        "string": f"a text of at most {one.max_length} characters",
        "integer": "a whole number",
        "boolean": "true or false",
        "enum": f"one of: {', '.join(one.choices)}",
        "list": f"at most {one.max_items} texts of at most {one.max_length} characters",
    }
    return words[one.type]


def as_text(inputs: Given) -> str:
    """The inputs as one JSON text: what is masked as a message after the last one, and what positions of findings refer to."""
    return json.dumps(dict(inputs), ensure_ascii=False, sort_keys=True)
