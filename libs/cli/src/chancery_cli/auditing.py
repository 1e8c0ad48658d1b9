"""Asks the audit service."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from chancery_cli.connection import Connection
from chancery_cli.errors import CommandFailed


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
    document = operator_get(connection, "audit", f"/v1/interactions/{interaction}", parameters, missing_ok=True)
    return list(document.get("entries", []))


def operator_get(
    connection: Connection, service: str, path: str, parameters: Mapping[str, str | Sequence[str]], *, missing_ok: bool = False
) -> dict[str, Any]:
    """A service's answer. Raises CommandFailed with the problem's own words."""
    response = _asked(connection, service, "GET", path, params=parameters)
    return {} if missing_ok and response.status_code == 404 else dict(checked(response, service).json())


def operator_post(connection: Connection, service: str, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """The same, for what is asked in a body."""
    return dict(checked(_asked(connection, service, "POST", path, json=body), service).json())


def operator_text(connection: Connection, service: str, path: str) -> str:
    """A service's answer in plain text. Raises CommandFailed with the problem's own words."""
    return checked(_asked(connection, service, "GET", path), service).text


def _asked(connection: Connection, service: str, method: str, path: str, **given: Any) -> httpx.Response:
    try:
        with connection.operator(service) as http:
            return http.request(method, path, **given)
    except httpx.HTTPError as exc:
        raise CommandFailed(f"the {service} service does not answer: see `chancery status`") from exc


def checked(response: httpx.Response, service: str) -> httpx.Response:
    """The response, if it is no error. Raises CommandFailed with the problem's own words, and what of the request they are about."""
    if response.is_error:
        problem = response.json() if "json" in response.headers.get("content-type", "") else {}
        about = ", ".join(sorted({str(one.get("pointer", "")).removeprefix("/query/").strip("/") for one in problem.get("errors", ())}))
        detail = f"Look at: {about}" if about else problem.get("detail", "")
        raise CommandFailed(f"{service}: {problem.get('title', response.status_code)}. {detail}")
    return response
