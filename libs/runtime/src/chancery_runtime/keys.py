"""Keys: AES-256-GCM sealing, and the key service that wraps data keys under a tenant's key.

The local keyring is a file of mode 0600: the default that runs. A cloud's or Vault's key service takes its place by the same port.
"""

import base64
import json
import os
import secrets
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from chancery_runtime.errors import CorruptSeal, StartupFailed

KEY_BYTES = 32
NONCE_BYTES = 12


class KeyService(Protocol):
    """Wraps and unwraps data keys. `context` is bound to the wrapped key: another context does not open it."""

    async def wrap(self, tenant: str, key: bytes, context: str) -> bytes: ...

    async def unwrap(self, tenant: str, wrapped: bytes, context: str) -> bytes:
        """Raises KeyServiceDown (later), CorruptSeal (alarm)."""
        ...

    async def derive(self, tenant: str, purpose: str) -> bytes:
        """A 32-byte key for keyed hashes, the same at every call."""
        ...


def new_key() -> bytes:
    """A fresh 256-bit key."""
    return secrets.token_bytes(KEY_BYTES)


def seal(key: bytes, plaintext: bytes, associated: bytes) -> bytes:
    """Nonce ‖ ciphertext ‖ tag (AES-256-GCM, NIST SP 800-38D; random 96-bit nonce)."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, associated)


def unseal(key: bytes, sealed: bytes, associated: bytes) -> bytes:
    """The plaintext. Raises CorruptSeal."""
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], associated)
    except (InvalidTag, ValueError) as exc:
        raise CorruptSeal("sealed bytes do not open") from exc


class LocalKeyring:
    """One root key in a file; every tenant's key is derived from it (HKDF-SHA256, RFC 5869)."""

    def __init__(self, root: bytes) -> None:
        self._root = root
        self._derived: dict[tuple[str, str], bytes] = {}

    @classmethod
    def open(cls, path: Path) -> "LocalKeyring":
        """Reads the file, or makes it (mode 0600), safe against another process doing so. Raises StartupFailed."""
        if not path.exists():
            _create(path)
        if path.stat().st_mode & 0o077:
            raise StartupFailed(f"the keyring {path.name} can be read by others: chmod 600 it")
        try:
            root = base64.b64decode(json.loads(path.read_text("utf-8"))["root"], validate=True)
        except (ValueError, KeyError, TypeError) as exc:
            raise StartupFailed(f"the keyring {path.name} is not readable as one; restore it from its backup") from exc
        if len(root) != KEY_BYTES:
            raise StartupFailed(f"the keyring {path.name} holds a key of the wrong length")
        return cls(root)

    async def wrap(self, tenant: str, key: bytes, context: str) -> bytes:
        """Seals a data key under the tenant's key."""
        return seal(self._key(tenant, "wrap"), key, context.encode())

    async def unwrap(self, tenant: str, wrapped: bytes, context: str) -> bytes:
        """Raises CorruptSeal."""
        return unseal(self._key(tenant, "wrap"), wrapped, context.encode())

    async def derive(self, tenant: str, purpose: str) -> bytes:
        """HKDF of the root key by tenant and purpose."""
        return self._key(tenant, f"derive {purpose}")

    def _key(self, tenant: str, purpose: str) -> bytes:
        found = self._derived.get((tenant, purpose))
        if found is None:
            info = f"chancery {purpose} {tenant}".encode()
            found = HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=info).derive(self._root)
            if len(self._derived) > 10_000:
                self._derived.clear()
            self._derived[(tenant, purpose)] = found
        return found


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump({"root": base64.b64encode(new_key()).decode()}, file)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(temporary, path)  # fails if another process was first, and then its key is the one
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
