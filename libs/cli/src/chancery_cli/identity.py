"""As whom a command speaks to the audit service: `--as`, else `CHANCERY_AUDIT_KEY`, else the local stack's officer of that tenant.

The local stack's keys lie in its home (`audit-keys.json`, 0600). Whoever can read them can read the operator token beside them, and with
that grant himself any key: they are no wall. They only say on record that an officer looked, and not the operator.
"""

import json
import os
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, Any, Literal

import httpx
import typer
from chancery_local.home import write_secret_file

from chancery_cli.connection import Connection
from chancery_cli.errors import CommandFailed

Role = Literal["officer", "auditor", "operator"]
_ACTING: ContextVar[Role | None] = ContextVar("acting", default=None)
_AUDITOR = "auditor"


def act_as(
    role: Annotated[Role | None, typer.Option("--as", help="The local stack's officer (of the tenant), auditor, or operator.")] = None,
) -> None:
    """The audit trail."""
    _ACTING.set(role)


def audit_client(connection: Connection, tenant: str | None) -> httpx.Client:
    """An HTTP client of the audit service. Raises CommandFailed."""
    headers = {"Authorization": f"Bearer {_bearer(connection, tenant)}"}
    return httpx.Client(base_url=connection.urls["audit"], headers=headers, timeout=30)


def _bearer(connection: Connection, tenant: str | None) -> str:
    acting, given = _ACTING.get(), os.environ.get("CHANCERY_AUDIT_KEY")
    if acting is None and given:
        return given
    if acting == "operator" or connection.home is None or (tenant is None and acting != _AUDITOR):
        if acting not in {None, "operator"}:
            raise CommandFailed(f"there is no local {acting} here: set CHANCERY_AUDIT_KEY to a key that was granted")
        return connection.operator_token
    name = _AUDITOR if acting == _AUDITOR else str(tenant)
    known = local_keys(connection.home)
    return known[name] if name in known else _make(connection, connection.home, name)


def local_keys(folder: Path) -> dict[str, str]:
    """The local stack's keys: of each tenant's officer by the tenant, of the auditor of all tenants as `auditor`."""
    path = _file(folder)
    return dict(json.loads(path.read_text("utf-8"))) if path.is_file() else {}


def prepare_keys(connection: Connection) -> None:
    """Makes what keys are missing, and anew those that the service does not know any more. Raises CommandFailed."""
    if connection.home is None:
        return
    for name in (_AUDITOR, *sorted(connection.api_keys)):
        known = local_keys(connection.home).get(name)
        if known is None or not is_known(connection, known):
            _make(connection, connection.home, name)


def is_known(connection: Connection, key: str) -> bool:
    """Whether the audit service, which grants keys, still knows this one. Raises CommandFailed."""
    return _ask(connection, "GET", "/v1/access/self", headers={"Authorization": f"Bearer {key}"}).status_code != 401


def _make(connection: Connection, folder: Path, name: str) -> str:
    order: dict[str, Any] = {"role": _AUDITOR, "name": "local-auditor"}
    if name != _AUDITOR:
        order = {"role": "officer", "name": "local-officer", "tenants": [name]}
    key = granted(connection, order)
    write_secret_file(_file(folder), json.dumps(local_keys(folder) | {name: key}, indent=2))
    return key


def granted(connection: Connection, order: dict[str, Any]) -> str:
    """A new key, by the operator token. Raises CommandFailed."""
    response = _ask(connection, "POST", "/v1/access", json=order, headers={"Authorization": f"Bearer {connection.operator_token}"})
    if response.is_error:
        raise CommandFailed(f"the audit service grants no key {order['name']}: {response.json().get('title', response.status_code)}")
    return str(response.json()["secret"])


def _ask(connection: Connection, method: str, path: str, **arguments: Any) -> httpx.Response:
    try:
        return httpx.request(method, f"{connection.urls['audit']}{path}", timeout=30, **arguments)
    except httpx.HTTPError as exc:
        raise CommandFailed("the audit service does not answer: see `chancery status`") from exc


def _file(folder: Path) -> Path:
    return folder / "audit-keys.json"
