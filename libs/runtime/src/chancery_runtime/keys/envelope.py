"""What a wrapped key looks like: whose format (1 byte), which version (4 bytes, big-endian), then what that key service made of it.

Blobs of before versions are 60 bytes (nonce 12, key 32, tag 16) and nothing else; none of the formats here is as long.
"""

from chancery_runtime.errors import CorruptSeal
from chancery_runtime.keys.sealing import KEY_BYTES, NONCE_BYTES

LEGACY_BYTES = NONCE_BYTES + KEY_BYTES + 16
LOCAL, TRANSIT, KMS = 1, 2, 3
_HEAD = 5


def mark(form: int, version: int) -> bytes:
    """The first five bytes."""
    return bytes([form]) + version.to_bytes(4, "big")


def pack(form: int, version: int, body: bytes) -> bytes:
    """A blob."""
    return mark(form, version) + body


def unpack(wrapped: bytes, form: int) -> tuple[int, bytes]:
    """Version and body; 0 for one of before versions. Raises CorruptSeal for another key service's, and what is none."""
    if len(wrapped) == LEGACY_BYTES:
        return 0, wrapped
    if len(wrapped) <= _HEAD or wrapped[0] != form:
        raise CorruptSeal("this is no key that this key service has wrapped")
    return int.from_bytes(wrapped[1:_HEAD], "big"), wrapped[_HEAD:]


def form_of(wrapped: bytes) -> int:
    """Whose it is. Raises CorruptSeal."""
    if len(wrapped) == LEGACY_BYTES:
        return LOCAL
    if len(wrapped) <= _HEAD:
        raise CorruptSeal("this is no wrapped key")
    return wrapped[0]
