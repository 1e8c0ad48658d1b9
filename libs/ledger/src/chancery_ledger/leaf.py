"""Leaves: small canonical envelopes, RFC 8785 JSON of strings and integers."""

from collections.abc import Mapping

import rfc8785

from chancery_ledger.errors import LeafTooLarge

MAX_LEAF_BYTES = 65_535
"""C2SP tlog-tiles: an entry's length is a u16."""

Leaf = Mapping[str, "str | int"]


def canonical(leaf: Leaf) -> bytes:
    """The leaf's bytes. Raises LeafTooLarge."""
    data = bytes(rfc8785.dumps(dict(leaf)))
    if len(data) >= MAX_LEAF_BYTES:
        raise LeafTooLarge(f"{len(data)} bytes")
    return data
