"""Who may call the operators' interfaces."""

import hmac
from collections.abc import Awaitable, Callable, Sequence

from fastapi import Request

from chancery_runtime.principals import TOKEN_HOLDER, Principal, Way
from chancery_runtime.problems import Problem
from chancery_runtime.settings import ServiceSettings


def require_operator(settings: ServiceSettings) -> Callable[[Request], Awaitable[None]]:
    """A FastAPI dependency: lets through who bears the operator token; without a configured token, nobody."""
    token = settings.operator_token.get_secret_value().encode() if settings.operator_token else b""

    async def check(request: Request) -> None:
        given = bearer_token(request)
        if not token or given is None or not hmac.compare_digest(given.encode(), token):
            raise Problem(401, "Not authenticated", "Send the operator token as `Authorization: Bearer …`.")

    return check


def by_operator_token(settings: ServiceSettings) -> Way:
    """The operator token is one way among others; without a configured one, nobody comes this way."""
    token = settings.operator_token.get_secret_value().encode() if settings.operator_token else b""

    async def way(given: str) -> Principal | None:
        fits = bool(token) and hmac.compare_digest(given.encode(), token)
        return Principal("operator", TOKEN_HOLDER, None) if fits else None

    return way


def authenticated(ways: Sequence[Way]) -> Callable[[Request], Awaitable[Principal]]:
    """A FastAPI dependency: who bears the token, by the first way that knows its kind; 401 where none does."""

    async def find(request: Request) -> Principal:
        given = bearer_token(request)
        for way in ways if given is not None else ():
            if (found := await way(given or "")) is not None:
                return found
        raise Problem(401, "Not authenticated", "Send a key or a token as `Authorization: Bearer …`.")

    return find


def bearer_token(request: Request) -> str | None:
    """The token of the Authorization header (RFC 6750 §2.1), if there is one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None
