"""`chancery registry model`: a model as a controlled supplier: its card, clearance, where it runs, who approved it, what it costs."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer
from rich.console import Console

from chancery_cli.errors import CommandFailed
from chancery_cli.registry import pages
from chancery_cli.registry.api import SHARED, Registry
from chancery_cli.registry.model_usage import Span, usage_of
from chancery_cli.registry.naming import Named, Thing, named
from chancery_cli.registry.options import AsJson, Tenant, What, moment
from chancery_cli.registry.reading import say
from chancery_cli.registry.speaking import registry

USAGE_DAYS = 30
Json = dict[str, Any]
Start = Annotated[datetime | None, typer.Option("--from", parser=moment, metavar="TIME", help="Usage from then on; none: of thirty days.")]
End = Annotated[datetime | None, typer.Option("--to", parser=moment, metavar="TIME", help="Usage before then; none: until now.")]


def add_to(commands: typer.Typer) -> None:
    """Hangs this command below `registry`."""
    commands.command("model")(model)


def model(what: What, tenant: Tenant = SHARED, since: Start = None, until: End = None, as_json: AsJson = False) -> None:
    """A model's card, clearance, environments, approvals, deployments, usage and billing by use case."""
    wanted, service = named(what), registry()
    if wanted.kind not in {None, "model"}:
        raise CommandFailed(f"{what} is no model")
    thing = service.find(Named(wanted.name, "model"), tenant)
    end = until or datetime.now(UTC)
    report = _report(service, thing, wanted.version) | {
        "usage": usage_of(service, thing, Span(tenant, since or end - timedelta(days=USAGE_DAYS), end))
    }
    if as_json:
        say(report)
    else:
        _show(pages.page(), report)


def _report(service: Registry, thing: Thing, version: int | None) -> Json:
    """Of the version that is asked for, else the live one, else the newest."""
    detail = service.detail(thing) or {}
    number = version or detail["live"].get("production") or max(one["version"] for one in detail["versions"])
    one = service.version(thing, number)
    told = {key: one[key] for key in ("state", "states", "body", "body_sha256", "author", "roles", "approvals", "evidence", "founded_from")}
    return told | {
        "model": thing.name, "tenant": thing.tenant, "version": number, "live": detail["live"], "deployments": detail["activations"],
    }  # fmt: skip


def _show(console: Console, report: Json) -> None:
    console.print(pages.title(f"model/{report['model']}@{report['version']}", f" of {report['tenant']}: ", report["state"]))
    card = pages.table("card", "")
    for name, value in _card(report["body"]):
        card.add_row(name, value)
    console.print(card)
    _show_evaluations(console, report["body"])
    _show_decisions(console, report)
    _show_usage(console, report["usage"])


def _card(body: Json) -> Iterator[tuple[str, str]]:
    """What the entry says, and what it leaves open: a gap in a supplier's card is worth seeing."""
    card = body.get("card") or {}
    yield "provider", f"{body['provider']} ({body.get('provider_name', 'local')}), {body['provider_model']}"
    yield "clearance", body.get("clearance", "internal") + (", attested enclave" if body.get("attestation") else "")
    yield "region", body.get("region") or "not stated"
    yield "context", f"{body.get('context_tokens', 8192):,} tokens in, {body.get('max_output_tokens', 512):,} out"
    yield "price", _price(body.get("price"))
    for name in ("model_type", "licence", "training_data", "availability", "deprecation_date"):
        yield name.replace("_", " "), str(card.get(name) or "not stated")
    for name in ("modalities", "languages", "base_models"):
        yield name.replace("_", " "), ", ".join(card.get(name, ())) or "not stated"
    yield "limits", "\n".join(f"· {one}" for one in card.get("limits", ())) or "not stated"
    yield "card from", " at ".join(one for one in (card.get("source"), card.get("revision")) if one) or "not stated"


def _price(price: Json | None) -> str:
    if price is None:
        return "by a price entry, else the public list"
    sums = (f"{price[key] / 1e6:.2f} {words}" for key, words in (("input_micros_per_mtok", "in"), ("output_micros_per_mtok", "out")))
    return f"{price.get('currency', 'USD')} {', '.join(sums)} a million tokens"


def _show_evaluations(console: Console, body: Json) -> None:
    found = (body.get("card") or {}).get("evaluations", ())
    if found:
        shown = pages.table("evaluated on", "metric", "value", "source")
        for one in found:
            shown.add_row(one["dataset"], one["metric"], one["value"], one["source"])
        console.print(shown)


def _show_decisions(console: Console, report: Json) -> None:
    approvals = ", ".join(f"{who} as {role}" for role, who in report["approvals"].items())
    founded = f"founded by a file, in force from {pages.when(report['founded_from'])}" if report["founded_from"] else "by nobody yet"
    console.print(f"approved: {approvals or founded}", highlight=False)
    for one in report["evidence"]:
        console.print(f"evidence: {pages.evidence(one)}, by {one['actor']}", highlight=False, markup=False)
    environments = ", ".join(f"version {version} in {where}" for where, version in report["live"].items()) or "nowhere"
    console.print(f"live: {environments}", highlight=False)
    if report["deployments"]:
        shown = pages.table("deployed", "version", "in", "by", "reason")
        for one in report["deployments"]:
            reason = ("EMERGENCY: " if one["emergency"] else "") + one["reason"]
            shown.add_row(pages.when(one["effective_from"]), str(one["version"]), one["environment"], one["actor"], reason)
        console.print(shown)


def _show_usage(console: Console, usage: Json) -> None:
    if usage["rows"] is None:
        console.print(f"usage: {usage['why']}", style="dim", highlight=False)
        return
    title = f"usage {pages.when(usage['from'])} to {pages.when(usage['to'])}"
    shown = pages.table("tenant", "use case", "version", "calls", "cost", title=title)
    for row in usage["rows"]:
        cost = f"{row['currency']} {row['cost_micros'] / 1e6:.6f}"
        shown.add_row(row["tenant"], row["use_case"], str(row["version"]), str(row["calls"]), cost)
    console.print(shown if usage["rows"] else f"{title}: none", highlight=False)
