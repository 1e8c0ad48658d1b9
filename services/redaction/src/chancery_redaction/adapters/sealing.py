"""Hides the journal of restored answers."""

from chancery_runtime.keys import seal, unseal

_ASSOCIATED = b"chancery restore journal"


class JournalSealer:
    """AES-GCM under one key of the key service."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def seal(self, plaintext: bytes) -> bytes:
        """Sealed bytes."""
        return seal(self._key, plaintext, _ASSOCIATED)

    def unseal(self, sealed: bytes) -> bytes:
        """The bytes. Raises CorruptSeal."""
        return unseal(self._key, sealed, _ASSOCIATED)
