"""The local keyring as a key service."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from chancery_runtime.errors import CorruptSeal, KeyDestroyed
from chancery_runtime.keys.envelope import LOCAL, mark, pack, unpack
from chancery_runtime.keys.port import Versions
from chancery_runtime.keys.ring import Lineage, Ring
from chancery_runtime.keys.ring_file import MemoryRings, RingFile, Rings
from chancery_runtime.keys.sealing import KEY_BYTES, seal, unseal

_DERIVED = 10_000


class LocalKeyring:
    """Random wrapping keys in a file, by tenant, lineage and version; keys of hashes are derived from its root (HKDF-SHA256, RFC 5869)."""

    def __init__(self, root: bytes, lineage: str = "keys", rings: Rings | None = None) -> None:
        self._rings: Rings = MemoryRings(root) if rings is None else rings
        self._lineage = lineage
        self._root = root
        self._derived: dict[tuple[str, str], bytes] = {}

    @classmethod
    def open(cls, path: Path, lineage: str = "keys") -> "LocalKeyring":
        """Reads the file, or makes it (mode 0600), safe against another process doing so. Raises StartupFailed."""
        rings = RingFile.open(path)
        return cls(rings.read().root, lineage, rings)

    async def wrap(self, tenant: str, key: bytes, context: str) -> bytes:
        """Under the current version, as the file says at this moment."""
        lineage = self._now(tenant)
        if not lineage.current:
            lineage = await self._change(tenant, lambda found: found if found.current else found.with_new(datetime.now(UTC)))
        return pack(LOCAL, lineage.current, seal(lineage.keys[lineage.current], key, context.encode()))

    async def unwrap(self, tenant: str, wrapped: bytes, context: str) -> bytes:
        """Raises KeyServiceDown, KeyDestroyed, CorruptSeal."""
        version, body = unpack(wrapped, LOCAL)
        lineage = self._now(tenant)
        if version < lineage.oldest:
            raise KeyDestroyed("the version that wrapped this key was destroyed")
        if version > lineage.current:
            raise CorruptSeal("wrapped by a version that this keyring does not have: is it an old copy?")
        return unseal(lineage.keys[version] if version else self._key(tenant, "wrap"), body, context.encode())

    async def rewrap(self, tenant: str, wrapped: bytes, context: str) -> bytes:
        """Here the key is in memory for a moment; a key service elsewhere never shows it."""
        return await self.wrap(tenant, await self.unwrap(tenant, wrapped, context), context)

    async def derive(self, tenant: str, purpose: str) -> bytes:
        """HKDF of the root key by tenant and purpose."""
        return self._key(tenant, f"derive {purpose}")

    async def versions(self, tenant: str) -> Versions:
        """As the file says."""
        return _versions(self._now(tenant))

    async def rotate(self, tenant: str) -> Versions:
        """On the disk before it returns."""
        return _versions(await self._change(tenant, lambda found: found.with_new(datetime.now(UTC))))

    async def destroy_before(self, tenant: str, version: int) -> None:
        """The file has them no more. Copies of it are the operator's to destroy."""
        await self._change(tenant, lambda found: found.without(version))

    def _now(self, tenant: str) -> Lineage:
        return self._rings.read().lineage(f"{self._lineage}/{tenant}")

    async def _change(self, tenant: str, change: Callable[[Lineage], Lineage]) -> Lineage:
        """Waits for the disk, and maybe for another process: not on the loop."""
        name = f"{self._lineage}/{tenant}"

        def changed(ring: Ring) -> Ring:
            return ring.having(name, change(ring.lineage(name)))

        return (await asyncio.to_thread(self._rings.change, changed)).lineage(name)

    def _key(self, tenant: str, purpose: str) -> bytes:
        found = self._derived.get((tenant, purpose))
        if found is None:
            info = f"chancery {purpose} {tenant}".encode()
            found = HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=info).derive(self._root)
            if len(self._derived) > _DERIVED:
                self._derived.clear()
            self._derived[(tenant, purpose)] = found
        return found


def _versions(lineage: Lineage) -> Versions:
    return Versions(lineage.current, lineage.oldest, lineage.made_at, mark(LOCAL, lineage.current), mark(LOCAL, lineage.oldest))
