"""Hashes of registry bodies."""

import hashlib
import json


def body_sha256(body: dict[str, object]) -> str:
    """SHA-256 of canonical JSON. Bodies hold strings, integers and finite decimals, sorted by key, compact (RFC 8785 §3.2 for these).

    Raises ValueError for what JSON cannot say.
    """
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
