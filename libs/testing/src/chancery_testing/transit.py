"""What Vault's transit engine answers on the wire, as far as key services need it: a stand-in where no Vault can be started.

The same suite has run against a real one (`CHANCERY_TEST_VAULT`), and holds both to the same answers.
"""

import base64
import hashlib
import hmac
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route


class TransitRefused(Exception):
    """A status and its errors."""

    def __init__(self, status: int, *errors: str) -> None:
        super().__init__(status)
        self.status = status
        self.errors = list(errors)


@dataclass
class TransitKey:
    """A named key, in versions from 1 on."""

    derived: bool
    versions: dict[int, bytes] = field(default_factory=dict)
    made: dict[str, int] = field(default_factory=dict)
    min_decryption_version: int = 1
    min_encryption_version: int = 0
    min_available_version: int = 0

    def rotate(self) -> None:
        """One more."""
        number = self.latest + 1
        self.versions[number] = os.urandom(32)
        self.made[str(number)] = int(time.time())

    @property
    def latest(self) -> int:
        """The current one's number."""
        return max(self.versions, default=0)

    def aead(self, version: int, context: bytes) -> AESGCM:
        """A derived key is another one in each context."""
        if self.derived and not context:
            raise TransitRefused(400, "missing 'context' for key derivation")
        if not self.derived:
            return AESGCM(self.versions[version])
        return AESGCM(HKDF(hashes.SHA256(), 32, salt=None, info=context).derive(self.versions[version]))


@dataclass
class TransitFake:
    """One mount, `transit`. `sealed`: every answer is 503, as Vault's is then."""

    token: str = "root"
    keys: dict[str, TransitKey] = field(default_factory=dict)
    sealed: bool = False
    calls: list[str] = field(default_factory=list)

    def app(self) -> Starlette:
        """To be served, or called by `httpx.ASGITransport`."""
        return Starlette(routes=[Route("/{path:path}", self._answer, methods=["GET", "POST"])])

    async def _answer(self, request: Request) -> Response:
        path = request.path_params["path"]
        self.calls.append(path)
        try:
            if self.sealed:
                raise TransitRefused(503, "Vault is sealed")
            if request.headers.get("x-vault-token") != self.token:
                raise TransitRefused(403, "permission denied")
            body = await request.json() if request.method == "POST" else {}
            data = self._do(request.method, path, body)
        except TransitRefused as exc:
            return JSONResponse({"errors": exc.errors}, exc.status)
        return Response(status_code=204) if data is None else JSONResponse({"data": data})

    def _do(self, method: str, path: str, body: Mapping[str, Any]) -> dict[str, Any] | None:  # noqa: PLR0911
        match [method, *path.split("/")]:
            case ["GET", "v1", "transit", "keys", name]:
                return self._described(name)
            case ["POST", "v1", "transit", "keys", name]:
                self._make(name, derived=bool(body.get("derived")))
                return self._described(name)
            case ["POST", "v1", "transit", "keys", name, "rotate"]:
                self._key(name).rotate()
                return self._described(name)
            case ["POST", "v1", "transit", "keys", name, "config"]:
                return self._configure(name, body)
            case ["POST", "v1", "transit", "keys", name, "trim"]:
                return self._trim(self._key(name), int(body["min_available_version"]))
            case ["POST", "v1", "transit", "encrypt", name]:
                return self._encrypt(name, base64.b64decode(body["plaintext"]), base64.b64decode(body.get("context", "")))
            case ["POST", "v1", "transit", "decrypt", name]:
                return {"plaintext": base64.b64encode(self._decrypt(name, body)).decode()}
            case ["POST", "v1", "transit", "rewrap", name]:
                return self._encrypt(name, self._decrypt(name, body), base64.b64decode(body.get("context", "")))
            case ["POST", "v1", "transit", "hmac", name, "sha2-256"]:
                version = int(body.get("key_version") or self._key(name).latest)
                digest = hmac.new(self._key(name).versions[version], base64.b64decode(body["input"]), hashlib.sha256).digest()
                return {"hmac": f"vault:v{version}:{base64.b64encode(digest).decode()}"}
        raise TransitRefused(404, f"no handler for route '{path}'")

    def _make(self, name: str, *, derived: bool) -> None:
        if name not in self.keys:
            self.keys[name] = TransitKey(derived)
            self.keys[name].rotate()

    def _key(self, name: str) -> TransitKey:
        if name not in self.keys:
            raise TransitRefused(400, "encryption key not found")
        return self.keys[name]

    def _described(self, name: str) -> dict[str, Any]:
        if name not in self.keys:
            raise TransitRefused(404)
        key = self.keys[name]
        return {
            "name": name, "derived": key.derived, "latest_version": key.latest, "keys": key.made,
            "min_decryption_version": key.min_decryption_version, "min_encryption_version": key.min_encryption_version,
            "min_available_version": key.min_available_version,
        }  # fmt: skip

    def _configure(self, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
        key = self._key(name)
        if max(int(body.get("min_decryption_version", 0)), int(body.get("min_encryption_version", 0))) > key.latest:
            raise TransitRefused(400, f"cannot set a version greater than the latest key version {key.latest}")
        key.min_decryption_version = int(body.get("min_decryption_version", key.min_decryption_version))
        key.min_encryption_version = int(body.get("min_encryption_version", key.min_encryption_version))
        return self._described(name)

    def _trim(self, key: TransitKey, version: int) -> None:
        if not key.min_encryption_version or version > min(key.min_encryption_version, key.min_decryption_version):
            raise TransitRefused(400, "min_available_version cannot be greater than min_decryption_version and min_encryption_version")
        key.min_available_version = version
        for number in [number for number in key.versions if number < version]:
            del key.versions[number], key.made[str(number)]

    def _encrypt(self, name: str, plaintext: bytes, context: bytes) -> dict[str, Any]:
        key, nonce = self._key(name), os.urandom(12)
        body = nonce + key.aead(key.latest, context).encrypt(nonce, plaintext, None)
        return {"ciphertext": f"vault:v{key.latest}:{base64.b64encode(body).decode()}", "key_version": key.latest}

    def _decrypt(self, name: str, body: Mapping[str, Any]) -> bytes:
        key = self._key(name)
        _, version, content = body["ciphertext"].split(":")
        number, sealed = int(version[1:]), base64.b64decode(content)
        if number < key.min_decryption_version:
            raise TransitRefused(400, "ciphertext or signature version is disallowed by policy (too old)")
        if number not in key.versions:
            raise TransitRefused(400, "invalid ciphertext: version is too new")
        try:
            return key.aead(number, base64.b64decode(body.get("context", ""))).decrypt(sealed[:12], sealed[12:], None)
        except (InvalidTag, ValueError) as exc:
            raise TransitRefused(400, "cipher: message authentication failed") from exc
