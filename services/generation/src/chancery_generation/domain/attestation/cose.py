"""COSE_Sign1 (RFC 9052 §4.2), as Nitro writes it: ES384, nothing unprotected, the payload inside."""

from dataclasses import dataclass
from typing import Any

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA384

from chancery_generation.errors import AttestationRefused

LONGEST_DOCUMENT = 16_384
"""Bytes. The largest that Nitro makes has about half of it."""
_TAG = b"\xd2"
"""COSE_Sign1's tag, 18, in one byte. Nitro leaves it out."""
_PROTECTED = cbor2.dumps({1: -35})
"""`alg: ES384` (RFC 9053 §2.1), and no other header."""
_HALF = 48
_TAGS = (0, 1, 2, 3, 4, 5, 25, 28, 29, 30, 35, 36, 37, 52, 54, 100, 256, 258, 260, 261, 1004, 43000, 55799)
"""Those that the decoder would make something of: regular expressions, large numbers, references. No document has any."""


@dataclass(frozen=True, slots=True)
class Signed:
    """What was signed, and the signature: r and s, each of 48 bytes."""

    payload: bytes
    signature: bytes


def read_cose(document: bytes) -> Signed:
    """Raises AttestationRefused. Only the one shortest encoding is read, so that nothing can hide beside what is signed."""
    if len(document) > LONGEST_DOCUMENT:
        raise AttestationRefused(f"the document has more than {LONGEST_DOCUMENT} bytes")
    parts = decode(document.removeprefix(_TAG), allow_indefinite=False)
    if not isinstance(parts, list) or len(parts) != 4:
        raise AttestationRefused("the document is not a COSE_Sign1 structure")
    protected, _, payload, signature = parts
    if not isinstance(payload, bytes) or not isinstance(signature, bytes) or len(signature) != 2 * _HALF:
        raise AttestationRefused("the document's payload or signature has a wrong type or length")
    if protected != _PROTECTED:
        raise AttestationRefused("the document is not signed by ES384 alone")
    if cbor2.dumps([protected, {}, payload, signature]) != document.removeprefix(_TAG):
        raise AttestationRefused("the document is not in its shortest form, has unprotected headers, or goes on after its end")
    return Signed(payload, signature)


def check_signature(signed: Signed, key: EllipticCurvePublicKey) -> None:
    """RFC 9052 §4.4, over `Sig_structure` without external data. Raises AttestationRefused."""
    halves = (int.from_bytes(half) for half in (signed.signature[:_HALF], signed.signature[_HALF:]))
    try:
        key.verify(encode_dss_signature(*halves), cbor2.dumps(["Signature1", _PROTECTED, b"", signed.payload]), ECDSA(SHA384()))
    except InvalidSignature as exc:
        raise AttestationRefused("the document's signature is not its certificate's") from exc


def decode(data: bytes, *, allow_indefinite: bool) -> Any:
    """The first CBOR item; no key twice, no tags, bounded depth. Raises AttestationRefused."""
    no_tags = dict.fromkeys(_TAGS, _refuse_tag)
    try:
        return cbor2.loads(
            data,
            tag_hook=_refuse_tag,
            semantic_decoders=no_tags,
            allow_duplicate_keys=False,
            allow_indefinite=allow_indefinite,
            max_depth=4,
        )
    except (cbor2.CBORError, ValueError, OverflowError, RecursionError) as exc:
        raise AttestationRefused("the document is not CBOR, has a key twice, or is cut off") from exc


def _refuse_tag(*_: object) -> None:
    raise ValueError("a tag")
