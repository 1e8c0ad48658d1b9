"""The commands. Each is a few lines: what they do stands in the file named for it."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from chancery_client import ChanceryClient, Request, question
from chancery_contracts.base import Sensitivity
from chancery_contracts.freezing import asyncapi_yaml
from rich.console import Console
from rich.table import Table

from chancery_cli.access import access
from chancery_cli.anchors import add_to as add_anchor_commands
from chancery_cli.auditing import audit_get, fetch_trail, log_text
from chancery_cli.connection import connect, home
from chancery_cli.demo.report import next_steps, trail, unexpected
from chancery_cli.demo.run import run_demo, shown_request
from chancery_cli.documents import index_documents, read_document
from chancery_cli.errors import CommandFailed
from chancery_cli.evidence import add_to as add_evidence_commands
from chancery_cli.finding import add_to as add_finding_commands
from chancery_cli.identity import act_as, prepare_keys
from chancery_cli.keys import keys
from chancery_cli.privacy import add_to as add_privacy_commands
from chancery_cli.privacy import erased_lines
from chancery_cli.prompt_inputs import read_inputs
from chancery_cli.provisioning import provision as provision_stack
from chancery_cli.registry.commands import add_to as add_registry_commands
from chancery_cli.registry.speaking import prepare_registry_keys
from chancery_cli.registry_files import publish_entries, read_entries
from chancery_cli.stack import StackView, follow_logs, stack_down, stack_status, stack_up
from chancery_cli.subjects import privacy
from chancery_cli.watching import watch

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Runs and uses a Chancery stack.")
requests = typer.Typer(no_args_is_help=True, help="Requests on their way.")
audit = typer.Typer(no_args_is_help=True, help="The audit trail.")
registry = typer.Typer(no_args_is_help=True, help="Prompts, models, use cases, policies.")
documents = typer.Typer(no_args_is_help=True, help="Documents to answer from.")
for name, group in (("requests", requests), ("audit", audit), ("registry", registry), ("documents", documents)):
    app.add_typer(group, name=name)
app.add_typer(privacy, name="privacy")
app.add_typer(keys, name="keys")
audit.callback()(act_as)
audit.add_typer(access, name="access")
add_privacy_commands(audit)
add_evidence_commands(audit)
add_anchor_commands(audit)
add_finding_commands(audit)
add_registry_commands(registry)
WIDTH_WITHOUT_TERMINAL = 160
console = Console() if sys.stdout.isatty() else Console(width=WIDTH_WITHOUT_TERMINAL)

Tenant = Annotated[str, typer.Option(help="The tenant's id, like meridian-bank.")]


@app.command()
def up() -> None:
    """Start Kafka, PostgreSQL and every service here, or find them running."""
    _show(stack_up(_say))
    prepare_keys(connect())
    prepare_registry_keys(connect())


@app.command()
def down() -> None:
    """Stop the stack; its data stay."""
    stack_down(_say)


@app.command()
def status() -> None:
    """Show processes, ports, health, restarts and memory."""
    _show(stack_status())


@app.command()
def logs(
    name: Annotated[str, typer.Argument(help="A service, kafka, postgres or supervisor.")],
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as lines come.")] = False,
    lines: Annotated[int, typer.Option(min=1, help="How many of the last lines.")] = 100,
) -> None:
    """Print a process's log."""
    for line in follow_logs(name, follow=follow, lines=lines):
        console.print(line, highlight=False, markup=False, soft_wrap=True)


@app.command()
def demo(keep: Annotated[bool, typer.Option("--keep", help="Leave the stack running.")] = False) -> None:
    """Run the whole product on sample documents: requests in, governed, audited, priced answers out. Exit status 1 on a surprise."""
    before = stack_status()
    _show(stack_up(_say))
    kept = keep or before.running
    try:
        prepare_keys(connect())
        prepare_registry_keys(connect())
        board = asyncio.run(run_demo(connect(), console))
        if kept:
            next_steps(console, connect(), home(), shown_request(board))
    finally:
        if not kept:
            stack_down(_say)
    raise typer.Exit(1 if unexpected(board) else 0)


@app.command()
def contract() -> None:
    """Print the AsyncAPI document: every topic, event and schema."""
    typer.echo(asyncapi_yaml(), nl=False)


@app.command()
def provision() -> None:
    """Make the topics, API keys and registry entries of a fresh stack."""
    topics, entries = asyncio.run(provision_stack(connect().kafka, home()))
    console.print(f"{topics} topics made, {entries} registry entries published")


@app.command()
def publish(
    text: Annotated[str, typer.Argument(help="The question.")],
    tenant: Tenant,
    use_case: Annotated[str, typer.Option(help="The use case, like bank-faq.")],
    matter: Annotated[str | None, typer.Option(help="The matter, where the use case needs one.")] = None,
    conversation: Annotated[str | None, typer.Option(help="Keeps interactions in order.")] = None,
    interaction: Annotated[str | None, typer.Option(help="An id of your own: published twice, it is one request.")] = None,
    given: Annotated[list[str] | None, typer.Option("--input", metavar="NAME=VALUE", help="For the prompt; JSON, or else a text.")] = None,
    sensitivity: Annotated[Sensitivity | None, typer.Option(help="Raises the use case's: who may see the request.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the answer and print it.")] = False,
) -> None:
    """Publish a request to the tenant's topic."""
    request = Request(
        use_case, question(text), matter=matter, conversation=conversation, interaction=interaction, actor="cli",
        inputs=read_inputs(given or []), sensitivity=sensitivity,
    )  # fmt: skip
    asyncio.run(_publish(tenant, request, wait=wait))


