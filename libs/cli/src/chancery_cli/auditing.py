"""Asks the audit service."""

import time
from typing import Any

import httpx

from chancery_cli.connection import Connection
from chancery_cli.errors import CommandFailed
from chancery_cli.identity import audit_client


def fetch_trail(connection: Connection, interaction: str, tenant: str, *, reveal: bool, within_s: float = 10.0) -> list[dict[str, Any]]:
    """Entries of one interaction, waiting until the trail has caught up with its end. Raises CommandFailed."""
    deadline = time.monotonic() + within_s
    while True:
        entries = _entries(connection, interaction, tenant, reveal=reveal)
        ended = any(str(entry.get("type", "")).startswith("chancery.interaction.completed") for entry in entries)
        if ended or (entries and time.monotonic() >= deadline):
            return entries
        if time.monotonic() >= deadline:
            raise CommandFailed(f"the trail of tenant {tenant} holds no interaction {interaction}")
        time.sleep(0.2)


def _entries(connection: Connection, interaction: str, tenant: str, *, reveal: bool) -> list[dict[str, Any]]:
    parameters = {"tenant": tenant, "reveal": str(reveal).lower()}
    document = audit_get(connection, f"/v1/interactions/{interaction}", parameters, missing_ok=True)
    return list(document.get("entries", []))


def audit_get(connection: Connection, path: str, parameters: dict[str, str], *, missing_ok: bool = False) -> dict[str, Any]:
    """The audit service's answer. Raises CommandFailed with the problem's own words."""
    response = _get(connection, path, parameters.get("tenant"), parameters)
    return {} if missing_ok and response.status_code == 404 else dict(checked(response, "audit").json())


def log_text(connection: Connection, tenant: str, path: str) -> str:
    """Plain text of a tenant's log. Raises CommandFailed with the problem's own words."""
    return checked(_get(connection, f"/v1/log/{tenant}/{path}", tenant, {}), "audit").text


def _get(connection: Connection, path: str, tenant: str | None, parameters: dict[str, str]) -> httpx.Response:
    try:
        with audit_client(connection, tenant) as http:
            return http.get(path, params=parameters)
    except httpx.HTTPError as exc:
        raise CommandFailed("the audit service does not answer: see `chancery status`") from exc


def checked(response: httpx.Response, service: str) -> httpx.Response:
    """The response, if it is no error. Raises CommandFailed with the problem's own words."""
    if response.is_error:
        problem = response.json() if "json" in response.headers.get("content-type", "") else {}
        raise CommandFailed(f"{service}: {problem.get('title', response.status_code)}. {problem.get('detail', '')}")
    return response
