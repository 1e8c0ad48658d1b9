"""Attestation documents as AWS Nitro makes them, under a root of our own: right ones, and wrong ones by choice."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import cbor2
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

IMAGE = bytes(range(48))
"""PCR0 of the image that tests trust."""
SIGNER = bytes(range(100, 148))
"""PCR8 of it."""


@dataclass(frozen=True)
class Issued:
    """A key with its certificate."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def der(self) -> bytes:
        """The certificate."""
        return self.certificate.public_bytes(Encoding.DER)


@dataclass(frozen=True)
class Wish:
    """What a certificate is to say. `authority` none: a leaf."""

    name: str
    starts: datetime
    lives: timedelta
    authority: bool = True
    path_length: int | None = None
    curve: ec.EllipticCurve = field(default_factory=ec.SECP384R1)
    digest: SHA256 | SHA384 = field(default_factory=SHA384)
    may_sign: bool = True
    critical_extra: bool = False


def issue(wish: Wish, issuer: Issued | None = None) -> Issued:
    """By the issuer's key, or its own."""
    key = ec.generate_private_key(wish.curve)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, wish.name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.certificate.subject if issuer else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(wish.starts)
        .not_valid_after(wish.starts + wish.lives)
        .add_extension(x509.BasicConstraints(wish.authority, wish.path_length if wish.authority else None), critical=True)
        .add_extension(_usage(wish), critical=True)
    )
    if wish.critical_extra:
        builder = builder.add_extension(
            x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\x05\x00"), critical=True
        )
    return Issued(key, builder.sign((issuer or Issued(key, None)).key, wish.digest))  # type: ignore[arg-type]  # its own key signs


def _usage(wish: Wish) -> x509.KeyUsage:
    signs, issues = wish.may_sign, wish.authority and wish.may_sign
    return x509.KeyUsage(signs and not wish.authority, False, False, False, not signs, issues, issues, False, False)


@dataclass(frozen=True)
class Chain:
    """Root, two authorities, and the leaf that signs: as long as AWS's need to be for each kind of link to be there."""

    root: Issued
    authorities: tuple[Issued, ...]
    leaf: Issued

    @property
    def bundle(self) -> list[bytes]:
        """Root first."""
        return [self.root.der, *(one.der for one in self.authorities)]


def chain(now: datetime, **leaf: Any) -> Chain:
    """A fresh one; the leaf lives for three hours."""
    starts = now - timedelta(hours=1)
    root = issue(Wish("test nitro root", starts - timedelta(days=9), timedelta(days=3650)))
    region = issue(Wish("region", starts, timedelta(days=20), path_length=1), root)
    instance = issue(Wish("instance", starts, timedelta(days=1), path_length=0), region)
    wish: dict[str, Any] = {"name": "enclave", "starts": starts, "lives": timedelta(hours=3), "authority": False} | leaf
    return Chain(root, (region, instance), issue(Wish(**wish), instance))


def registers(image: bytes = IMAGE) -> dict[int, bytes]:
    """Sixteen, as Nitro gives: those that mean nothing are zeros."""
    return {number: bytes(48) for number in range(16)} | {0: image, 1: bytes([1]) * 48, 2: bytes([2]) * 48, 4: bytes([4]) * 48, 8: SIGNER}


def fields(made: Chain, now: datetime, nonce: bytes, public_key: bytes) -> dict[str, Any]:
    """A document's, in the order of the hypervisor."""
    return {
        "module_id": "i-0123456789abcdef0-enc0123456789abcdef",
        "digest": "SHA384",
        "timestamp": round(now.timestamp() * 1000),
        "pcrs": registers(),
        "certificate": made.leaf.der,
        "cabundle": made.bundle,
        "public_key": public_key,
        "user_data": None,
        "nonce": nonce,
    }


def sign(payload: bytes | Mapping[str, Any], key: ec.EllipticCurvePrivateKey, protected: bytes | None = None) -> bytes:
    """COSE_Sign1 without its tag, as Nitro writes it."""
    body = payload if isinstance(payload, bytes) else cbor2.dumps(dict(payload))
    headers = cbor2.dumps({1: -35}) if protected is None else protected
    signature = raw_signature(key, cbor2.dumps(["Signature1", headers, b"", body]))
    return cbor2.dumps([headers, {}, body, signature])


def raw_signature(key: ec.EllipticCurvePrivateKey, message: bytes) -> bytes:
    """r and s, of the curve's length each."""
    length = (key.curve.key_size + 7) // 8
    halves = decode_dss_signature(key.sign(message, ec.ECDSA(SHA384())))
    return b"".join(half.to_bytes(length, "big") for half in halves)


def pairs(items: Sequence[tuple[str, Any]]) -> bytes:
    """A map of less than 24 pairs as they stand, doubles included."""
    return bytes([0xA0 | len(items)]) + b"".join(cbor2.dumps(name) + cbor2.dumps(value) for name, value in items)


def spki(key: ec.EllipticCurvePrivateKey) -> bytes:
    """SubjectPublicKeyInfo, DER."""
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def some_nonce() -> bytes:
    """As ours are."""
    return os.urandom(32)
