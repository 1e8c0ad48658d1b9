"""Bounded JSON Schemas, and whether an answer fits one. No references, no patterns: a schema's work is its size times the answer's."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from chancery_contracts.canonical import body_sha256
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from chancery_prompting.errors import SchemaRefused

LONGEST_SCHEMA = 20_000
DEEPEST_SCHEMA = 10
KEYWORDS = frozenset({
    "type", "properties", "required", "additionalProperties", "items", "prefixItems", "enum", "const", "anyOf", "title", "description",
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "minItems", "maxItems",
    "minProperties", "maxProperties", "default", "examples", "format",
})  # fmt: skip
"""JSON Schema 2020-12 without what takes long (`pattern`, `uniqueItems`), reaches out or comes back (`$ref`)."""
_LITERAL = frozenset({"enum", "const", "default", "examples"})
_FENCE = "```"


def check_schema(schema: Mapping[str, Any]) -> None:
    """Raises SchemaRefused."""
    if len(json.dumps(schema)) > LONGEST_SCHEMA:
        raise SchemaRefused(f"the schema has more than {LONGEST_SCHEMA} characters")
    if schema.get("type") != "object":
        raise SchemaRefused("the schema's root is of type object")
    _check_part(schema, 0)
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as exc:
        raise SchemaRefused(f"no JSON Schema: {exc.json_path}") from exc


def _check_part(schema: Any, depth: int) -> None:
    if isinstance(schema, bool):
        return
    if not isinstance(schema, Mapping):
        raise SchemaRefused("a schema is an object, true or false")
    if depth > DEEPEST_SCHEMA:
        raise SchemaRefused(f"the schema is more than {DEEPEST_SCHEMA} deep")
    for keyword, value in schema.items():
        if keyword not in KEYWORDS:
            raise SchemaRefused(f"the schema uses {keyword!r}, which may not be used")
        for one in _parts(keyword, value):
            _check_part(one, depth + 1)


def _parts(keyword: str, value: Any) -> list[Any]:
    if keyword in ("items", "additionalProperties"):
        return [value]
    if keyword in ("anyOf", "prefixItems") and isinstance(value, list):
        return value
    return list(value.values()) if keyword == "properties" and isinstance(value, Mapping) else []


def read_output(schema: Mapping[str, Any], text: str) -> tuple[Any, bool]:
    """The answer as JSON, and whether it fits. A fence around it is taken off: models put one."""
    try:
        value = json.loads(unfenced(text), parse_constant=_refused)
    except (ValueError, RecursionError):
        return None, False
    return value, _validator(body_sha256(dict(schema)), json.dumps(schema)).is_valid(value)


def fits(schema: Mapping[str, Any] | None, text: str) -> bool | None:
    """Whether an answer fits; None where nothing is asked for."""
    return None if schema is None else read_output(schema, text)[1]


def unfenced(text: str) -> str:
    """Without the lines of a Markdown fence around all of it."""
    stripped = text.strip()
    if not (stripped.startswith(_FENCE) and stripped.endswith(_FENCE) and "\n" in stripped):
        return stripped
    return stripped[stripped.index("\n") : -len(_FENCE)].strip()


@lru_cache(maxsize=256)
def _validator(_sha256: str, schema: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads(schema))


def _refused(constant: str) -> Any:
    raise ValueError(constant)  # NaN and Infinity are no JSON
