"""The canonical envelope of one entry: RFC 8785 JSON of strings and integers, small enough for a tlog-tiles entry bundle."""

import json
from collections.abc import Mapping
from typing import Any

import rfc8785

from chancery_ledger.errors import LeafRefused

LeafFields = Mapping[str, str | int]
MAX_LEAF_BYTES = 65_534
"""Entry bundles give an entry's length in 16 bits (C2SP tlog-tiles, *Log entries*)."""
_SAFE = 2**53 - 1
_ENCODE = json.JSONEncoder(ensure_ascii=False, check_circular=False, sort_keys=True, separators=(",", ":")).encode


def canonical_json(value: Any) -> bytes:
    """RFC 8785 bytes. Raises LeafRefused for what has none (NaN, integers beyond 2^53 - 1, lone surrogates)."""
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeError) as exc:
        raise LeafRefused("not representable in canonical JSON") from exc


def leaf_bytes(fields: LeafFields) -> bytes:
    """The bytes that are hashed and kept. Raises LeafRefused."""
    for value in fields.values():
        if type(value) is not str and (type(value) is not int or not -_SAFE <= value <= _SAFE):
            raise LeafRefused("a leaf holds text and integers up to 2^53 - 1 only")
    data = _flat_json(fields) if "".join(fields).isascii() else canonical_json(dict(fields))
    if len(data) > MAX_LEAF_BYTES:
        raise LeafRefused(f"a leaf of {len(data)} bytes; {MAX_LEAF_BYTES} are allowed")
    return data


def _flat_json(fields: LeafFields) -> bytes:
    """RFC 8785 of text and safe integers under ASCII names, which Python's own encoder sorts and writes the same way, ten times as fast."""
    try:
        return _ENCODE(fields if isinstance(fields, dict) else dict(fields)).encode()
    except UnicodeError as exc:
        raise LeafRefused("not representable in canonical JSON") from exc


def read_leaf(data: bytes) -> dict[str, str | int]:
    """The fields of a leaf. Raises LeafRefused unless the bytes are exactly what `leaf_bytes` makes."""
    try:
        fields = json.loads(data)
    except (ValueError, RecursionError) as exc:
        raise LeafRefused("not JSON") from exc
    if not isinstance(fields, dict) or leaf_bytes(fields) != data:
        raise LeafRefused("not in canonical form")
    return fields
