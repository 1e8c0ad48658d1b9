"""Pseudonyms: `<PERSON_7K2M>`, from a keyed hash of type and value; the same in a scope, meaningless elsewhere."""

import hashlib
import hmac
import re
import unicodedata

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""No 0, O, 1, I, L, U: nothing that reads as something else."""
SHORTEST, LONGEST = 4, 12
TOKEN = re.compile(r"<([A-Z][A-Z_]{1,40})_([2-9A-HJKMNP-TV-Z]{4,12})>")


def normalise(entity_type: str, value: str) -> str:
    """What makes two spellings one value: case, spaces and, in numbers, separators do not count."""
    text = " ".join(unicodedata.normalize("NFKC", value).split()).casefold()
    if entity_type in {"IBAN_CODE", "CREDIT_CARD", "PHONE_NUMBER", "UK_ACCOUNT", "UK_NINO", "US_SSN"}:
        return re.sub(r"[^0-9a-z+]", "", text)
    return text


def value_hash(key: bytes, scope: str, entity_type: str, value: str) -> bytes:
    """HMAC-SHA256 of scope, type and normalised value."""
    message = "\0".join((scope, entity_type, normalise(entity_type, value)))
    return hmac.new(key, message.encode(), hashlib.sha256).digest()


def token(entity_type: str, digest: bytes, attempt: int = 0) -> str:
    """The pseudonym of a value's hash. Where it is taken, the next attempt gives a longer one that has nothing in common with it."""
    source = digest if attempt == 0 else hashlib.sha256(digest + attempt.to_bytes(4, "big")).digest()
    number = int.from_bytes(source, "big")
    letters = []
    for _ in range(min(SHORTEST + attempt, LONGEST)):
        number, rest = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[rest])
    return f"<{entity_type}_{''.join(letters)}>"
