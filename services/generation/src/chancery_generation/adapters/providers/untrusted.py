"""Looks into documents that may hold anything: what is not of the expected type is as if it were not there."""

import json
from typing import Any

from chancery_generation.adapters.providers.wire import Unreadable


def document(content: bytes | bytearray) -> dict[str, Any]:
    """A JSON object. Raises Unreadable."""
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as exc:
        raise Unreadable from exc
    if not isinstance(value, dict):
        raise Unreadable
    return value


def mapping(value: Any) -> dict[str, Any]:
    """An object, or an empty one."""
    return value if isinstance(value, dict) else {}


def mappings(value: Any) -> list[dict[str, Any]]:
    """The objects of a list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def words(value: Any) -> str:
    """A string, or an empty one."""
    return value if isinstance(value, str) else ""


def arguments(value: Any) -> str:
    """Of a tool call: JSON already, or an object that becomes it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) if isinstance(value, dict) else words(value)
