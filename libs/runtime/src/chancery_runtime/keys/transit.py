"""HashiCorp Vault's transit engine (and OpenBao's) as a key service: the tenants' keys never leave it.

One key for each lineage and tenant, `<prefix>-<lineage>-<tenant>`, of type aes256-gcm96 and `derived`: what was wrapped in one context
opens in no other. Versions are Vault's own: `destroy_before` raises the least version that decrypts and trims what lies below.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from chancery_runtime.errors import CorruptSeal, KeyDestroyed, KeyServiceDown
from chancery_runtime.keys.envelope import TRANSIT, mark, pack, unpack
from chancery_runtime.keys.port import Versions

_CIPHERTEXT = re.compile(r"vault:v(\d{1,9}):([A-Za-z0-9+/=]+)")
REFUSES = 400


@dataclass(frozen=True, slots=True)
class TransitAddress:
    """Where the engine is mounted, and what our keys' names begin with."""

    mount: str = "transit"
    prefix: str = "chancery"


class TransitKeys:
    """`http` has Vault's address, its token (`X-Vault-Token`), a time-out, and a namespace where there is one."""

    def __init__(self, http: httpx.AsyncClient, lineage: str, address: TransitAddress | None = None) -> None:
        self._http = http
        self._lineage = lineage
        self._address = address or TransitAddress()
        self._there: set[str] = set()

    async def wrap(self, tenant: str, key: bytes, context: str) -> bytes:
        """`encrypt`, by the current version."""
        await self._must_exist(self._name(tenant), derived=True)
        body = {"plaintext": _text(key), "context": _text(context.encode())}
        return _packed(await self._data("POST", f"encrypt/{self._name(tenant)}", body))

    async def unwrap(self, tenant: str, wrapped: bytes, context: str) -> bytes:
        """`decrypt`."""
        data = await self._opened(tenant, "decrypt", wrapped, context)
        try:
            return base64.b64decode(data["plaintext"], validate=True)
        except (KeyError, ValueError, TypeError) as exc:
            raise _strange() from exc

    async def rewrap(self, tenant: str, wrapped: bytes, context: str) -> bytes:
        """`rewrap`: the data key does not come here."""
        return _packed(await self._opened(tenant, "rewrap", wrapped, context))

    async def derive(self, tenant: str, purpose: str) -> bytes:
        """`hmac` under the first version of a key that is nobody's: rotating a tenant's key changes no hash."""
        name = f"{self._address.prefix}-derive"
        await self._must_exist(name, derived=False)
        body = {"input": _text(f"{tenant}\0{purpose}".encode()), "key_version": 1}
        data = await self._data("POST", f"hmac/{name}/sha2-256", body)
        try:
            return base64.b64decode(str(data["hmac"]).rsplit(":", 1)[1], validate=True)
        except (KeyError, ValueError, IndexError) as exc:
            raise _strange() from exc

    async def versions(self, tenant: str) -> Versions:
        """None where nothing was wrapped yet."""
        found = await self._key(self._name(tenant))
        if found is None:
            return Versions(0, 0, None, mark(TRANSIT, 0), mark(TRANSIT, 0))
        current = int(found["latest_version"])
        made_at = datetime.fromtimestamp(int(found["keys"][str(current)]), UTC)
        oldest = max(1, int(found["min_available_version"]))
        return Versions(current, oldest, made_at, mark(TRANSIT, current), mark(TRANSIT, oldest))

    async def rotate(self, tenant: str) -> Versions:
        """`rotate`."""
        await self._must_exist(self._name(tenant), derived=True)
        await self._data("POST", f"keys/{self._name(tenant)}/rotate", {})
        return await self.versions(tenant)

    async def destroy_before(self, tenant: str, version: int) -> None:
        """Between the two calls nothing below opens any more, and `oldest` is what it was: the order is given again, and trims."""
        name = self._name(tenant)
        found = await self._key(name)
        if found is None or version <= max(1, int(found["min_available_version"])):
            return
        await self._data("POST", f"keys/{name}/config", {"min_decryption_version": version, "min_encryption_version": version})
        await self._data("POST", f"keys/{name}/trim", {"min_available_version": version})

    def _name(self, tenant: str) -> str:
        return f"{self._address.prefix}-{self._lineage}-{tenant}"

    async def _opened(self, tenant: str, how: str, wrapped: bytes, context: str) -> dict[str, Any]:
        """Vault says 400 for all that does not open; why, the key's versions tell."""
        version, body = unpack(wrapped, TRANSIT)
        given = {"ciphertext": f"vault:v{version}:{base64.b64encode(body).decode()}", "context": _text(context.encode())}
        response = await self._call("POST", f"{how}/{self._name(tenant)}", given)
        if response.status_code != REFUSES:
            return _read(response)
        found = await self._key(self._name(tenant))
        if found is not None and version < max(int(found["min_decryption_version"]), int(found["min_available_version"])):
            raise KeyDestroyed("the version that wrapped this key was destroyed")
        if found is None:
            raise KeyServiceDown("Vault has no key of this tenant: was it deleted, or is this another Vault?")
        raise CorruptSeal("Vault does not open this key")

    async def _must_exist(self, name: str, *, derived: bool) -> None:
        """Made where it is missing; Vault leaves one that another process has made as it is."""
        if name in self._there:
            return
        if await self._key(name) is None:
            await self._data("POST", f"keys/{name}", {"type": "aes256-gcm96", "derived": derived})
        self._there.add(name)

    async def _key(self, name: str) -> dict[str, Any] | None:
        response = await self._call("GET", f"keys/{name}", None)
        if response.status_code == httpx.codes.NOT_FOUND and response.json().get("errors") == []:
            return None  # a mount that does not exist is a 404 too, and says so in `errors`
        return _read(response)

    async def _data(self, method: str, path: str, body: Mapping[str, object]) -> dict[str, Any]:
        return _read(await self._call(method, path, body))

    async def _call(self, method: str, path: str, body: Mapping[str, object] | None) -> httpx.Response:
        try:
            return await self._http.request(method, f"/v1/{self._address.mount}/{path}", json=body)
        except httpx.HTTPError as exc:
            raise KeyServiceDown(f"Vault does not answer: {type(exc).__name__}") from exc


def _read(response: httpx.Response) -> dict[str, Any]:
    """Sealed, standing by, limited, forbidden: all mean "later"; an operator sees the status."""
    if response.is_error:
        raise KeyServiceDown(f"Vault answers {response.status_code}")
    if response.status_code == httpx.codes.NO_CONTENT:
        return {}
    try:
        return dict(response.json().get("data") or {})
    except (ValueError, AttributeError, TypeError) as exc:
        raise _strange() from exc


def _packed(data: Mapping[str, Any]) -> bytes:
    found = _CIPHERTEXT.fullmatch(str(data.get("ciphertext")))
    if found is None:
        raise _strange()
    return pack(TRANSIT, int(found[1]), base64.b64decode(found[2]))


def _strange() -> KeyServiceDown:
    return KeyServiceDown("what answers at Vault's address is no transit engine")


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()
