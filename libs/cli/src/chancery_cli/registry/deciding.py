"""Single decisions: `chancery registry review`, `approve`, `reject`, `comment`, `label`, `evidence add`, `activate`, `rollback`, …"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from chancery_contracts.governance import EvidenceForm

from chancery_cli.errors import CommandFailed
from chancery_cli.registry.api import SHARED, Registry
from chancery_cli.registry.naming import Thing, named
from chancery_cli.registry.options import AsJson, Comment, Environment, From, Reason, Tenant, Version, What
from chancery_cli.registry.origin import repository
from chancery_cli.registry.pages import open_roles, page, when
from chancery_cli.registry.reading import pick, say
from chancery_cli.registry.speaking import PERSONS, registry

Json = dict[str, Any]
Role = Annotated[str | None, typer.Option(help="In which role, where you have several: prompt_owner, model_risk, compliance, finance.")]

evidence = typer.Typer(no_args_is_help=True, help="What an approval rests on.")


@dataclass(frozen=True, slots=True)
class Asked:
    """About which version somebody decides."""

    what: str
    tenant: str
    as_json: bool


def add_to(commands: typer.Typer) -> None:
    """Hangs these commands below `registry`."""
    decisions = (review, approve, reject, comment, label, activate, retire, rollback)
    for command in decisions:
        commands.command(command.__name__)(command)
    commands.add_typer(evidence, name="evidence")


def review(what: Version, tenant: Tenant = SHARED, comment: Comment = "", as_json: AsJson = False) -> None:
    """Ask for a draft's review, once more after it was sent back. The next word is its approvers'."""
    _decide(registry(), Asked(what, tenant, as_json), "review-requests", {"comment": comment})


def approve(what: Version, tenant: Tenant = SHARED, role: Role = None, comment: Comment = "", as_json: AsJson = False) -> None:
    """Approve a version that is in review. Never one's own: four eyes."""
    decision = {"decision": "approve", "role": role, "comment": comment}
    _decide(_approving(what, tenant, role), Asked(what, tenant, as_json), "reviews", decision)


def reject(
    what: Version,
    comment: Annotated[str, typer.Option("--comment", "-m", help="What is wrong with it; it goes on record.")],
    tenant: Tenant = SHARED,
    role: Role = None,
    as_json: AsJson = False,
) -> None:
    """Send a version that is in review back to its author."""
    decision = {"decision": "reject", "role": role, "comment": comment}
    _decide(_approving(what, tenant, role), Asked(what, tenant, as_json), "reviews", decision)


def comment(
    what: What,
    words: Annotated[str, typer.Argument(help="They go on record.")],
    tenant: Tenant = SHARED,
    as_json: AsJson = False,
) -> None:
    """Say something about a version (KIND/NAME@VERSION), or about the whole."""
    service, wanted = registry(), named(what)
    thing = service.find(wanted, tenant)
    _tell(service, thing, service.place(thing, "comments", {"comment": words, "version": wanted.version}), as_json=as_json)


def label(
    what: Version,
    name: Annotated[str, typer.Argument(metavar="LABEL", help="Like stable.")],
    remove: Annotated[bool, typer.Option("--remove", help="Take it away.")] = False,
    tenant: Tenant = SHARED,
    as_json: AsJson = False,
) -> None:
    """Point a label to a version. What it pointed to before stays on record."""
    service = registry("operator")
    thing, version = pick(service, what, tenant)
    _tell(service, thing, service.point(thing, name, None if remove else version), as_json=as_json)


@evidence.command("add")
def add_evidence(
    what: Version,
    title: Annotated[str, typer.Option(help="What it is, like `FAQ, 412 questions`.")],
    form: Annotated[EvidenceForm, typer.Option(help="What sort of evidence.")] = "evaluation",
    file: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="Its hash is attached, not the file.")] = None,
    uri: Annotated[str | None, typer.Option(help="Where it lies; of a file in git, its path and commit.")] = None,
    passed: Annotated[bool | None, typer.Option("--passed/--failed", help="Where it is a test against a bar.")] = None,
    summary: Annotated[str, typer.Option(help="What it says.")] = "",
    tenant: Tenant = SHARED,
    as_json: AsJson = False,
) -> None:
    """Attach evidence to a version."""
    stated: Json = {"form": form, "title": title, "uri": uri, "passed": passed, "summary": summary}
    if file is not None:
        stated |= {"sha256": _digest(file), "uri": uri or _place(file)}
    _decide(registry(), Asked(what, tenant, as_json), "evidence", stated)


def activate(
    what: Version,
    reason: Reason,
    tenant: Tenant = SHARED,
    environment: Environment = "production",
    start: From = None,
    as_json: AsJson = False,
) -> None:
    """Put an approved version live."""
    order = {"environment": environment, "reason": reason, "effective_from": None if start is None else start.isoformat()}
    _decide(registry("operator"), Asked(what, tenant, as_json), "activations", order)


def retire(what: Version, reason: Reason, tenant: Tenant = SHARED, start: From = None, as_json: AsJson = False) -> None:
    """Retire a version: for good, in every environment."""
    if named(what).version is None:
        raise CommandFailed("say which version, like prompt/grounded-answer@2: it never comes back")
    order = {"reason": reason, "effective_from": None if start is None else start.isoformat()}
    _decide(registry("operator"), Asked(what, tenant, as_json), "retirement", order)


def rollback(
    what: What,
    reason: Reason,
    to: Annotated[int | None, typer.Option(min=1, help="A version that was live before; none: the one before the present.")] = None,
    tenant: Tenant = SHARED,
    environment: Environment = "production",
    as_json: AsJson = False,
) -> None:
    """Emergency: go back, at once and without approval, to a version that was live before. It has a trail of its own."""
    service = registry("operator")
    thing = service.find(named(what), tenant)
    done = service.place(thing, "rollback", {"reason": reason, "to": to, "environment": environment})
    _tell(service, thing, done, as_json=as_json)


def _decide(service: Registry, asked: Asked, path: str, order: Json) -> None:
    thing, version = pick(service, asked.what, asked.tenant)
    _tell(service, thing, service.place(thing, f"versions/{version}/{path}", order), as_json=asked.as_json)


def _tell(service: Registry, thing: Thing, done: Json, *, as_json: bool) -> None:
    """What became of it, and what comes next."""
    if as_json:
        say(done)
        return
    version = done["version"]
    one = next((each for each in (service.detail(thing) or {})["versions"] if each["version"] == version), None)
    words = f"{thing} has it on record" if one is None else f"{thing}@{version} is {_state(one, done)}"
    page().print(f"{words} (change {done['sequence']})" + (", as it was already" if done.get("repeated") else ""), highlight=False)


def _state(one: Json, done: Json) -> str:
    if start := done.get("effective_from"):
        return f"{'retired' if 'retired' in (done['type'] or '') else 'live'} from {when(start)}"
    waits = open_roles(one)
    return f"in review, and waits for {', '.join(waits)}" if waits else str(one["state"]).replace("_", " ")


def _approving(what: str, tenant: str, role: str | None) -> Registry:
    """As who approves in that role; where none is named, in one that the version waits for."""
    if role is None:
        service = registry()
        thing, version = pick(service, what, tenant)
        found = [one for each in (service.detail(thing) or {})["versions"] if each["version"] == version for one in open_roles(each)]
        role = found[0] if found else None
    return registry(next((one for one in PERSONS if one == role), "prompt_owner"))


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _place(file: Path) -> str:
    tree = repository(file.parent)
    return file.name if tree is None else tree.origin(file)
