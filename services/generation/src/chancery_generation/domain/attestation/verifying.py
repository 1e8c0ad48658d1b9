"""Whether an attestation document is believed: who signed it, when, for whom, and which code it speaks of."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from chancery_contracts.bodies.models import AttestationPolicy
from chancery_contracts.interactions import AttestationEvidence

from chancery_generation.domain.attestation.chain import signing_key
from chancery_generation.domain.attestation.cose import check_signature, read_cose
from chancery_generation.domain.attestation.document import PCR_BYTES, Document, read_document
from chancery_generation.errors import AttestationRefused

SKEW = timedelta(seconds=30)
"""How far the hypervisor's clock may be ahead of ours."""
_MEASURED = (0, 1, 2)
"""The image, its kernel, its application: all zeros in debug mode alone."""
_IDENTIFYING = frozenset({0, 8})
"""One of these says whose code it is: the image, or who signed it. The other registers are shared by enclaves of anybody."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a document must fit. `root`: the pinned root's DER."""

    root: bytes
    policy: AttestationPolicy
    nonce: bytes
    now: datetime


def verify_document(document: bytes, expected: Expected) -> AttestationEvidence:
    """What is proved. Raises AttestationRefused, whose text is the reason. The signature is checked before any field is believed."""
    allowed = allowed_registers(expected.policy)
    signed = read_cose(document)
    said = read_document(signed.payload)
    check_signature(signed, signing_key(said.cabundle, said.certificate, expected.root, (said.attested_at, expected.now)))
    _check_freshness(said, expected)
    _check_registers(said.pcrs, allowed)
    return AttestationEvidence(
        kind="aws-nitro",
        document_sha256=hashlib.sha256(document).hexdigest(),
        module_id=said.module_id,
        attested_at=said.attested_at,
        channel_key_sha256=hashlib.sha256(_channel_key(said)).hexdigest(),
    )


def allowed_registers(policy: AttestationPolicy) -> dict[int, frozenset[bytes]]:
    """The policy's allow-list in bytes. Raises AttestationRefused where it would let in anybody, or cannot be read."""
    try:
        allowed = {int(number): frozenset(map(bytes.fromhex, values)) for number, values in policy.pcrs.items()}
    except ValueError as exc:
        raise AttestationRefused("the policy's pcrs are not numbers with values in hexadecimal") from exc
    values = [value for some in allowed.values() for value in some]
    if not _IDENTIFYING & allowed.keys():
        raise AttestationRefused("the policy must pin PCR0 (the image) or PCR8 (who signed it)")
    if not all(allowed.values()) or any(len(value) != PCR_BYTES or not any(value) for value in values):
        raise AttestationRefused("the policy's pcrs must be 48 bytes each, and none all zeros")
    return allowed


def _check_freshness(said: Document, expected: Expected) -> None:
    if said.nonce is None or not hmac.compare_digest(said.nonce, expected.nonce):
        raise AttestationRefused("the document is not the answer to our nonce")
    if expected.now - said.attested_at > timedelta(seconds=expected.policy.max_age_s):
        raise AttestationRefused("the document is older than the policy allows")
    if said.attested_at - expected.now > SKEW:
        raise AttestationRefused("the document is from the future")


def _check_registers(pcrs: Mapping[int, bytes], allowed: Mapping[int, frozenset[bytes]]) -> None:
    if not all(any(pcrs.get(number, b"")) for number in _MEASURED):
        raise AttestationRefused("the enclave runs in debug mode: its memory can be read")
    for number, values in allowed.items():
        if pcrs.get(number) not in values:
            raise AttestationRefused(f"PCR{number} is not one that the policy allows")


def _channel_key(said: Document) -> bytes:
    """The enclave puts its TLS key there (SubjectPublicKeyInfo, DER), so that a channel can be bound to it."""
    if said.public_key is None:
        raise AttestationRefused("the document names no public key to bind the channel to")
    return said.public_key
