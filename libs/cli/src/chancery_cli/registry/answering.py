"""`chancery registry who`: what was live at a moment, who approved it, on what evidence; with everything that it was made of."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import typer
from rich.text import Text
from rich.tree import Tree

from chancery_cli.errors import CommandFailed
from chancery_cli.registry import pages
from chancery_cli.registry.api import SHARED, Registry
from chancery_cli.registry.naming import Thing, named
from chancery_cli.registry.options import AsJson, At, Environment, Tenant, What
from chancery_cli.registry.reading import say
from chancery_cli.registry.references import references
from chancery_cli.registry.speaking import registry
from chancery_cli.registry.states import REVIEWED, moment

Json = dict[str, Any]


def add_to(commands: typer.Typer) -> None:
    """Hangs this command below `registry`."""
    commands.command("who")(who)


def who(what: What, tenant: Tenant = SHARED, at: At = None, environment: Environment = "production", as_json: AsJson = False) -> None:
    """What was live at a moment, who put it live, who approved it, on what evidence; and the same of what it refers to."""
    asked = Asked(registry(environment=environment), at or datetime.now(UTC))
    thing = asked.service.find(named(what), tenant)
    answer = asked.live(thing)
    if as_json:
        say(answer)
        return
    console = pages.page()
    if asked.at > datetime.now(UTC):
        console.print("That is yet to come: what follows is what is decided so far.", style="yellow")
    console.print(_shown(answer, f"At {pages.when(asked.at.isoformat())} in {environment}: "))
    for note in sorted(set(_notes(answer))):
        console.print(note, style="dim")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question about a moment."""

    service: Registry
    at: datetime

    def live(self, thing: Thing) -> Json:
        """The version that was live and how it came to be; `parts`: the same of what it refers to."""
        found = self.service.live_of(thing, self.at)
        if found is None:
            raise CommandFailed(f"nothing of {thing} was live at {pages.when(self.at.isoformat())}; see `registry history {thing}`")
        version = found["version"]
        answer = self._answer(thing, version, found["since"])
        return answer | {"parts": [self._part(thing, kind, ref) for kind, ref in references(thing, version["body"])]}

    def _part(self, thing: Thing, kind: Any, ref: Json) -> Json:
        for owner in dict.fromkeys((thing.tenant, SHARED)):
            part = Thing(owner, kind, str(ref["name"]))
            detail = self.service.detail(part)
            if detail is not None and any(one["version"] == ref["version"] for one in detail["versions"]):
                return self._answer(part, self.service.version(part, ref["version"]), None) | {"parts": []}
        return {"thing": f"{kind}/{ref['name']}", "version": ref["version"], "missing": True, "parts": []}

    def _answer(self, thing: Thing, version: Json, since: str | None) -> Json:
        detail, number = self.service.detail(thing) or {}, version["version"]
        activations = [one for one in detail["activations"] if one["version"] == number and one["effective_from"] == since]
        return {
            "thing": str(thing), "tenant": thing.tenant, "version": number, "body_sha256": version["body_sha256"], "at": self.at,
            "live_since": since, "activated": activations[-1] if activations else None, "founded_from": version["founded_from"],
            "author": version["author"], "drafted_at": version["drafted_at"], "origin": version["origin"], "comment": version["comment"],
            "reviews": [_review(one) for one in detail["history"] if _of(one, number) and one["type"] == REVIEWED],
            "evidence": [one | {"later": moment(one["at"]) > self.at} for one in version["evidence"]],
        }  # fmt: skip


def _of(change: Json, version: int) -> bool:
    return bool(change["outcome"] == "counted" and change["version"] == version)


def _review(change: Json) -> Json:
    data = change["data"]
    return {
        "decision": data["decision"],
        "role": data["role"],
        "by": change["actor"],
        "at": change["at"],
        "comment": data.get("comment", ""),
    }


def _shown(answer: Json, start: str = "") -> Tree:
    since = f" since {pages.when(answer['live_since'])}" if answer.get("live_since") else ""
    tree = Tree(Text.assemble(start, (f"{answer['thing']}@{answer['version']}", "bold"), f" of {answer.get('tenant', '?')}{since}"))
    if answer.get("missing"):
        tree.add(Text("the registry has no such version", style="red"))
        return tree
    for line in _lines(answer):
        tree.add(line)
    for part in answer["parts"]:
        tree.add(_shown(part))
    return tree


def _lines(answer: Json) -> Iterator[Text]:
    if (activated := answer["activated"]) is not None:
        words = "EMERGENCY rollback by" if activated["emergency"] else "put live by"
        style = "red" if activated["emergency"] else ""
        yield Text(f"{words} {activated['actor']} {pages.when(activated['at'])}: {activated['reason']}", style=style)
    elif answer["founded_from"]:
        yield Text(f"founded by a file, in force from {pages.when(answer['founded_from'])}: no approval on record*")
    yield Text(f"written by {answer['author']} {pages.when(answer['drafted_at'])}{_from(answer)}")
    for one in answer["reviews"]:
        words, style = ("approved", "green") if one["decision"] == "approve" else ("sent back", "yellow")
        said = f": {one['comment']}" if one["comment"] else ""
        yield Text(f"{words} by {one['by']} as {one['role']} {pages.when(one['at'])}{said}", style=style)
    for one in answer["evidence"]:
        later = " (later than this moment)" if one["later"] else ""
        yield Text(f"evidence: {pages.evidence(one)}, by {one['actor']} {pages.when(one['at'])}{later}")


def _from(answer: Json) -> str:
    stated = f", from {pages.origin(answer['origin'])}" if answer["origin"] else ""
    return stated + (f": {answer['comment']}" if answer["comment"] else "")


def _notes(answer: Json) -> Iterator[str]:
    if answer.get("founded_from") and answer.get("activated") is None:
        yield "* provisioned with the stack (`registry load`), before the thing was under governance"
    for part in answer["parts"]:
        yield from _notes(part)
