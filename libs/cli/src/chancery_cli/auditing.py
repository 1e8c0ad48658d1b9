"""Asks the audit service."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from chancery_cli.connection import Connection
from chancery_cli.errors import CommandFailed
from chancery_cli.identity import audit_client

Parameters = Mapping[str, str | Sequence[str]]


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


def audit_get(connection: Connection, path: str, parameters: Parameters, *, missing_ok: bool = False) -> dict[str, Any]:
    """The audit service's answer. Raises CommandFailed with the problem's own words."""
    tenant = parameters.get("tenant")
    response = _asked("audit", audit_client(connection, tenant if isinstance(tenant, str) else None), "GET", path, params=parameters)
    return {} if missing_ok and response.status_code == 404 else dict(checked(response, "audit").json())


def log_text(connection: Connection, tenant: str, path: str) -> str:
    """Plain text of a tenant's log. Raises CommandFailed with the problem's own words."""
    return checked(log_answer(connection, tenant, path, {}), "audit").text


def log_answer(connection: Connection, tenant: str, path: str, parameters: Mapping[str, str]) -> httpx.Response:
    """What a tenant's log answers. Raises CommandFailed where nobody does."""
    return _asked("audit", audit_client(connection, tenant), "GET", f"/v1/log/{tenant}/{path}", params=parameters)


def operator_post(connection: Connection, service: str, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Another service's answer to its operator. Raises CommandFailed with the problem's own words."""
    return dict(checked(_asked(service, connection.operator(service), "POST", path, json=body), service).json())


def _asked(service: str, client: httpx.Client, method: str, path: str, **given: Any) -> httpx.Response:
    try:
        with client as http:
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
