"""Who may read the trail and govern the registry: `chancery audit access grant`, `list`, `revoke`. With the operator token alone."""

import json
from datetime import datetime
from typing import Annotated, Any

import httpx
import typer

from chancery_cli.auditing import checked
from chancery_cli.connection import connect
from chancery_cli.errors import CommandFailed

access = typer.Typer(no_args_is_help=True, help="Keys to the trail. Granting needs the operator token, and is on the trail.")


@access.command("grant")
def grant(
    name: Annotated[str, typer.Option(help="What the key is called on record; no personal data.")],
    role: Annotated[str | None, typer.Option(help="auditor, officer or operator of the trail; none: of the registry alone.")] = None,
    registry_role: Annotated[list[str] | None, typer.Option(help="author, operator, or one that approves; as often as needed.")] = None,
    tenant: Annotated[list[str] | None, typer.Option(help="A tenant; an officer has exactly one.")] = None,
    all_tenants: Annotated[bool, typer.Option("--all-tenants", help="Every tenant, also those to come.")] = False,
    matter: Annotated[list[str] | None, typer.Option(help="Keep it to this matter; as often as there are matters.")] = None,
    excepted: Annotated[list[str] | None, typer.Option("--except", help="Keep it from this matter; as often as there are matters.")] = None,
    expires: Annotated[datetime | None, typer.Option(help="When it ends, like 2027-01-31T00:00:00.")] = None,
) -> None:
    """Grant a key and print it: it is shown this once."""
    if bool(tenant) == all_tenants:
        raise CommandFailed("name either --tenant or --all-tenants")
    order = {
        "role": role, "registry_roles": registry_role or [], "name": name,
        "tenants": tenant or None, "matters": matter or None, "excepted": excepted or [],
        "expires_at": None if expires is None else expires.astimezone().isoformat(),
    }  # fmt: skip
    granted = _ask("POST", "", order).json()
    typer.echo(f"key {granted['key']}; set CHANCERY_AUDIT_KEY to what follows, which is not shown again:", err=True)
    typer.echo(granted["secret"])


@access.command("list")
def listed(tenant: Annotated[str | None, typer.Option(help="One tenant's, and those of all.")] = None) -> None:
    """List keys, newest first, without their secrets."""
    typer.echo(json.dumps(_ask("GET", "" if tenant is None else f"?tenant={tenant}").json(), indent=2))


@access.command("revoke")
def revoke(key: Annotated[str, typer.Argument(help="The key's id, as `access list` tells it.")]) -> None:
    """Revoke a key: at once, and for good."""
    _ask("POST", f"/{key}/revoke")
    typer.echo(f"{key} is revoked", err=True)


def _ask(method: str, path: str, order: dict[str, Any] | None = None) -> httpx.Response:
    try:
        with connect().operator("audit") as http:
            return checked(http.request(method, f"/v1/access{path}", json=order), "audit")
    except httpx.HTTPError as exc:
        raise CommandFailed("the audit service does not answer: see `chancery status`") from exc