async def _publish(tenant: str, request: Request, *, wait: bool) -> None:
    async with ChanceryClient.connect(connect().kafka_bootstrap, tenant) as client:
        interaction = await client.publish(request)
        if not wait:
            typer.echo(interaction)
            return
        completed = await client.wait(interaction)
        typer.echo(json.dumps({"interaction": interaction} | completed.data.model_dump(mode="json"), indent=2, ensure_ascii=False))


@requests.command("watch")
def requests_watch(tenant: Annotated[str | None, typer.Option(help="Only this tenant.")] = None) -> None:
    """Print every event of the pipeline as it comes. Ctrl-C ends it."""
    try:
        asyncio.run(_watch(tenant))
    except KeyboardInterrupt:
        return


async def _watch(tenant: str | None) -> None:
    async for received in watch(connect().kafka, tenant):
        event = received.event
        kind = event.type.removeprefix("chancery.").removesuffix(".v1")
        typer.echo(f"{event.time.isoformat(timespec='milliseconds')}  {event.tenant:<16} {kind:<26} {event.interaction or event.id}")


@audit.command("show")
def audit_show(
    interaction: Annotated[str, typer.Argument(help="The interaction's id.")],
    tenant: Tenant,
    reveal: Annotated[bool, typer.Option("--reveal", help="With raw text; the read is on record.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="All of it, as JSON.")] = False,
) -> None:
    """Show one interaction's trail; the read itself becomes part of the trail."""
    entries = fetch_trail(connect(), interaction, tenant, reveal=reveal)
    if as_json:
        typer.echo(json.dumps(entries, indent=2, ensure_ascii=False))
    else:
        console.print(trail(entries, interaction))
        for line in erased_lines(entries):
            console.print(line, highlight=False, soft_wrap=True)


@app.command("witness", context_settings={"allow_extra_args": True, "ignore_unknown_options": True}, add_help_option=False)
def witness(context: typer.Context) -> None:
    """Run a witness: it cosigns only checkpoints that continue what it has seen (`chancery witness --help`)."""
    os.execv(sys.executable, [sys.executable, "-m", "chancery_witness", *context.args])  # noqa: S606  # no shell: it becomes that process


@audit.command("alerts")
def audit_alerts(tenant: Annotated[str | None, typer.Option(help="One tenant's, and those of all.")] = None) -> None:
    """What is wrong with the trail now, and since when. Exit status 1 where an alert stands."""
    result = audit_get(connect(), "/v1/alerts", {} if tenant is None else {"tenant": tenant})
    typer.echo(json.dumps(result, indent=2))
    raise typer.Exit(1 if result["alerts"] else 0)


@audit.command("receipt")
def audit_receipt(seq: Annotated[int, typer.Argument(help="The entry's number, as `audit show --json` tells it.")], tenant: Tenant) -> None:
    """Fetch the receipt that proves an entry offline: `python -m chancery_ledger receipt FILE --key KEY` checks it."""
    typer.echo(log_text(connect(), tenant, f"receipts/{seq}"), nl=False)


@audit.command("key")
def audit_key(tenant: Tenant) -> None:
    """Show the verifier key of a tenant's log."""
    typer.echo(log_text(connect(), tenant, "key"), nl=False)


@audit.command("checkpoint")
def audit_checkpoint(tenant: Tenant) -> None:
    """Show the newest signed checkpoint of a tenant's log."""
    typer.echo(log_text(connect(), tenant, "checkpoint"), nl=False)


@audit.command("completeness")
def audit_completeness(tenant: Tenant) -> None:
    """Offsets accounted for, gaps, and interactions that have not ended."""
    result = audit_get(connect(), "/v1/completeness", {"tenant": tenant})
    typer.echo(json.dumps(result, indent=2))


@registry.command("load")
def registry_load(path: Annotated[Path, typer.Argument(exists=True, help="A YAML file, or a folder of them.")]) -> None:
    """Found entries of a fresh stack, straight on the topic and live at once. What is governed already is changed by `apply`."""
    connection = connect()
    count = asyncio.run(publish_entries(connection.kafka, read_entries([path], connection.api_keys)))
    console.print(f"{count} entries published")


@documents.command("load")
def documents_load(
    path: Annotated[Path, typer.Argument(exists=True, help="A Markdown file, or a folder of them.")], tenant: Tenant
) -> None:
    """Publish documents (Markdown with a front matter) and wait until they can be found."""
    files = sorted(path.rglob("*.md")) if path.is_dir() else [path]
    if not files:
        raise CommandFailed(f"no Markdown files in {path}")
    events = [read_document(file, tenant) for file in files]
    shown = asyncio.run(index_documents(connect().kafka, events, lambda one: console.print(f"{one.key[1]}: {one.passages} passages")))
    console.print(f"{shown} documents indexed")


def _say(words: str) -> None:
    console.print(f"  {words}", highlight=False, style="dim")


def _show(view: StackView) -> None:
    if not view.running:
        console.print("No stack is running here. Start one with `chancery up`.")
        return
    table = Table(box=None, padding=(0, 2), header_style="dim")
    for column in ("process", "state", "pid", "port", "restarts", "MB"):
        table.add_column(column)
    for one in view.processes:
        colour = "green" if one.state in {"ready", "running"} else "red"
        table.add_row(one.name, f"[{colour}]{one.state}[/]", str(one.pid or ""), str(one.port or ""), str(one.restarts), str(one.rss_mb))
    console.print(table)
    console.print(f"memory in all: {sum(one.rss_mb for one in view.processes)} MB", style="dim")
