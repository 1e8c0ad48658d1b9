"""ML-DSA-44 over checkpoints: kind 06 (C2SP tlog-cosignature, *ML-DSA-44 signed message*), for logs and for witnesses.

C2SP tlog-checkpoint: "Logs SHOULD use ML-DSA-44 cosignatures to sign the checkpoint". What is signed is the tree and not the note's
text, so that this kind signs checkpoints and no other notes, a pack's manifest for one.
"""

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from chancery_ledger.checkpoints import Checkpoint, cosigned_at
from chancery_ledger.errors import Malformed
from chancery_ledger.notes import Signature, VerifierKey, checked_name

PUBLIC_BYTES, SIGNATURE_BYTES, TIME_BYTES = 1312, 2420, 8
_LABEL = b"subtree/v1\n\x00"


class MlDsaSigner:
    """A log's (`sign`), or a witness' (`cosign`)."""

    def __init__(self, name: str, private: MLDSA44PrivateKey) -> None:
        self.name = checked_name(name)
        self._private = private
        self.verifier = MlDsaVerifier(name, private.public_key().public_bytes_raw())
        self.key_id = self.verifier.key_id

    def sign(self, text: str) -> Signature:
        """As a log, without a time. Raises Malformed for what is no checkpoint."""
        return self.cosign(text, 0)

    def cosign(self, text: str, time_s: int) -> Signature:
        """`time_s`: seconds since 1970, as of which no larger tree was seen. Raises Malformed for what is no checkpoint."""
        signed = self._private.sign(_message(self.name, time_s, text))
        return Signature(self.name, self.key_id, time_s.to_bytes(TIME_BYTES, "big") + signed)


class MlDsaVerifier(VerifierKey):
    """Kind 06."""

    KIND = 0x06
    LENGTH = PUBLIC_BYTES

    def __init__(self, name: str, public: bytes) -> None:
        super().__init__(name, public)
        try:
            self._key = MLDSA44PublicKey.from_public_bytes(public)
        except UnsupportedAlgorithm as exc:
            raise Malformed("ML-DSA-44 keys need OpenSSL 3.5 or newer beneath the cryptography package") from exc
        except ValueError as exc:
            raise Malformed("not an ML-DSA-44 public key") from exc

    def holds(self, text: str, signature: bytes) -> bool:
        """True if this key signed the tree of this checkpoint, at the time that the signature says."""
        if len(signature) != TIME_BYTES + SIGNATURE_BYTES:
            return False
        try:
            self._key.verify(signature[TIME_BYTES:], _message(self.name, cosigned_at(signature), text))
        except (InvalidSignature, Malformed):
            return False
        return True


def _message(name: str, time_s: int, text: str) -> bytes:
    """`cosigned_message` for the whole tree (`start` is 0). Extension lines would be under no signature: there may be none."""
    checkpoint = Checkpoint.parse(text)
    if checkpoint.extensions or time_s >= 1 << 63:
        raise Malformed("not a checkpoint that ML-DSA-44 signs")
    numbers = (time_s.to_bytes(8, "big"), (0).to_bytes(8, "big"), checkpoint.size.to_bytes(8, "big"))
    return b"".join((_LABEL, _short(name), numbers[0], _short(checkpoint.origin), *numbers[1:], checkpoint.root))


def _short(text: str) -> bytes:
    data = text.encode()
    if not 1 <= len(data) <= 255:
        raise Malformed("a name of more than 255 bytes")
    return bytes([len(data)]) + data
