"""The rights of a data subject, over every store: `chancery privacy find | export | erase | hold | orders | verify | register`."""

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from chancery_cli.auditing import audit_get, checked
from chancery_cli.connection import Connection, connect
from chancery_cli.errors import CommandFailed
from chancery_cli.finding import given
from chancery_cli.identity import act_as, audit_client
from chancery_cli.processing import register
from chancery_cli.subject_pages import export_page, report_page
from chancery_cli.subject_reports import verify

ENDS_WITHIN_S = 600.0
MOST_PLACES = 3
"""That are named of a store."""
Tenant = Annotated[str, typer.Option(help="The tenant's id, like meridian-bank.")]
Values = Annotated[list[str] | None, typer.Option("--value", help="A spelling, address or number of the person; as often as there are.")]
ValuesFile = Annotated[
    str | None, typer.Option("--values-file", help="One a line, so that no shell's history has them; `-`: from the input.")
]
Reason = Annotated[str, typer.Option(help="In words, without personal data: it is kept for ever.")]
Behalf = Annotated[str | None, typer.Option(help="An opaque id of whom you act for; it is recorded, not checked.")]
WithinS = Annotated[float, typer.Option("--within-s", min=1, help="How long to wait for every service's answer.")]

privacy = typer.Typer(no_args_is_help=True, help="The rights of a data subject, over every store.")
privacy.callback()(act_as)


@privacy.command("find")
def find(
    tenant: Tenant,
    value: Values = None,
    values_file: ValuesFile = None,
    reason: Reason = "where is this person",
    on_behalf_of: Behalf = None,
    within_s: WithinS = ENDS_WITHIN_S,
    as_json: Annotated[bool, typer.Option("--json", help="The whole report, for programs.")] = False,
) -> None:
    """Where a person is: numbers and opaque places, store by store. That somebody was looked for is on record, not who."""
    order = _order(tenant, "find", _values(value, values_file), reason, None, on_behalf_of)
    report = _ended(connect(), order, within_s)["report"]
    typer.echo(_json(report).rstrip("\n") if as_json else "\n".join(_where(report)))


@privacy.command("export")
def export(
    tenant: Tenant,
    out: Annotated[Path, typer.Option(help="A folder: export.json, export.html, report.json, report.html.")],
    value: Values = None,
    values_file: ValuesFile = None,
    reason: Reason = "access request",
    legal_ground: Annotated[str, typer.Option(help="Like `GDPR 15`.")] = "GDPR 15",
    on_behalf_of: Behalf = None,
    within_s: WithinS = ENDS_WITHIN_S,
) -> None:
    """Give what is stored about a person: values, texts, places. Others may be named in those texts: read before you hand it out."""
    connection = connect()
    ended = _ended(connection, _order(tenant, "export", _values(value, values_file), reason, legal_ground, on_behalf_of), within_s)
    contents = audit_get(connection, f"/v1/subjects/orders/{ended['id']}/export", {"tenant": tenant})
    files = {"export.json": _json(contents), "export.html": export_page(tenant, contents), **_report_files(ended)}
    for name, text in files.items():
        write_private(out / name, text)
    typer.echo(f"{out}: {', '.join(files)}. {sum(one['found'] for one in contents['stores'])} places in {len(contents['stores'])} stores")


@privacy.command("erase")
def erase(
    tenant: Tenant,
    reason: Reason,
    legal_ground: Annotated[str, typer.Option(help="Like `GDPR 17(1)(b)`.")],
    out: Annotated[Path, typer.Option(help="The signed report; a page to print is written beside it.")],
    value: Values = None,
    values_file: ValuesFile = None,
    on_behalf_of: Behalf = None,
    within_s: WithinS = ENDS_WITHIN_S,
) -> None:
    """Erase a person from every store, but for what holds cover. Exit status 1 where something is left."""
    order = _order(tenant, "erase", _values(value, values_file), reason, legal_ground, on_behalf_of)
    ended = _ended(connect(), order, within_s)
    files = _report_files(ended)
    write_private(out, files["report.json"])
    write_private(out.with_suffix(".html"), files["report.html"])
    for one in ended["report"]["stores"]:
        typer.echo(f"{one['store']:<24} {one['state']:<14} found {one['found']}, erased {one['erased']}, left {one['left']}")
    typer.echo(f"{ended['state']}: {out}, {out.with_suffix('.html')}. To check it: chancery privacy verify {out} --key KEY")
    raise typer.Exit(0 if ended["state"] == "done" else 1)


