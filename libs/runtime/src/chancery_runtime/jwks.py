"""Public keys of an identity provider (RFC 7517), from a URL or a file, kept for a bounded time."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import jwt
from chancery_contracts.failures import Retry
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

LARGEST_BYTES = 262_144
FETCH_TIMEOUT_S = 3.0
SHORTEST_RSA_BITS = 2048
_ALGORITHMS = {("RSA", None): "RS256", ("EC", "P-256"): "ES256", ("OKP", "Ed25519"): "EdDSA"}
"""What a key may verify follows from the key alone: a token does not choose (RFC 8725 §3.1)."""


class KeysUnavailable(Retry):
    """The identity provider's keys are not at hand: it does not answer, and those that were cached are too old. Nobody comes in."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """One key and the one algorithm that it verifies."""

    algorithm: str
    key: Any


@dataclass
class KeySet:
    """Keys by id. An unknown id asks the provider again, but not more often than every `again_s`."""

    source: str
    """`https://…`, or a file's path."""
    life_s: float = 3600.0
    again_s: float = 10.0
    monotonic: Callable[[], float] = time.monotonic
    _keys: Mapping[str | None, PublicKey] = field(default_factory=dict)
    _fetched_at: float | None = None
    _tried_at: float | None = None
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def key(self, kid: str | None) -> PublicKey | None:
        """The key of this id; of a token without id the only one that there is. Raises KeysUnavailable."""
        await self._refresh(wanted=self._age() > self.life_s / 2)
        if kid not in self._keys:
            await self._refresh(wanted=True)
        if self._age() > self.life_s:
            raise KeysUnavailable("the identity provider's keys are not at hand")
        if kid is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(kid)

    def _age(self) -> float:
        return float("inf") if self._fetched_at is None else self.monotonic() - self._fetched_at

    async def _refresh(self, *, wanted: bool) -> None:
        """Keeps what there was where the provider does not answer: until its life ends, it counts."""
        async with self._lock:
            now = self.monotonic()
            if not wanted or (self._tried_at is not None and now - self._tried_at < self.again_s):
                return
            self._tried_at = now
            try:
                self._keys = read_keys(await self._document())
                self._fetched_at = now
            except (httpx.HTTPError, OSError, ValueError, RecursionError):
                return

    async def _document(self) -> Any:
        if not self.source.startswith(("https://", "http://")):
            return _parsed(await asyncio.to_thread(Path(self.source).read_bytes))
        async with httpx.AsyncClient(timeout=FETCH_TIMEOUT_S, follow_redirects=False) as http:
            response = await http.get(self.source)
        response.raise_for_status()
        return _parsed(response.content)


def _parsed(body: bytes) -> Any:
    if len(body) > LARGEST_BYTES:
        raise ValueError("the key set is too large")
    return json.loads(body)


def read_keys(document: Any) -> dict[str | None, PublicKey]:
    """The usable keys of a JWK set; symmetric, weak and foreign ones are left out. Raises ValueError where it is no key set."""
    listed = document.get("keys") if isinstance(document, dict) else None
    if listed is None or not isinstance(listed, list):
        raise ValueError("not a JWK set (RFC 7517 §5)")  # of what was fetched, not of an argument
    found: dict[str | None, PublicKey] = {}
    for one in listed:
        key = _read_key(one) if isinstance(one, dict) else None
        if key is not None:
            found[one.get("kid")] = key
    return found


def _read_key(members: dict[str, Any]) -> PublicKey | None:
    kind = members.get("kty")
    algorithm = _ALGORITHMS.get((str(kind), None if kind == "RSA" else members.get("crv")))
    if algorithm is None or members.get("alg", algorithm) != algorithm or members.get("use", "sig") != "sig":
        return None
    public = {name: value for name, value in members.items() if name not in {"d", "p", "q", "dp", "dq", "qi"}}
    try:
        key = jwt.PyJWK(public, algorithm=algorithm).key
    except jwt.PyJWTError:
        return None
    weak = isinstance(key, RSAPublicKey) and key.key_size < SHORTEST_RSA_BITS
    return None if weak else PublicKey(algorithm, key)
