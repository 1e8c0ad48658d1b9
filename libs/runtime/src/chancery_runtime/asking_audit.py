"""Keys that audit grants open more than its trail: audit is asked whose key it is. One place grants and revokes."""

import httpx
from chancery_contracts.failures import Retry

from chancery_runtime.api_keys import read_api_key
from chancery_runtime.principals import Principal, Walls
from chancery_runtime.problems import Problem

ASK_TIMEOUT_S = 5.0


class ByAudit:
    """A way to authenticate. Asked at every request: a revoked key is dead at once."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    @classmethod
    def at(cls, url: str) -> "ByAudit":
        """The audit service at this address."""
        return cls(httpx.AsyncClient(base_url=url, timeout=ASK_TIMEOUT_S))

    async def principal(self, text: str) -> Principal | None:
        """None where it is no key. Raises Problem (401), Retry where audit does not answer."""
        if read_api_key(text) is None:
            return None
        try:
            response = await self._http.get("/v1/access/self", headers={"Authorization": f"Bearer {text}"})
        except httpx.HTTPError as exc:
            raise Retry("audit does not answer") from exc
        if response.status_code == 401:
            raise Problem(401, "Not authenticated", "The key is not known, has expired, or was revoked.")
        if response.status_code != 200:
            raise Retry(f"audit answers {response.status_code}")
        return _principal(response.json())

    async def close(self) -> None:
        """Disconnects."""
        await self._http.aclose()


def _principal(found: dict[str, list[str] | str | None]) -> Principal:
    role, named = str(found["role"]), str(found["reader"])
    walls = Walls(_names(found["matters"]), _names(found["excepted"]) or frozenset())
    in_registry = _names(found.get("registry_roles")) or frozenset()
    return Principal(named.removeprefix(f"{role}:"), role, _names(found["tenants"]), walls, in_registry)


def _names(found: list[str] | str | None) -> frozenset[str] | None:
    return None if found is None else frozenset(found)
