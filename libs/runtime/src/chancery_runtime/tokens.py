"""OIDC access tokens: JWTs (RFC 7519, RFC 9068), verified with pinned algorithms (RFC 8725); claims say role, tenants and matters."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import jwt
from chancery_contracts.identifiers import is_identifier, is_tenant

from chancery_runtime.errors import StartupFailed
from chancery_runtime.jwks import KeySet
from chancery_runtime.principals import ELSEWHERE, TOKEN_HOLDER, Principal, Walls, Way
from chancery_runtime.problems import Problem
from chancery_runtime.settings import ServiceSettings

LARGEST = 16_384
TYPES = frozenset({None, "JWT", "at+jwt", "application/at+jwt"})
"""RFC 9068 §2.1 asks for `at+jwt`; many providers write `JWT`. What an ID token is for, its audience tells."""
ALL = "*"
TOKENS = "oidc"
"""What principals of the identity provider are called by, before their subject."""


class TokenSettings(ServiceSettings):
    """`CHANCERY_OIDC_…`. Without an issuer, no token of an identity provider is accepted."""

    oidc_issuer: str | None = None
    oidc_audience: str | None = None
    oidc_jwks: str | None = None
    """The provider's key set: an https URL, or a file."""
    oidc_leeway_s: float = 30.0
    oidc_keys_for_s: float = 3600.0
    """Keys that cannot be fetched again are trusted for so long."""
    oidc_keys_again_s: float = 10.0
    """A key id that is not known asks the provider at most this often."""
    oidc_role_claim: str = "chancery_role"
    oidc_tenants_claim: str = "chancery_tenants"
    oidc_matters_claim: str = "chancery_matters"
    oidc_except_claim: str = "chancery_except"
    oidc_registry_roles_claim: str = "chancery_registry_roles"
    """A token may have these alone, without a role in the audit trail."""


def by_token(settings: TokenSettings) -> Way | None:
    """A way for tokens of the configured provider; None where none is configured. Raises StartupFailed for half a configuration."""
    given = (settings.oidc_issuer, settings.oidc_audience, settings.oidc_jwks)
    if not any(given):
        return None
    if not all(given):
        raise StartupFailed("set all of CHANCERY_OIDC_ISSUER, CHANCERY_OIDC_AUDIENCE and CHANCERY_OIDC_JWKS, or none")
    _refuse_clear_text(str(settings.oidc_jwks))
    keys = KeySet(str(settings.oidc_jwks), settings.oidc_keys_for_s, settings.oidc_keys_again_s)
    return TokenVerifier(settings, keys).principal


def _refuse_clear_text(source: str) -> None:
    place = urlsplit(source)
    if place.scheme == "http" and not _is_here(place.hostname or ""):
        raise StartupFailed("CHANCERY_OIDC_JWKS must be https: whoever can change the keys on their way can be anybody")


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True)
class TokenVerifier:
    """Verifies, and maps claims."""

    settings: TokenSettings
    keys: KeySet

    async def principal(self, token: str) -> Principal | None:
        """None where it is no JWT. Raises Problem (401: not valid, 403: no role here), KeysUnavailable."""
        if token.count(".") != 2:
            return None
        return self._mapped(await self._verified(token))

    async def _verified(self, token: str) -> Mapping[str, Any]:
        try:
            if len(token) > LARGEST:
                raise _invalid("it is too long")
            header = jwt.get_unverified_header(token)
            if header.get("typ") not in TYPES or "crit" in header:
                raise _invalid("it is no access token")
            key = await self.keys.key(header.get("kid"))
            if key is None or header.get("alg") != key.algorithm:
                raise _invalid("no key of the identity provider has signed it")
            return jwt.decode(
                token, key.key, algorithms=[key.algorithm], audience=self.settings.oidc_audience, issuer=self.settings.oidc_issuer,
                leeway=self.settings.oidc_leeway_s, options={"require": ["exp", "iss", "aud", "sub"], "strict_aud": False},
            )  # fmt: skip
        except jwt.ExpiredSignatureError as exc:
            raise _invalid("it has expired") from exc
        except (jwt.PyJWTError, RecursionError) as exc:
            raise _invalid("its signature or a claim does not hold") from exc

    def _mapped(self, claims: Mapping[str, Any]) -> Principal:
        of = self.settings
        in_registry = _names(claims.get(of.oidc_registry_roles_claim, []))
        role = claims.get(of.oidc_role_claim, ELSEWHERE if in_registry else None)
        tenants = _names(claims.get(of.oidc_tenants_claim))
        matters, excepted = _names(claims.get(of.oidc_matters_claim)), _names(claims.get(of.oidc_except_claim, []))
        if not isinstance(role, str) or role == TOKEN_HOLDER or in_registry is None or ALL in in_registry:
            raise no_role()
        # A claim that a provider forgot opens nothing: all matters are said by `*`.
        if not tenants or not matters or excepted is None or ALL in excepted:
            raise no_role()
        everywhere = ALL in tenants
        if not everywhere and not all(is_tenant(one) for one in tenants):
            raise no_role()
        walls = Walls(None if ALL in matters else matters, excepted)
        return Principal(f"{TOKENS}/{self._subject(str(claims['sub']))}", role, None if everywhere else tenants, walls, in_registry)

    def _subject(self, subject: str) -> str:
        """A subject that is no opaque id (an e-mail address, say) goes on record as a hash."""
        return subject if is_identifier(subject) else sha256(f"{self.settings.oidc_issuer}\n{subject}".encode()).hexdigest()[:32]


def _names(claim: Any) -> frozenset[str] | None:
    """A name or a list of names; None where it is neither, or has what is no name."""
    given = [claim] if isinstance(claim, str) else claim
    if not isinstance(given, list) or not all(isinstance(one, str) and (one == ALL or is_identifier(one)) for one in given):
        return None
    return frozenset(given)


def no_role() -> Problem:
    """Who it is, is known; what they may do here, is not."""
    return Problem(
        403, "No role here", "The token is valid, but its claims give no role of this service: ask who runs the identity provider."
    )


def _invalid(why: str) -> Problem:
    return Problem(401, "Not authenticated", f"The token is not accepted: {why}.")
