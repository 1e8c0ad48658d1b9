"""`chancery registry plan`, `apply`, `export`: the registry as files in git."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer
from pydantic import ValidationError

from chancery_cli.errors import CommandFailed
from chancery_cli.registry.api import SHARED, Registry
from chancery_cli.registry.applying import Applying, Done
from chancery_cli.registry.exporting import Exported, files_of, write_files
from chancery_cli.registry.folder import read_folder
from chancery_cli.registry.naming import KINDS, Thing, kind_of
from chancery_cli.registry.options import AsJson, Environment, Folder
from chancery_cli.registry.plan_pages import show_done, show_plan
from chancery_cli.registry.planning import Plan, Planner, unmanaged
from chancery_cli.registry.reading import say
from chancery_cli.registry.speaking import registry

PENDING = 2
Owner = Annotated[str | None, typer.Option("--tenant", envvar="CHANCERY_TENANT", help="Of entries that name no tenant.")]
Activate = Annotated[bool, typer.Option("--activate", help="Put versions live that are approved. An operator's, in production.")]


def add_to(commands: typer.Typer) -> None:
    """Hangs these commands below `registry`."""
    for command in (plan, apply, export):
        commands.command(command.__name__)(command)


def plan(
    folder: Folder,
    tenant: Owner = None,
    activate: Activate = False,
    environment: Environment = "production",
    out: Annotated[Path | None, typer.Option(help="Keep the plan in a file, for `apply --plan`.")] = None,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit status 2 where there is something to apply.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show what `apply` would do: what is new, changed (and how), unchanged, and in the registry alone. Changes nothing."""
    made = _planned(registry("operator" if activate else "author", environment), folder, tenant, activate=activate)
    if out is not None:
        out.write_text(made.model_dump_json(indent=2), "utf-8")
    if as_json:
        say(made.model_dump(mode="json"))
    else:
        show_plan(made, out)
    raise typer.Exit(PENDING if detailed_exitcode and made.pending() else 0)


def apply(
    folder: Annotated[Path | None, typer.Argument(exists=True, help="A folder of YAML files, or one of them.")] = None,
    saved: Annotated[Path | None, typer.Option("--plan", exists=True, dir_okay=False, help="A plan that was kept, instead.")] = None,
    tenant: Owner = None,
    activate: Activate = False,
    environment: Environment = "production",
    comment: Annotated[str, typer.Option("--comment", "-m", help="Why; it goes on record with every change.")] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Plan, ask, and do it: new versions are drafted and put to review. Refused where the registry changed since the plan was made."""
    if (folder is None) == (saved is None):
        raise CommandFailed("name either a folder or --plan FILE")
    service = registry("operator" if activate else "author", environment)
    made = _kept(saved) if folder is None else _planned(service, folder, tenant, activate=activate)
    if not as_json:
        show_plan(made, None)
    if made.pending() and not yes:
        _confirm()
    done = list(Applying(service, comment).apply(made, service.fresh().look))
    _tell(service, done, as_json=as_json)
    raise typer.Exit(1 if any(one.failed for one in done) else 0)


def export(
    folder: Annotated[Path, typer.Argument(help="Where to write; made if it is not there.")],
    tenant: Annotated[str, typer.Option(envvar="CHANCERY_TENANT", help="Whose entries.")] = SHARED,
    shared: Annotated[bool, typer.Option("--shared", help="What is shared, too.")] = False,
    kind: Annotated[list[str] | None, typer.Option(help="Only of this kind; as often as there are kinds.")] = None,
    newest: Annotated[bool, typer.Option("--newest", help="The newest versions, instead of the live ones.")] = False,
    pins: Annotated[bool, typer.Option("--pins", help="References keep their versions, also to what is exported beside.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Write over files that differ.")] = False,
) -> None:
    """Write what is live (else the newest) as files. Applied as they are, they change nothing; a prompt's texts are files of their own."""
    service, kinds = registry(), KINDS if not kind else tuple(kind_of(one) for one in kind)
    owners = dict.fromkeys((tenant, SHARED) if shared else (tenant,))
    found = [_exported(service, thing, newest=newest) for owner in owners for thing, _ in service.things(owner, kinds)]
    written = write_files(folder, files_of(found, pins=pins), overwrite=overwrite)
    typer.echo(f"{len(found)} entries, {written} files written to {folder}")


def _planned(service: Registry, folder: Path, tenant: str | None, *, activate: bool) -> Plan:
    wanted = read_folder(folder, tenant)
    items = Planner(service.look, service.body, activate).plan(wanted)
    owners = sorted({one.thing.tenant for one in wanted})
    there = [thing for owner in owners for thing, _ in service.things(owner)]
    return Plan(
        id=str(uuid4()), made_at=datetime.now(UTC), environment=service.environment, items=tuple(items), unmanaged=unmanaged(items, there)
    )  # fmt: skip


def _kept(path: Path | None) -> Plan:
    assert path is not None
    try:
        return Plan.model_validate_json(path.read_text("utf-8"))
    except (ValidationError, UnicodeDecodeError, OSError) as exc:
        raise CommandFailed(f"{path} is no plan: make one with `chancery registry plan FOLDER --out {path}`") from exc


def _confirm() -> None:
    if not sys.stdin.isatty():
        raise CommandFailed("nobody is here to be asked: say --yes, or apply a plan that was read, with --plan and --yes")
    typer.confirm("Apply this?", abort=True)


def _tell(service: Registry, done: Sequence[Done], *, as_json: bool) -> None:
    if as_json:
        say([{"thing": str(one.planned.thing), "tenant": one.planned.tenant, "version": one.planned.version, "steps": one.steps,
              "failed": one.failed} for one in done])  # fmt: skip
    else:
        show_done(service.fresh(), done)


def _exported(service: Registry, thing: Thing, *, newest: bool) -> Exported:
    known = service.look(thing)
    assert known is not None
    version = known.newest().number if newest or known.live is None else known.live
    return Exported(thing, version, service.body(thing, version))
