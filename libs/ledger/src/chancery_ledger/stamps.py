"""Time stamps (RFC 3161): that a checkpoint existed at a time, by an authority's word and not by the log's.

Needs `rfc3161-client`, which comes with `chancery-ledger[tsa]`; nothing else here does, and it is imported when it is used.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from types import ModuleType
from typing import TYPE_CHECKING

from cryptography import x509

from chancery_ledger.der import with_sorted_certificates
from chancery_ledger.errors import LedgerError, Malformed

if TYPE_CHECKING:
    from rfc3161_client import TimeStampResponse

_UNREADABLE = (ValueError, TypeError, OverflowError, x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType)
SHA256_OID = x509.ObjectIdentifier("2.16.840.1.101.3.4.2.1")


class StampFault(StrEnum):
    """What is wrong with a time stamp."""

    UNREADABLE = "the reply is no time stamp"
    NOT_GRANTED = "the authority did not grant the time stamp"
    OTHER_TEXT = "the time stamp is over another text"
    OTHER_NONCE = "the time stamp answers another request"
    UNTRUSTED = "the time stamp is not signed by an authority under the roots that were given"


class StampRefused(LedgerError):
    """A time stamp does not hold. `fault` says in which way."""

    def __init__(self, fault: StampFault, words: str = "") -> None:
        super().__init__(f"{fault.value}{f': {words}' if words else ''}")
        self.fault = fault


class StampUncheckable(LedgerError):
    """Time stamps cannot be checked here: install `chancery-ledger[tsa]`."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What an authority said. `at` is timezone-aware; `authority` the subject of the certificate that signed."""

    at: datetime
    authority: str


StampCheck = Callable[[bytes, str], Stamp]
"""A DER TimeStampResp and the note that it must be over. Raises StampRefused."""


def stamp_check(roots: Sequence[x509.Certificate]) -> StampCheck:
    """Checks replies that were kept. Raises StampUncheckable."""
    _library()
    return lambda reply, note: check_stamp(reply, note, roots)


def read_roots(pem: bytes) -> list[x509.Certificate]:
    """One certificate or more. Raises Malformed."""
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError as exc:
        raise Malformed("no certificate in PEM") from exc


def stamp_request(note: str) -> tuple[bytes, int]:
    """A DER TimeStampReq over the note's SHA-256, and its nonce; the authority's certificates are asked for. Raises StampUncheckable."""
    library = _library()
    request = library.TimestampRequestBuilder().data(note.encode()).hash_algorithm(library.HashAlgorithm.SHA256).build()
    return request.as_bytes(), request.nonce


def check_stamp(reply: bytes, note: str, roots: Sequence[x509.Certificate], nonce: int | None = None) -> Stamp:
    """That it is over this note, answers this nonce, and is signed under these roots, valid at its time. Raises StampRefused."""
    library = _library()
    try:
        response = library.decode_timestamp_response(with_sorted_certificates(reply))
        if response.status != library.PKIStatus.GRANTED:
            raise StampRefused(StampFault.NOT_GRANTED, " ".join(response.status_string))
        _compare(response, note, nonce)
        library.VerifierBuilder(roots=list(roots), nonce=nonce).build().verify_message(response, note.encode())
        return Stamp(response.tst_info.gen_time, _authority(response))
    except library.VerificationError as exc:
        raise StampRefused(StampFault.UNTRUSTED, str(exc)) from exc
    except _UNREADABLE as exc:
        raise StampRefused(StampFault.UNREADABLE) from exc


def _compare(response: "TimeStampResponse", note: str, nonce: int | None) -> None:
    """RFC 3161 §2.4.2: what the requester must compare."""
    imprint = response.tst_info.message_imprint
    if (imprint.hash_algorithm, imprint.message) != (SHA256_OID, sha256(note.encode()).digest()):
        raise StampRefused(StampFault.OTHER_TEXT)
    if nonce is not None and response.tst_info.nonce != nonce:
        raise StampRefused(StampFault.OTHER_NONCE)


def _authority(response: "TimeStampResponse") -> str:
    """The signer's certificate, which `verify_message` found by the same issuer and serial number."""
    (signer,) = response.signed_data.signer_infos
    for one in response.signed_data.certificates:
        certificate = x509.load_der_x509_certificate(one)
        if (certificate.issuer, certificate.serial_number) == (signer.issuer, signer.serial_number):
            return certificate.subject.rfc4514_string()
    raise StampRefused(StampFault.UNTRUSTED, "its certificate is not in it")


def _library() -> ModuleType:
    try:
        import rfc3161_client
    except ImportError as exc:
        raise StampUncheckable("time stamps are not checked here: install chancery-ledger[tsa]") from exc
    return rfc3161_client
