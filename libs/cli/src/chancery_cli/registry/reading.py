"""`chancery registry list`, `show`, `history`, `diff`, `live`."""

import json
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.syntax import Syntax

from chancery_cli.errors import CommandFailed
from chancery_cli.registry import pages
from chancery_cli.registry.api import SHARED, Registry
from chancery_cli.registry.differences import difference
from chancery_cli.registry.naming import KINDS, Thing, kind_of, named
from chancery_cli.registry.options import AsJson, At, Environment, Tenant, Version, What
from chancery_cli.registry.speaking import registry
from chancery_cli.registry.yaml_text import dump_yaml

Json = dict[str, Any]


def add_to(commands: typer.Typer) -> None:
    """Hangs these commands below `registry`."""
    for name, command in (("list", listed), ("show", show), ("history", history), ("diff", diff), ("live", live)):
        commands.command(name)(command)


def listed(
    tenant: Tenant = SHARED,
    kind: Annotated[str | None, typer.Option(help="Of one kind, like prompt.")] = None,
    as_json: AsJson = False,
) -> None:
    """What a tenant has, and what is shared: the newest version, what is live where, labels."""
    kinds, service = KINDS if kind is None else (kind_of(kind),), registry()
    found = [one for owner in dict.fromkeys((tenant, SHARED)) for one in service.things(owner, kinds)]
    if as_json:
        say([one | {"tenant": thing.tenant, "kind": thing.kind} for thing, one in found])
        return
    shown = pages.table("what", "of", "newest", "live", "labels")
    for thing, one in found:
        live_in = ", ".join(f"{version}" + ("" if where == "production" else f" ({where})") for where, version in one["live"].items())
        labels = ", ".join(f"{label}={version}" for label, version in one["labels"].items())
        shown.add_row(str(thing), thing.tenant, str(one["newest"]), live_in, labels)
    pages.page().print(shown)


def show(what: What, tenant: Tenant = SHARED, as_json: AsJson = False) -> None:
    """All of one thing; with @VERSION, one version with its body."""
    service, wanted = registry(), named(what)
    thing = service.find(wanted, tenant)
    detail = service.version(thing, wanted.version) if wanted.version else service.detail(thing) or {}
    if as_json:
        say(detail)
    elif wanted.version:
        _show_version(thing, detail)
    else:
        _show_thing(thing, detail)


def history(what: What, tenant: Tenant = SHARED, as_json: AsJson = False) -> None:
    """Everything that was done to it, in order, what did not count included."""
    service = registry()
    thing = service.find(named(what), tenant)
    changes = (service.detail(thing) or {})["history"]
    if as_json:
        say(changes)
        return
    shown = pages.table("#", "when", "who", "what", title=f"{thing} of {thing.tenant}")
    for one in changes:
        counted = one["outcome"] == "counted"
        words = pages.change(one) if counted else f"did not count ({one['why'] or one['outcome']}): {pages.change(one)}"
        shown.add_row(str(one["sequence"] or ""), pages.when(one["at"]), one["actor"], words, style="" if counted else "dim")
    pages.page().print(shown)


def diff(
    what: What,
    old: Annotated[int, typer.Argument(min=1, help="A version.")],
    new: Annotated[int, typer.Argument(min=1, help="Another.")],
    tenant: Tenant = SHARED,
    as_json: AsJson = False,
) -> None:
    """What changed between two versions."""
    service = registry()
    thing = service.find(named(what), tenant)
    lines = difference(service.body(thing, old), service.body(thing, new), (f"version {old}", f"version {new}"))
    if as_json:
        say({"thing": str(thing), "from": old, "to": new, "difference": lines})
    else:
        pages.page().print(pages.coloured(lines) if lines else "the same")


def live(tenant: Tenant = SHARED, at: At = None, environment: Environment = "production", as_json: AsJson = False) -> None:
    """Everything that is live at a moment, the tenant's own and shared."""
    found = registry(environment=environment).live(at or datetime.now(UTC), tenant)
    if as_json:
        say(found)
        return
    shown = pages.table("what", "of", "version", "since", "hash", title=f"live in {environment} at {pages.when(found['at'])}")
    for one in found["things"]:
        name, digest = f"{one['kind']}/{one['name']}", f"{one['body_sha256'][:12]}…"
        shown.add_row(name, one["owner"], str(one["version"]), pages.when(one["since"]), digest)
    pages.page().print(shown)


def say(found: Any) -> None:
    """As JSON."""
    typer.echo(json.dumps(found, indent=2, ensure_ascii=False, default=str))


def pick(service: Registry, what: Version, tenant: str) -> tuple[Thing, int]:
    """A version of a thing: the one that is named, else the newest. Raises CommandFailed."""
    wanted = named(what)
    thing = service.find(wanted, tenant)
    numbers = [one["version"] for one in (service.detail(thing) or {})["versions"]]
    if wanted.version is not None and wanted.version not in numbers:
        raise CommandFailed(f"{thing} has no version {wanted.version}; the newest is {max(numbers)}")
    return thing, wanted.version or max(numbers)


def _show_thing(thing: Thing, detail: Json) -> None:
    console = pages.page()
    labels = ", ".join(f"{label}={version}" for label, version in detail["labels"].items())
    console.print(f"[bold]{thing}[/] of {thing.tenant}" + (f", labels {labels}" if labels else ""), highlight=False)
    shown = pages.table("version", "state", "by", "drafted", "approved by", "evidence", "from", "comment")
    for one in detail["versions"]:
        shown.add_row(
            str(one["version"]), pages.state(one["state"]), one["author"], pages.when(one["drafted_at"]), _approvals(one),
            "\n".join(map(pages.evidence, one["evidence"])), pages.origin(one["origin"]), one["comment"],
        )  # fmt: skip
    console.print(shown)
    for one in detail["comments"]:
        about = f"on {one['version']} " if one["version"] else ""
        console.print(f"{pages.when(one['at'])} {one['actor']} {about}“{one['comment']}”", highlight=False, markup=False, style="dim")


def _approvals(one: Json) -> str:
    given = ", ".join(f"{who} ({role})" for role, who in one["approvals"].items())
    waits = f"waits for {', '.join(pages.open_roles(one))}" if pages.open_roles(one) else ""
    return " ".join(part for part in (given, waits) if part) or ("founded by a file" if one["founded_from"] else "")


def _show_version(thing: Thing, one: Json) -> None:
    console = pages.page()
    console.print(pages.title(f"{thing}@{one['version']}", f" of {thing.tenant}: ", one["state"]))
    console.print(f"  by {one['author']} {pages.when(one['drafted_at'])}, sha256 {one['body_sha256']}", highlight=False)
    for role, who in one["approvals"].items():
        console.print(f"  approved by {who} as {role}", highlight=False)
    for each in one["evidence"]:
        console.print(f"  {pages.evidence(each)}, by {each['actor']}", highlight=False, markup=False)
    if one["origin"]:
        console.print(f"  from {one['origin']}", highlight=False, markup=False)
    console.print(Syntax(dump_yaml(one["body"]), "yaml", theme="ansi_light", word_wrap=True, background_color="default"), end="")
