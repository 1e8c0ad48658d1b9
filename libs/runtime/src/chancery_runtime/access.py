"""Who may call the operators' interfaces."""

import hmac
from collections.abc import Awaitable, Callable

from fastapi import Request

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


def bearer_token(request: Request) -> str | None:
    """The token of the Authorization header (RFC 6750 §2.1), if there is one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None