@privacy.command("hold")
def hold(
    tenant: Tenant,
    reason: Reason,
    value: Values = None,
    values_file: ValuesFile = None,
    matter: Annotated[str | None, typer.Option(help="A matter, whoever is in it.")] = None,
    whole_tenant: Annotated[bool, typer.Option("--whole-tenant", help="Everything of the tenant.")] = False,
    on_behalf_of: Behalf = None,
    within_s: WithinS = ENDS_WITHIN_S,
) -> None:
    """Hold a matter, a tenant, or every matter that a person is in: nothing there is erased until `chancery audit hold release`."""
    connection = connect()
    if matter is not None or whole_tenant:
        named: list[str | None] = [None if whole_tenant else matter]
    else:
        found = _ended(connection, _order(tenant, "find", _values(value, values_file), reason, None, on_behalf_of), within_s)
        named = sorted({name for one in found["report"]["stores"] for name in one["matters"]})
        if not named:
            raise CommandFailed("this person is in no matter: hold the --whole-tenant, or name a --matter")
    for one in named:
        order = {"tenant": tenant, "matter": one, "whole_tenant": one is None, "reason": reason, "on_behalf_of": on_behalf_of}
        typer.echo(f"{one or 'the whole tenant'}: hold {_post(connection, '/v1/holds', order)['id']}")


@privacy.command("orders")
def orders(tenant: Tenant) -> None:
    """List what was asked for, newest first, and what became of it; without reports."""
    found = audit_get(connect(), "/v1/subjects/orders", {"tenant": tenant})["orders"]
    typer.echo(_json([{name: item for name, item in one.items() if name not in {"report", "note"}} for one in found]))


privacy.command("verify")(verify)
privacy.command("register")(register)


def _where(report: dict[str, Any]) -> Iterator[str]:
    """What a person reads of a report: where something is, where nothing is, and what goes by itself."""
    for one in report["stores"]:
        if one["found"]:
            left = len(one["places"]) - MOST_PLACES + one["more_places"]
            more = f" and {left} more" if left > 0 else ""
            yield f"{one['store']:<24} {one['found']:>5}  {', '.join(one['places'][:MOST_PLACES])}{more}"
    nothing = [one["store"] for one in report["stores"] if not one["found"]]
    yield f"Nothing in {', '.join(nothing)}." if nothing else "Something in every store."
    last = max((one["gone_by"] for one in report["lapses"]), default="")[:16]
    yield f"Kafka was not searched: {len(report['lapses'])} topics lapse by themselves, the last by {last} UTC."
    yield f"Not covered: {'; '.join(report['not_covered'])}."


def _values(values: list[str] | None, file: str | None) -> list[str]:
    lines = list(values or [])
    if file is not None:
        text = sys.stdin.read() if file == "-" else _read(Path(file))
        lines += [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        raise CommandFailed("nobody was named: give --value, or --values-file - and a line of input for each spelling or number")
    return lines


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise CommandFailed(f"cannot read {path}") from exc


def _order(tenant: str, purpose: str, values: list[str], reason: str, ground: str | None, behalf: str | None) -> dict[str, Any]:
    return {"tenant": tenant, "purpose": purpose, "values": values, "reason": reason} | given(
        {"legal_ground": ground, "on_behalf_of": behalf}
    )


def _ended(connection: Connection, order: dict[str, Any], within_s: float) -> dict[str, Any]:
    """Waits until every owner of stores has answered. Raises CommandFailed where one has not: the order goes on without us."""
    accepted = _post(connection, "/v1/subjects/orders", order)
    deadline = time.monotonic() + within_s
    found: dict[str, Any] = {"phase": "resolve", "waits_for": []}
    while True:
        with suppress(CommandFailed):  # accepted is accepted: a service that is away for a moment comes back to it
            found = audit_get(connection, f"/v1/subjects/orders/{accepted['id']}", {"tenant": order["tenant"]})
        if found.get("report") is not None:
            return found
        if time.monotonic() >= deadline:
            waits = ", ".join(found["waits_for"]) or "audit"
            raise CommandFailed(f"accepted as {accepted['id']}, still in phase {found['phase']}: waits for {waits}; see `privacy orders`")
        time.sleep(0.3)


def _post(connection: Connection, path: str, body: dict[str, Any]) -> dict[str, Any]:
    try:
        with audit_client(connection, body["tenant"]) as http:
            return dict(checked(http.post(path, json=body), "audit").json())
    except httpx.HTTPError as exc:
        raise CommandFailed("the audit service does not answer: see `chancery status`") from exc


def _report_files(ended: dict[str, Any]) -> dict[str, str]:
    signed = {"report": ended["report"], "note": ended["note"]}
    return {"report.json": _json(signed), "report.html": report_page(ended["report"], ended["note"])}


def _json(document: Any) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def write_private(path: Path, text: str) -> None:
    """A file for its owner's eyes alone. Raises CommandFailed."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as exc:
        raise CommandFailed(f"cannot write {path}: {exc.strerror}") from exc
