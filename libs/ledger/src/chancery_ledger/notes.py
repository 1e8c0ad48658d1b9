"""Signed notes: a text and the signatures beneath it, in the format of Go's checksum database (C2SP signed-note).

Keys are known by name and by four bytes; they are hints for finding the key and prove nothing. What a key signs depends on its kind:
another kind is a `Signer` and a `Verifier` of its own and a line in `schemes`; nothing here changes.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import ClassVar, Protocol, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from chancery_ledger.base64s import decode64, encode64
from chancery_ledger.errors import Malformed, SignatureInvalid, Unsigned

MAX_NOTE_BYTES = 1_000_000
MAX_SIGNATURES = 100
_NAME = re.compile(r"[^\s+\x00-\x1f\x7f]{1,255}")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


@dataclass(frozen=True, slots=True)
class Signature:
    """One line beneath a note: `— name base64(key id ‖ signature)`."""

    name: str
    key_id: bytes
    signature: bytes

    def line(self) -> str:
        """With its newline."""
        return f"\u2014 {self.name} {encode64(self.key_id + self.signature)}\n"


class Signer(Protocol):
    """Signs notes. `key_id` is 4 bytes."""

    name: str
    key_id: bytes

    def sign(self, text: str) -> Signature:
        """Signs a note's text, final newline included."""


class Verifier(Protocol):
    """Checks one key's signatures."""

    name: str
    key_id: bytes

    def holds(self, text: str, signature: bytes) -> bool:
        """True if the signature is this key's, over this text."""


@dataclass(frozen=True, slots=True)
class Note:
    """An opened note: `verified` are the signatures that hold, `others` those of keys that nobody asked about."""

    text: str
    verified: tuple[Signature, ...]
    others: tuple[Signature, ...]

    def signed_by(self, name: str) -> Signature | None:
        """The signature of that name that holds."""
        return next((one for one in self.verified if one.name == name), None)


class Ed25519Signer:
    """Kind 01: Ed25519 over the text itself (RFC 8032)."""

    def __init__(self, name: str, private: Ed25519PrivateKey) -> None:
        self.name = checked_name(name)
        self._private = private
        self.verifier = Ed25519Verifier(name, private.public_key().public_bytes_raw())
        self.key_id = self.verifier.key_id

    def sign(self, text: str) -> Signature:
        """Raises Malformed for what is no note's text."""
        return Signature(self.name, self.key_id, self._private.sign(checked_text(text).encode()))


class VerifierKey(ABC):
    """What keys of every kind have in common: a name, a kind, the public key's bytes, and how they are written down."""

    KIND: ClassVar[int]
    LENGTH: ClassVar[int] = 32
    """Of a public key, in bytes."""

    def __init__(self, name: str, public: bytes) -> None:
        self.name = checked_name(name)
        self.public = public
        self.key_id = key_id(name, self.KIND, public)

    @classmethod
    def parse(cls, text: str) -> Self:
        """From `name+hex(key id)+base64(kind ‖ public key)`. Raises Malformed, for another kind too."""
        name, kind, public = split_key(text)
        if (kind, len(public)) != (cls.KIND, cls.LENGTH):
            raise Malformed("not a verifier key of this kind")
        return cls(name, public)

    @abstractmethod
    def holds(self, text: str, signature: bytes) -> bool:
        """True if the signature is this key's, over this text."""

    def __str__(self) -> str:
        return format_key(self.name, self.KIND, self.public)


class Ed25519Verifier(VerifierKey):
    """Kind 01."""

    KIND = 0x01

    def __init__(self, name: str, public: bytes) -> None:
        super().__init__(name, public)
        self._key = public_key(public)

    def holds(self, text: str, signature: bytes) -> bool:
        """True if it is this key's over this text."""
        return ed25519_holds(self._key, signature, text.encode())


def sign_note(text: str, signers: Sequence[Signer]) -> str:
    """The note. Raises Malformed."""
    return checked_text(text) + "\n" + "".join(signer.sign(text).line() for signer in signers)


def open_note(note: str, verifiers: Iterable[Verifier]) -> Note:
    """Raises Malformed; SignatureInvalid if a known key's signature does not hold; Unsigned if no known key signed."""
    text, signatures = split_note(note)
    known = {(one.name, one.key_id): one for one in verifiers}
    verified: dict[tuple[str, bytes], Signature] = {}
    others = []
    for one in signatures:
        verifier = known.get((one.name, one.key_id))
        if verifier is None:
            others.append(one)
        elif (one.name, one.key_id) not in verified:  # a second one of the same key is ignored, as the format says
            if not verifier.holds(text, one.signature):
                raise SignatureInvalid(f"the signature of {one.name} does not hold")
            verified[(one.name, one.key_id)] = one
    if not verified:
        raise Unsigned("no signature of a known key")
    return Note(text, tuple(verified.values()), tuple(others))


def split_note(note: str) -> tuple[str, list[Signature]]:
    """Text and signatures, none of them checked. Raises Malformed."""
    if len(note.encode(errors="replace")) > MAX_NOTE_BYTES:
        raise Malformed("the note is too long")
    text, separator, lines = note.rpartition("\n\n")
    if not separator or not lines.endswith("\n"):
        raise Malformed("the note has no signatures")
    rows = lines[:-1].split("\n")
    if len(rows) > MAX_SIGNATURES:
        raise Malformed("the note has too many signatures")
    return checked_text(text + "\n"), [_signature(row) for row in rows]


def _signature(line: str) -> Signature:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != "\u2014":
        raise Malformed("not a signature line")
    data = decode64(parts[2])
    if len(data) < 5:
        raise Malformed("not a signature line")
    return Signature(checked_name(parts[1]), data[:4], data[4:])


def checked_text(text: str) -> str:
    """The text, if a note may hold it: UTF-8, a final newline, no other control characters. Raises Malformed."""
    try:
        text.encode()
    except UnicodeEncodeError as exc:
        raise Malformed("the note is not UTF-8") from exc
    if not text.endswith("\n") or _CONTROL.search(text):
        raise Malformed("a note ends in a newline and has no control characters")
    return text


def checked_name(name: str) -> str:
    """A key's name: no white space, no plus. Raises Malformed."""
    if not _NAME.fullmatch(name):
        raise Malformed("not the name of a key")
    return name


def key_id(name: str, kind: int, public: bytes) -> bytes:
    """SHA-256(name ‖ 0A ‖ kind ‖ public key)[:4]."""
    return sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


def format_key(name: str, kind: int, public: bytes) -> str:
    """`name+hex(key id)+base64(kind ‖ public key)`."""
    return f"{name}+{key_id(name, kind, public).hex()}+{encode64(bytes([kind]) + public)}"


def split_key(text: str) -> tuple[str, int, bytes]:
    """Name, kind and public key. Raises Malformed where the key id does not belong to the key."""
    parts = text.split("+", 2)
    if len(parts) != 3:
        raise Malformed("not a verifier key")
    name, data = checked_name(parts[0]), decode64(parts[2])
    if len(data) < 2 or key_id(name, data[0], data[1:]).hex() != parts[1]:
        raise Malformed("not a verifier key")
    return name, data[0], data[1:]


def public_key(public: bytes) -> Ed25519PublicKey:
    """Raises Malformed."""
    try:
        return Ed25519PublicKey.from_public_bytes(public)
    except ValueError as exc:
        raise Malformed("not an Ed25519 public key") from exc


def ed25519_holds(key: Ed25519PublicKey, signature: bytes, message: bytes) -> bool:
    """True if the signature holds."""
    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    return True
