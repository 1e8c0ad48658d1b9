"""The chain from the pinned root to the certificate that signed a document: one line, root first, as `cabundle` has it.

RFC 5280 §6.1, for what Nitro issues: P-384 and SHA-384 throughout, no names to match, no revocation (leaves live for hours).
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, EllipticCurvePublicKey
from cryptography.x509.oid import SignatureAlgorithmOID

from chancery_generation.errors import AttestationRefused

_CRITICAL = frozenset({x509.BasicConstraints.oid, x509.KeyUsage.oid})
"""The critical extensions that are looked at; one that is not understood refuses (RFC 5280 §4.2)."""

_DAMAGED = (ValueError, TypeError, x509.ExtensionNotFound, x509.DuplicateExtension, x509.InvalidVersion, UnsupportedAlgorithm)
"""What the library says of certificates that are none; they share no base."""


def signing_key(bundle: Sequence[bytes], certificate: bytes, root: bytes, moments: Sequence[datetime]) -> EllipticCurvePublicKey:
    """The key of `certificate`, once each link holds at each of the moments. All DER. Raises AttestationRefused."""
    if bundle[0] != root:
        raise AttestationRefused("the chain does not begin at the pinned root")
    if len({*bundle, certificate}) != len(bundle) + 1:
        raise AttestationRefused("the chain has a certificate twice")
    try:
        return _checked([x509.load_der_x509_certificate(one) for one in (*bundle, certificate)], moments)
    except _DAMAGED as exc:
        raise AttestationRefused("a certificate of the chain is damaged, or lacks a needed extension") from exc


def _checked(chain: Sequence[x509.Certificate], moments: Sequence[datetime]) -> EllipticCurvePublicKey:
    keys = [_key(one) for one in chain]
    for one in chain:
        _check_alone(one, moments)
    for issuer, subject in pairwise(chain):
        _check_link(issuer, subject)
    for below, one in enumerate(reversed(chain[:-1])):
        _check_authority(one, below)
    _check_end(chain[-1])
    return keys[-1]


def _key(certificate: x509.Certificate) -> EllipticCurvePublicKey:
    key = certificate.public_key()
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP384R1):
        raise AttestationRefused("a certificate of the chain has a key that is not of P-384")
    return key


def _check_alone(certificate: x509.Certificate, moments: Sequence[datetime]) -> None:
    if certificate.version is not x509.Version.v3 or certificate.signature_algorithm_oid != SignatureAlgorithmOID.ECDSA_WITH_SHA384:
        raise AttestationRefused("a certificate of the chain is not of version 3, or not signed by ECDSA with SHA-384")
    if not all(certificate.not_valid_before_utc <= moment <= certificate.not_valid_after_utc for moment in moments):
        raise AttestationRefused("a certificate of the chain has expired, or is not valid yet")
    if any(extension.critical and extension.oid not in _CRITICAL for extension in certificate.extensions):
        raise AttestationRefused("a certificate of the chain has a critical extension that is not known")


def _check_link(issuer: x509.Certificate, subject: x509.Certificate) -> None:
    try:
        subject.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError) as exc:
        raise AttestationRefused("a certificate of the chain is not issued by the one before it") from exc


def _check_authority(certificate: x509.Certificate, below: int) -> None:
    """`below`: how many authorities stand between it and the end."""
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    if not constraints.value.ca or not constraints.critical or not usage.key_cert_sign:
        raise AttestationRefused("an issuer in the chain is not an authority")
    if constraints.value.path_length is not None and below > constraints.value.path_length:
        raise AttestationRefused("the chain is longer than one of its authorities allows")


def _check_end(certificate: x509.Certificate) -> None:
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    if constraints.ca or usage.key_cert_sign or not usage.digital_signature:
        raise AttestationRefused("the certificate that signed is an authority, or may not sign")
