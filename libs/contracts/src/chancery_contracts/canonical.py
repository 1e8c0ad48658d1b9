"""Registry bodies as canonical JSON, and their hashes."""

import hashlib
import json
from typing import Any


def canonical_body(body: dict[str, Any]) -> str:
    """Canonical JSON. Bodies hold strings, integers and finite decimals, sorted by key, compact (RFC 8785 §3.2 for these).

    Raises ValueError for what JSON cannot say.
    """
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def body_sha256(body: dict[str, Any]) -> str:
    """SHA-256 of the canonical JSON, in hexadecimal. Raises ValueError for what JSON cannot say."""
    return hashlib.sha256(canonical_body(body).encode()).hexdigest()
