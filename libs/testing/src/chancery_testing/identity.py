"""An identity provider: keys, a key set, tokens that are good, and the means to make bad ones."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

ISSUER, AUDIENCE = "https://id.example", "chancery-audit"
_PUBLIC: dict[str, Callable[[Any], Any]] = {"RS256": RSAAlgorithm.to_jwk, "ES256": ECAlgorithm.to_jwk, "EdDSA": OKPAlgorithm.to_jwk}


class IdentityProvider:
    """One key an algorithm; key ids are the algorithms' names with a number that `rotate` raises."""

    path: Path
    """Where its key set lies, if anywhere."""

    def __init__(self) -> None:
        self.generation = 0
        self.rotate()

    def rotate(self) -> None:
        """New keys, and the old ones are gone."""
        self.generation += 1
        self.keys: dict[str, Any] = {
            "RS256": generate_rsa(65537, 2048),
            "ES256": generate_private_key(SECP256R1()),
            "EdDSA": Ed25519PrivateKey.generate(),
        }

    def kid(self, algorithm: str) -> str:
        """The id of a key."""
        return f"{algorithm}-{self.generation}"

    def jwks(self) -> dict[str, Any]:
        """The key set (RFC 7517 §5)."""
        return {"keys": [self.jwk(name) for name in self.keys]}

    def jwk(self, algorithm: str) -> dict[str, Any]:
        """One public key."""
        public = _PUBLIC[algorithm](self.keys[algorithm].public_key())
        return {**json.loads(public), "kid": self.kid(algorithm), "use": "sig"}

    def claims(self, **changed: Any) -> dict[str, Any]:
        """Of an access token (RFC 9068 §2.2); a claim that is set to None is left out."""
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "u-42", "iat": now, "exp": now + 300} | changed
        claims = {"chancery_role": "auditor", "chancery_matters": "*"} | claims
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, algorithm: str = "ES256", *, key: Any = None, headers: dict[str, Any] | None = None, **changed: Any) -> str:
        """A token; `key` and `headers` make it another's."""
        headers = {"kid": self.kid(algorithm), "typ": "at+jwt"} | (headers or {}) if algorithm in self.keys else headers
        return jwt.encode(self.claims(**changed), key or self.keys[algorithm], algorithm=algorithm, headers=headers)
