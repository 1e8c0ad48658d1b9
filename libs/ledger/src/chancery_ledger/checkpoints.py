"""Checkpoints: which log, how many leaves, which root; signed by the log, cosigned by witnesses.

Sources: C2SP tlog-checkpoint, tlog-cosignature (`cosignature/v1`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chancery_ledger.base64s import decimal, decode64, encode64
from chancery_ledger.errors import Malformed, Unsigned
from chancery_ledger.notes import Signature, Verifier, VerifierKey, checked_name, ed25519_holds, open_note, public_key


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """`origin` is the log's name, a URL without schema; `root` 32 bytes. `extensions` are lines that other logs may add."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def text(self) -> str:
        """What is signed."""
        return "".join(f"{line}\n" for line in (self.origin, str(self.size), encode64(self.root), *self.extensions))

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """Raises Malformed for any other spelling than that of `text`."""
        lines = text.split("\n")
        if len(lines) < 4 or lines.pop() or "" in lines:
            raise Malformed("not a checkpoint")
        found = cls(lines[0], decimal(lines[1]), decode64(lines[2], 32), tuple(lines[3:]))
        if found.text() != text:
            raise Malformed("not a checkpoint")
        return found


class CosignatureSigner:
    """Kind 04: a witness says that it has seen this checkpoint at this time, and none that contradicts it."""

    def __init__(self, name: str, private: Ed25519PrivateKey) -> None:
        self.name = checked_name(name)
        self._private = private
        self.verifier = CosignatureVerifier(name, private.public_key().public_bytes_raw())
        self.key_id = self.verifier.key_id

    def cosign(self, text: str, time_s: int) -> Signature:
        """`time_s`: seconds since 1970."""
        signed = self._private.sign(_cosigned(text, time_s))
        return Signature(self.name, self.key_id, time_s.to_bytes(8, "big") + signed)


class CosignatureVerifier(VerifierKey):
    """Kind 04."""

    KIND = 0x04

    def __init__(self, name: str, public: bytes) -> None:
        super().__init__(name, public)
        self._key = public_key(public)

    def holds(self, text: str, signature: bytes) -> bool:
        """True if this witness cosigned this text, at the time that the signature says."""
        return len(signature) == 72 and ed25519_holds(self._key, signature[8:], _cosigned(text, cosigned_at(signature)))


def cosigned_at(signature: bytes) -> int:
    """Seconds since 1970 that a cosignature of kind 04 or 06 claims."""
    return int.from_bytes(signature[:8], "big")


def _cosigned(text: str, time_s: int) -> bytes:
    return f"cosignature/v1\ntime {time_s}\n{text}".encode()


@dataclass(frozen=True)
class Policy:
    """Whom to believe: the log, and how many of which witnesses."""

    log: Verifier
    witnesses: tuple[Verifier, ...] = ()
    """Of kinds whose signatures begin with their time (04, 06)."""
    quorum: int = 0


@dataclass(frozen=True)
class Trusted:
    """A checkpoint that the log signed. `witnesses`: who cosigned it, and when (seconds since 1970)."""

    checkpoint: Checkpoint
    witnesses: dict[str, int]
    quorum: int

    @property
    def witnessed(self) -> bool:
        """True if at least one and at least the quorum of the policy's witnesses cosigned."""
        return len(self.witnesses) >= max(1, self.quorum)

    @property
    def standing(self) -> str:
        """In plain words."""
        return "witnessed" if self.witnessed else "not yet witnessed"


def trust(note: str, policy: Policy) -> Trusted:
    """Opens a checkpoint. Raises Malformed, SignatureInvalid, Unsigned; too few witnesses are no error, and told."""
    opened = open_note(note, [policy.log, *policy.witnesses])
    if not any((one.name, one.key_id) == (policy.log.name, policy.log.key_id) for one in opened.verified):
        raise Unsigned("the log itself has not signed")
    checkpoint = Checkpoint.parse(opened.text)
    if checkpoint.origin != policy.log.name:
        raise Unsigned("the checkpoint is another log's")
    keys = {(one.name, one.key_id) for one in policy.witnesses}
    times = {one.name: cosigned_at(one.signature) for one in opened.verified if (one.name, one.key_id) in keys}
    # A time of zero (kind 06) says nothing of having seen no larger tree: that is no witness' statement.
    return Trusted(checkpoint, {name: at for name, at in times.items() if at}, policy.quorum)


def add_signatures(note: str, signatures: Sequence[Signature]) -> str:
    """The note with more signatures beneath."""
    return note + "".join(one.line() for one in signatures)
