"""The fields of an attestation document, each of the type and size that AWS states.

Source: *Nitro Enclaves attestation process*, github.com/aws/aws-nitro-enclaves-nsm-api, docs/attestation_process.md §3.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import cbor2

from chancery_generation.domain.attestation.cose import decode
from chancery_generation.errors import AttestationRefused

PCR_BYTES = 48
"""SHA-384: the one digest that Nitro uses."""
_PCRS = 32
_LONGEST_CERTIFICATE = 1024
_LONGEST_BUNDLE = 8
_LONGEST_FIELD = 1024
_LAST_MILLISECOND = 253_402_300_799_999
"""The end of the year 9999."""
_NEEDED = frozenset({"module_id", "digest", "timestamp", "pcrs", "certificate", "cabundle"})
_OPTIONAL = frozenset({"public_key", "user_data", "nonce"})


@dataclass(frozen=True, slots=True)
class Document:
    """What the hypervisor says of an enclave, not yet believed. Certificates are DER."""

    module_id: str
    attested_at: datetime
    pcrs: Mapping[int, bytes]
    certificate: bytes
    cabundle: tuple[bytes, ...]
    public_key: bytes | None
    nonce: bytes | None


def read_document(payload: bytes) -> Document:
    """Raises AttestationRefused, which names the field."""
    fields = _fields(payload)
    return Document(
        _module(fields["module_id"]),
        _moment(fields["timestamp"]),
        _registers(fields["pcrs"]),
        _sized("certificate", fields["certificate"], 1, _LONGEST_CERTIFICATE),
        _bundle(fields["cabundle"]),
        _optional("public_key", fields, 1),
        _optional("nonce", fields, 0),
    )


def _fields(payload: bytes) -> dict[Any, Any]:
    """Newer hypervisors write the outer map without its length, so an indefinite one is read."""
    fields = decode(payload, allow_indefinite=True)
    if not isinstance(fields, dict) or not set(fields) >= _NEEDED or not set(fields) <= _NEEDED | _OPTIONAL:
        raise AttestationRefused("the document lacks a field, or has one that is not known")
    _nothing_after(payload)
    if fields["digest"] != "SHA384":
        raise AttestationRefused("the document's digest is not SHA384")
    _optional("user_data", fields, 0)
    return fields


def _nothing_after(payload: bytes) -> None:
    """The decoder itself stops after the first item."""
    rest = io.BytesIO(payload)
    cbor2.CBORDecoder(rest, read_size=1).decode()
    if rest.tell() != len(payload):
        raise AttestationRefused("the document goes on after its end")


def _module(value: Any) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= 256 or not value.isprintable():
        raise AttestationRefused("module_id must be a text of 1 to 256 characters")
    return value


def _moment(value: Any) -> datetime:
    if type(value) is not int or not 0 < value <= _LAST_MILLISECOND:
        raise AttestationRefused("timestamp must be milliseconds since 1970")
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=value)


def _registers(value: Any) -> dict[int, bytes]:
    if not isinstance(value, dict) or not 1 <= len(value) <= _PCRS:
        raise AttestationRefused("pcrs must be a map of 1 to 32 registers")
    if any(type(number) is not int or not 0 <= number < _PCRS for number in value):
        raise AttestationRefused("pcrs must be numbered 0 to 31")
    return {number: _sized(f"PCR{number}", register, PCR_BYTES, PCR_BYTES) for number, register in value.items()}


def _bundle(value: Any) -> tuple[bytes, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= _LONGEST_BUNDLE:
        raise AttestationRefused(f"cabundle must be a list of 1 to {_LONGEST_BUNDLE} certificates")
    return tuple(_sized("cabundle", one, 1, _LONGEST_CERTIFICATE) for one in value)


def _optional(name: str, fields: Mapping[Any, Any], least: int) -> bytes | None:
    value = fields.get(name)
    return None if value is None else _sized(name, value, least, _LONGEST_FIELD)


def _sized(name: str, value: Any, least: int, most: int) -> bytes:
    if not isinstance(value, bytes) or not least <= len(value) <= most:
        raise AttestationRefused(f"{name} must be {least} to {most} bytes")
    return value
