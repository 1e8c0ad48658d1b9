"""Pseudonyms: `<PERSON_7K2M>`, from a keyed hash of type and value; the same in a scope, meaningless elsewhere (decision 0008)."""

import hashlib
import hmac
import re
import unicodedata

from chancery_redaction.domain.recognizers import SEPARATED_TYPES
from chancery_redaction.domain.spellings import is_exact

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""No 0, O, 1, I, L, U: nothing that reads as something else."""
SHORTEST, LONGEST = 4, 12
ATTEMPTS = 64
"""A value's names, before none is left for it: each is longer than the one before, up to the longest."""
TOKEN = re.compile(r"<([A-Z][A-Z_]{1,40})_([2-9A-HJKMNP-TV-Z]{4,12})>")


def normalise(entity_type: str, value: str) -> str:
    """What makes two spellings one value: case, spaces and, in numbers, separators do not count."""
    if is_exact(value):
        return value
    text = " ".join(unicodedata.normalize("NFKC", value).split()).casefold()
    if entity_type in SEPARATED_TYPES:
        return re.sub(r"[^0-9a-z+]", "", text)
    return text


def value_hash(key: bytes, scope: str, entity_type: str, value: str) -> bytes:
    """HMAC-SHA256 of scope, type and normalised value."""
    return _keyed(key, scope, entity_type, normalise(entity_type, value))


def spelling_hash(key: bytes, scope: str, entity_type: str, value: str) -> bytes:
    """HMAC-SHA256 of scope, type and the value exactly as it is written; never equal to a `value_hash`."""
    return _keyed(key, scope, entity_type, value, "as written")


def _keyed(key: bytes, *parts: str) -> bytes:
    # A text may hold half of a surrogate pair (JSON can write one), which UTF-8 cannot.
    return hmac.new(key, "\0".join(parts).encode(errors="surrogatepass"), hashlib.sha256).digest()


def token(entity_type: str, digest: bytes, attempt: int = 0) -> str:
    """The pseudonym of a value's hash. Where one is taken, or was erased, the next attempt's tells nothing of it and is longer."""
    length = min(SHORTEST + attempt, LONGEST)
    source = digest if attempt == 0 else hashlib.sha256(digest + attempt.to_bytes(4, "big")).digest()
    number = int.from_bytes(source, "big")
    letters = []
    for _ in range(length):
        number, rest = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[rest])
    return f"<{entity_type}_{''.join(letters)}>"
