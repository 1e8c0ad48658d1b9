"""Finding in the audit trail: `chancery audit find`, `chancery audit live`, `chancery audit reads`. A page each; looking is on record."""

import json
import sys
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from chancery_cli.auditing import audit_get, operator_post
from chancery_cli.connection import Connection, connect
from chancery_cli.errors import CommandFailed

MOST_TOKENS = 200
"""As many as one query may name."""
WIDTH_WITHOUT_TERMINAL = 200
Tenant = Annotated[str, typer.Option(help="The tenant's id, like meridian-bank.")]
Limit = Annotated[int, typer.Option(min=1, max=1000, help="Rows of a page.")]
AsJson = Annotated[bool, typer.Option("--json", help="All of it, as JSON.")]
Column = tuple[str, str]
"""A member of a row, and the head it is shown under."""


def add_to(audit: typer.Typer) -> None:
    """Hangs these commands below `audit`."""
    audit.command("find")(find)
    audit.command("live")(live)
    audit.command("reads")(reads)


def find(
    tenant: Tenant,
    use_case: Annotated[str | None, typer.Option(help="Of one use case.")] = None,
    matter: Annotated[str | None, typer.Option(help="Of one matter.")] = None,
    conversation: Annotated[str | None, typer.Option(help="Of one conversation.")] = None,
    actor: Annotated[str | None, typer.Option(help="Asked by this opaque id.")] = None,
    person: Annotated[str | None, typer.Option(help="Naming this person, by name, IBAN, e-mail …; `-`: read from a line of input.")] = None,
    prompt: Annotated[str | None, typer.Option(help="Under this prompt: `answer`, or a version of it, `answer@3`.")] = None,
    model: Annotated[str | None, typer.Option(help="With this model: a name, or `name@version`.")] = None,
    document: Annotated[str | None, typer.Option(help="From passages of this document: an id, or `id@version`.")] = None,
    verdict: Annotated[str | None, typer.Option(help="release, withhold or escalate.")] = None,
    outcome: Annotated[str | None, typer.Option(help="released, withheld or refused.")] = None,
    refusal: Annotated[str | None, typer.Option(help="Refused with this code, like budget_exceeded.")] = None,
    reviewer: Annotated[str | None, typer.Option(help="Decided on by this reviewer.")] = None,
    cost_from: Annotated[int | None, typer.Option(help="Costs this or more, in micro-units of --currency.")] = None,
    cost_to: Annotated[int | None, typer.Option(help="Costs this or less.")] = None,
    currency: Annotated[str | None, typer.Option(help="Of the cost, like USD.")] = None,
    since: Annotated[datetime | None, typer.Option("--from", help="Accepted from this time on.")] = None,
    until: Annotated[datetime | None, typer.Option("--to", help="Accepted before this time.")] = None,
    state: Annotated[str | None, typer.Option(help="open, ended or erased.")] = None,
    after: Annotated[str | None, typer.Option(help="The `next` of the page before.")] = None,
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """Find interactions by any combination of what is known of them, without their contents, in the order of acceptance."""
    named = {
        "use_case": use_case, "matter": matter, "conversation": conversation, "actor": actor, "prompt": prompt, "model": model,
        "document": document, "verdict": verdict, "outcome": outcome, "refusal": refusal, "reviewer": reviewer, "currency": currency,
        "cost_from": cost_from, "cost_to": cost_to, "state": state, "after": after,
    }  # fmt: skip
    wanted: dict[str, Any] = {"tenant": tenant, "limit": str(limit)} | given(named) | times(since, until)
    connection = connect()
    if person is not None:
        wanted["token"] = _tokens(connection, tenant, _typed(person), matter)
        if not wanted["token"]:
            _show({"interactions": [], "next": None}, "interactions", _FOUND, as_json=as_json)
            return
    _show(audit_get(connection, "/v1/interactions", wanted), "interactions", _FOUND, as_json=as_json)


def live(
    tenant: Tenant,
    at: Annotated[datetime, typer.Option(help="The moment, like 2026-11-24T14:02:00.")],
    after: Annotated[str | None, typer.Option(help="The `next` of the page before.")] = None,
    limit: Limit = 1000,
    as_json: AsJson = False,
) -> None:
    """What was live at a moment: prompts, models, use cases, policies, budgets, and whether each was known then. Looking is on record."""
    wanted = {"tenant": tenant, "at": at.astimezone().isoformat(), "limit": str(limit)} | given({"after": after})
    _show(audit_get(connect(), "/v1/live", wanted), "live", _LIVE, as_json=as_json)


def reads(
    tenant: Tenant,
    interaction: Annotated[str | None, typer.Option(help="One interaction's.")] = None,
    before: Annotated[int | None, typer.Option(min=0, help="The `next` of the page before.")] = None,
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """Who looked at the trail, or at one interaction: newest first. Looking is on record too."""
    wanted = {"tenant": tenant, "limit": str(limit)} | given({"interaction": interaction, "before_seq": before})
    _show(audit_get(connect(), "/v1/reads", wanted), "reads", _READS, as_json=as_json)


def given(named: "dict[str, str | int | None]") -> dict[str, str]:
    """Those that are there, as they stand in a query."""
    return {name: str(value) for name, value in named.items() if value is not None}


def times(since: datetime | None, until: datetime | None) -> dict[str, str]:
    """Times without a zone are this machine's."""
    return {name: moment.astimezone().isoformat() for name, moment in (("from", since), ("to", until)) if moment is not None}


def _typed(person: str) -> str:
    """Out of the input, so that no shell's history keeps it."""
    if person != "-":
        return person
    value = typer.prompt("person", hide_input=True, err=True) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    if not value:
        raise CommandFailed("no person was given: type a name, an account number or an address")
    return str(value)


def _tokens(connection: Connection, tenant: str, value: str, matter: str | None) -> list[str]:
    """By what pseudonyms redaction knows a person. Raises CommandFailed where they are too many for one query."""
    asked: dict[str, Any] = {"tenant": tenant, "value": value} | given({"matter": matter})
    found: list[str] = []
    while True:
        page = operator_post(connection, "redaction", "/v1/vault/tokens", asked)
        found += [f"{one['scope']}/{one['token']}" for one in page["tokens"]]
        if len(found) > MOST_TOKENS:
            raise CommandFailed(f"this person is named in more than {MOST_TOKENS} matters and conversations: name one with --matter")
        if page["next"] is None:
            return found
        asked["after"] = page["next"]


_FOUND: tuple[Column, ...] = (
    ("begun_at", "accepted, UTC"), ("interaction", "interaction"), ("use_case", "use case"), ("matters", "matter"), ("actor", "actor"),
    ("prompts", "prompt"), ("models", "model"), ("verdict", "verdict"), ("outcome", "outcome"), ("refusal", "refusal"),
    ("reviewers", "reviewer"), ("costs", "cost, micro-units"), ("erased_at", "erased"),
)  # fmt: skip
_LIVE: tuple[Column, ...] = (
    ("kind", "kind"), ("name", "name"), ("version", "version"), ("owner", "owner"), ("author", "author"),
    ("effective_from", "in force from, UTC"), ("published_at", "published, UTC"), ("known_then", "known then"), ("tenant_seq", "entry"),
)  # fmt: skip
_READS: tuple[Column, ...] = (
    ("seq", "entry"), ("at", "at, UTC"), ("reader", "reader"), ("interaction", "interaction"), ("query", "asked for"), ("rows", "shown"),
)  # fmt: skip


def _show(page: dict[str, Any], rows: str, columns: tuple[Column, ...], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(page, indent=2, ensure_ascii=False))
        return
    filled = [column for column in columns if any(row.get(column[0]) not in (None, [], "") for row in page[rows])]
    table = Table(box=None, padding=(0, 2), header_style="dim")
    for _, head in filled:
        table.add_column(head, overflow="fold")
    for row in page[rows]:
        table.add_row(*(_cell(row.get(name)) for name, _ in filled))
    console = Console(markup=False, highlight=False, width=None if sys.stdout.isatty() else WIDTH_WITHOUT_TERMINAL)
    console.print(table if page[rows] else "none")
    if page["next"] is not None:
        option = "--before" if rows == "reads" else "--after"
        console.print(f"more: {option} {page['next']}", soft_wrap=True)


def _cell(value: Any) -> str:
    """As a person reads it: times to the second, lists with commas."""
    if isinstance(value, list):
        return ", ".join(_cell(one) for one in value)
    if isinstance(value, dict):
        return f"{value['micros']} {value['currency']}" if "micros" in value else " ".join(f"{name}={one}" for name, one in value.items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = "" if value is None else str(value)
    return text[:19] if len(text) >= 20 and text[10:11] == "T" and text[:4].isdigit() else text
