"""Tenants' keys: `chancery keys status`, `rotate`, `destroy-old`. With the operator token, over every service that wraps keys."""

import json
from typing import Annotated, Any

import typer

from chancery_cli.auditing import operator_post
from chancery_cli.connection import Connection, connect
from chancery_cli.errors import CommandFailed

SERVICES = ("redaction", "audit")
Tenant = Annotated[str, typer.Option(help="The tenant's id, like meridian-bank.")]

keys = typer.Typer(no_args_is_help=True, help="Versions of the keys that wrap a tenant's keys.")


@keys.command("status")
def status(tenant: Tenant) -> None:
    """Show versions, and how many keys old ones still wrap."""
    connection = connect()
    typer.echo(json.dumps([_ask(connection, service, "status", tenant) for service in SERVICES], indent=2))


@keys.command("rotate")
def rotate(
    tenant: Tenant,
    rewrap_only: Annotated[bool, typer.Option("--rewrap-only", help="No new version: go on where a rotation was cut short.")] = False,
) -> None:
    """Make a new version and wrap everything anew under it; values are not touched. Cut short, go on with --rewrap-only."""
    connection = connect()
    for service in SERVICES:
        if not rewrap_only:
            _ask(connection, service, "rotate", tenant)
        rewrapped, unopened = _rewrap(connection, service, tenant)
        typer.echo(f"{service}: {rewrapped} keys wrapped anew", err=True)
        if unopened:
            raise CommandFailed(f"{service}: {unopened} keys do not open, and stay as they are: were they changed? see its log")
    status(tenant)


@keys.command("destroy-old")
def destroy_old(tenant: Tenant) -> None:
    """Destroy every version but the current one, for ever: copies of what they wrapped open nothing any more. Backups of the keyring's
    file, if the keys lie in one, still have them: destroy those too."""
    connection = connect()
    typer.echo(json.dumps([_ask(connection, service, "destroy-old", tenant) for service in SERVICES], indent=2))


def _rewrap(connection: Connection, service: str, tenant: str) -> tuple[int, int]:
    rewrapped = unopened = 0
    after: str | None = ""
    while after is not None:
        done = _ask(connection, service, "rewrap", tenant, after=after)
        rewrapped, unopened, after = rewrapped + done["rewrapped"], unopened + done["unopened"], done["after"]
    return rewrapped, unopened


def _ask(connection: Connection, service: str, what: str, tenant: str, **more: str) -> dict[str, Any]:
    return operator_post(connection, service, f"/v1/keys/{what}", {"tenant": tenant, **more})
