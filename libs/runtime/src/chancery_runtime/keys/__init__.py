"""Keys: AES-256-GCM sealing, and the key service that wraps data keys under a tenant's key, in versions that can be destroyed.

The local keyring is a file of mode 0600: the default that runs. Vault's transit engine or a cloud's KMS takes its place by the same port.
"""

from chancery_runtime.keys.cache import CachedKeys
from chancery_runtime.keys.local import LocalKeyring
from chancery_runtime.keys.port import KeyService, Versions
from chancery_runtime.keys.sealing import KEY_BYTES, NONCE_BYTES, new_key, seal, unseal

__all__ = ["KEY_BYTES", "NONCE_BYTES", "CachedKeys", "KeyService", "LocalKeyring", "Versions", "new_key", "seal", "unseal"]
