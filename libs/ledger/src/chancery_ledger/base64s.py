"""Base64 as the formats mean it: one spelling of each value, so that nobody can change a byte and nothing notice (RFC 4648 §3.5)."""

import base64
import binascii

from chancery_ledger.errors import Malformed


def encode64(data: bytes) -> str:
    """Standard alphabet, padded."""
    return base64.b64encode(data).decode()


def decode64_bytes(text: bytes) -> bytes:
    """The same as `decode64` for ASCII bytes, sooner. Raises Malformed."""
    try:
        data = binascii.a2b_base64(text)
    except (binascii.Error, ValueError) as exc:
        raise Malformed("not base64") from exc
    if binascii.b2a_base64(data, newline=False) != text:
        raise Malformed("not the canonical base64 of its bytes")
    return data


def decode64(text: str, length: int | None = None) -> bytes:
    """Raises Malformed for anything that `encode64` would not have written, and for another length in bytes."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as exc:
        raise Malformed("not base64") from exc
    if encode64(data) != text:
        raise Malformed("not the canonical base64 of its bytes")
    if length is not None and len(data) != length:
        raise Malformed(f"{len(data)} bytes where {length} are expected")
    return data


def decimal(text: str) -> int:
    """A non-negative integer below 2^63, in ASCII without sign and leading zeros. Raises Malformed."""
    if not (text.isascii() and text.isdigit()) or (text[0] == "0" and text != "0") or len(text) > 19 or int(text) >= 1 << 63:
        raise Malformed("not a decimal number")
    return int(text)
