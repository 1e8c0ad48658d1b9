"""Legal holds and erasures: `chancery audit hold …`, `chancery audit erase`, `chancery audit erasures`."""

import json
import time
from collections.abc import Callable
from typing import Annotated, Any

import httpx
import typer

from chancery_cli.auditing import audit_get
from chancery_cli.connection import Connection, connect
from chancery_cli.errors import CommandFailed
from chancery_cli.identity import audit_client

TAKES_EFFECT_WITHIN_S = 30.0
Tenant = Annotated[str, typer.Option(help="The tenant's id, like meridian-bank.")]
Reason = Annotated[str, typer.Option(help="In words, without personal data: it is kept for ever.")]
Behalf = Annotated[str | None, typer.Option(help="An opaque id of whom you act for; it is recorded, not checked.")]

hold = typer.Typer(no_args_is_help=True, help="Legal holds: what they cover is neither erased nor outlives its retention.")


def add_to(audit: typer.Typer) -> None:
    """Hangs these commands below `audit`."""
    audit.add_typer(hold, name="hold")
    audit.command("erase")(erase)
    audit.command("erasures")(erasures)


@hold.command("place")
def hold_place(
    tenant: Tenant,
    reason: Reason,
    matter: Annotated[str | None, typer.Option(help="The matter to hold.")] = None,
    whole_tenant: Annotated[bool, typer.Option("--whole-tenant", help="Hold everything of the tenant.")] = False,
    on_behalf_of: Behalf = None,
) -> None:
    """Place a hold, and wait until it is in force."""
    order = {"tenant": tenant, "matter": matter, "whole_tenant": whole_tenant, "reason": reason, "on_behalf_of": on_behalf_of}
    _order("/v1/holds", order, lambda found: found.get("state") == "in force")


@hold.command("release")
def hold_release(
    hold_id: Annotated[str, typer.Argument(metavar="HOLD", help="The hold's id, as `hold list` tells it.")],
    tenant: Tenant,
    reason: Reason,
    on_behalf_of: Behalf = None,
) -> None:
    """Release a hold, and wait until it is: retention goes on; erasures that were refused are to be asked for again."""
    order = {"tenant": tenant, "reason": reason, "on_behalf_of": on_behalf_of}
    _order(f"/v1/holds/{hold_id}/release", order, lambda found: found.get("state") == "released")


@hold.command("list")
def hold_list(tenant: Tenant) -> None:
    """List holds, those in force first."""
    typer.echo(json.dumps(audit_get(connect(), "/v1/holds", {"tenant": tenant}), indent=2))


def erase(
    tenant: Tenant,
    reason: Reason,
    legal_ground: Annotated[str, typer.Option(help="Like `GDPR 17(1)(b)`.")],
    interaction: Annotated[str | None, typer.Option(help="One interaction.")] = None,
    conversation: Annotated[str | None, typer.Option(help="Every interaction of a conversation.")] = None,
    matter: Annotated[str | None, typer.Option(help="Everything of a matter, its documents' texts in the trail included.")] = None,
    on_behalf_of: Behalf = None,
) -> None:
    """Erase from the audit trail what is on record now: payloads and their keys; proofs stay valid. Exit status 1 where it was refused."""
    given = {"interaction": interaction, "conversation": conversation, "matter": matter}
    named = [{"kind": kind, "name": name} for kind, name in given.items() if name is not None]
    if len(named) != 1:
        raise CommandFailed("name exactly one of --interaction, --conversation, --matter")
    order = {"tenant": tenant, "subject": named[0], "reason": reason, "legal_ground": legal_ground, "on_behalf_of": on_behalf_of}
    found = _order("/v1/erasures", order, lambda found: found.get("state") not in {None, "pending"})
    if found["state"] != "erased":
        raise typer.Exit(1)


def erasures(tenant: Tenant) -> None:
    """List requests for erasure, newest first, and what became of them."""
    typer.echo(json.dumps(audit_get(connect(), "/v1/erasures", {"tenant": tenant}), indent=2))


def erased_lines(entries: list[dict[str, Any]]) -> list[str]:
    """When, why and by which event the payloads of a trail were erased: a line an erasure."""
    found: dict[str, list[dict[str, Any]]] = {}
    for entry in entries:
        if entry.get("erased"):
            found.setdefault(entry["erased"]["event"], []).append(entry)
    return [_erased_line(event, there) for event, there in found.items()]


def _erased_line(event: str, entries: list[dict[str, Any]]) -> str:
    one = entries[0]["erased"]
    asked = f", request {one['request']}" if one["request"] else ""
    return f"ERASED: {len(entries)} payloads at {one['at'][:19]}, because of {one['why']}, by event {event}{asked}"


def _order(path: str, order: dict[str, Any], done: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    connection = connect()
    accepted = _post(connection, path, order)
    href, _, query = accepted["href"].partition("?tenant=")
    deadline = time.monotonic() + TAKES_EFFECT_WITHIN_S
    while not done(found := audit_get(connection, href, {"tenant": query}, missing_ok=True)):
        if time.monotonic() >= deadline:
            raise CommandFailed(f"accepted as {accepted['id']}, but not in effect yet: look at {href} later")
        time.sleep(0.1)
    typer.echo(json.dumps(found, indent=2))
    return found


def _post(connection: Connection, path: str, order: dict[str, Any]) -> dict[str, Any]:
    try:
        with audit_client(connection, order["tenant"]) as http:
            response = http.post(path, json=order)
    except httpx.HTTPError as exc:
        raise CommandFailed("the audit service does not answer: see `chancery status`") from exc
    if response.is_error:
        problem = response.json() if "json" in response.headers.get("content-type", "") else {}
        raise CommandFailed(f"audit: {problem.get('title', response.status_code)}. {problem.get('detail', '')}")
    return dict(response.json())
