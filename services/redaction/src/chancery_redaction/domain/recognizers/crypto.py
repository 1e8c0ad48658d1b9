"""Addresses of Bitcoin (base58check, bech32 and bech32m) and Ethereum (EIP-55)."""

import re
from hashlib import sha256

from chancery_redaction.domain.recognizers.keccak import keccak256
from chancery_redaction.domain.recognizers.recognizer import Recognizer, whole

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_OLD = re.compile(r"(?<![A-Za-z0-9])[13][1-9A-HJ-NP-Za-km-z]{25,34}(?![A-Za-z0-9])")
_SEGWIT = re.compile(r"(?<![A-Za-z0-9])(?:bc1[02-9ac-hj-np-z]{11,71}|BC1[02-9AC-HJ-NP-Z]{11,71})(?![A-Za-z0-9])")
_ETHEREUM = re.compile(r"(?<![A-Za-z0-9])0x[0-9A-Fa-f]{40}(?![A-Za-z0-9])")


def _base58check(value: str) -> bool:
    number = 0
    for char in value:
        number = number * 58 + _BASE58.index(char)
    if number.bit_length() > 200:
        return False
    raw = number.to_bytes(25, "big")
    return raw[0] in (0, 5) and sha256(sha256(raw[:21]).digest()).digest()[:4] == raw[21:]


def _bech32(value: str) -> bool:
    """BIP 173 and BIP 350: the human part `bc`, the checksum's constant by version."""
    data = [_BECH32.index(char) for char in value.lower()[3:]]
    checksum = 1
    for item in [3, 3, 0, 2, 3, *data]:  # `bc`, expanded
        top = checksum >> 25
        checksum = (checksum & 0x1FFFFFF) << 5 ^ item
        for place, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            checksum ^= generator if (top >> place) & 1 else 0
    return checksum == (1 if data[0] == 0 else 0x2BC830A3)


def _eip55(value: str) -> bool:
    """Letters of both cases are a checksum; of one case they are none."""
    digits = value[2:]
    if digits in (digits.lower(), digits.upper()):
        return True
    digest = keccak256(digits.lower().encode()).hex()
    return all(char.isdigit() or char.isupper() == (int(nibble, 16) >= 8) for char, nibble in zip(digits, digest, strict=False))


RECOGNIZERS = (
    Recognizer("CRYPTO", _OLD, 1.0, "base58check", whole(_base58check)),
    Recognizer("CRYPTO", _SEGWIT, 1.0, "bech32, bech32m", whole(_bech32), cues=("bc1",)),
    Recognizer("CRYPTO", _ETHEREUM, 0.95, "EIP-55 where the case is mixed", whole(_eip55), cues=("0x",)),
)
