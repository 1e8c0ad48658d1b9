"""What would change in the registry, so that it holds what a folder wants. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from chancery_contracts.base import Part
from chancery_contracts.canonical import body_sha256
from chancery_contracts.governance import Evidence, GovernedKind, RegistryEnvironment

from chancery_cli.errors import CommandFailed
from chancery_cli.registry.differences import difference
from chancery_cli.registry.folder import Wanted
from chancery_cli.registry.known import Body, Known, KnownVersion, Look
from chancery_cli.registry.naming import Thing
from chancery_cli.registry.references import with_versions

SHARED = "shared"
LIVE = "live"
"""The note of what is as it should be."""
Step = Literal["draft", "evidence", "review", "activate"]
Action = Literal["new", "changed", "unchanged"]


class Planned(Part):
    """What happens to one thing: `steps`, in order, if its `sequence` is still that one."""

    tenant: str
    kind: GovernedKind
    name: str
    action: Action
    steps: tuple[Step, ...]
    sequence: int
    version: int
    based_on: int | None = None
    body: dict[str, Any]
    difference: tuple[str, ...] = ()
    note: str = ""
    comment: str = ""
    origin: str | None = None
    evidence: tuple[Evidence, ...] = ()

    @property
    def thing(self) -> Thing:
        """Which."""
        return Thing(self.tenant, self.kind, self.name)


class Plan(Part):
    """Everything, in the order of applying. `unmanaged`: what the registry has and the folder has not; it is left alone."""

    id: str
    made_at: datetime
    environment: RegistryEnvironment = "production"
    items: tuple[Planned, ...]
    unmanaged: tuple[str, ...] = ()

    def pending(self) -> tuple[Planned, ...]:
        """Those with something to do."""
        return tuple(one for one in self.items if one.steps)


@dataclass(frozen=True, slots=True)
class Planner:
    """`activate`: approved versions go live, too."""

    look: Look
    body_of: Body
    activate: bool = False
    _planned: dict[Thing, int] = field(default_factory=dict)

    def plan(self, wanted: Iterable[Wanted]) -> list[Planned]:
        """In the order that comes in, in which what is referred to comes first. Raises CommandFailed."""
        found = []
        for one in wanted:
            planned = self._one(one)
            self._planned[one.thing] = planned.version
            found.append(planned)
        return found

    def _one(self, wanted: Wanted) -> Planned:
        known = self.look(wanted.thing)
        body = with_versions(wanted.thing, wanted.body, lambda kind, name: self._referred(wanted, kind, name))
        if known is None or not known.versions:
            return self._drafted(wanted, body, None)
        body = self._with_keys(wanted.thing, body, known)
        same = known.holding(body_sha256(body))
        if wanted.version is not None:
            _check_version(wanted, known, same)
        return self._drafted(wanted, body, known) if same is None else self._there(wanted, body, known, same)

    def _drafted(self, wanted: Wanted, body: dict[str, Any], known: Known | None) -> Planned:
        base = None if known is None else known.live or known.newest().number
        version = 1 if known is None else known.newest().number + 1
        if wanted.version not in {None, version}:
            raise CommandFailed(f"{wanted.file}: the next version of {wanted.thing} is {version}, not {wanted.version}")
        lines = () if base is None else difference(self.body_of(wanted.thing, base), body, (f"version {base}", f"version {version}"))
        steps: tuple[Step, ...] = ("draft", "evidence", "review") if wanted.evidence else ("draft", "review")
        return self._planned_as(
            wanted, action="new" if base is None else "changed", steps=steps, sequence=known.sequence if known else 0, version=version,
            based_on=base, body=body, difference=lines, evidence=wanted.evidence, note=_retired(known, body),
        )  # fmt: skip

    def _there(self, wanted: Wanted, body: dict[str, Any], known: Known, same: KnownVersion) -> Planned:
        attached = {title for number, title in known.evidence if number == same.number}
        missing = tuple(one for one in wanted.evidence if one.title not in attached)
        steps: tuple[Step, ...] = ()
        if same.state == "draft" and not same.rejected:
            steps = ("evidence", "review") if missing else ("review",)
        elif self.activate and _may_go_live(known, same):
            steps = ("activate",)
        return self._planned_as(
            wanted, action="unchanged", steps=steps, sequence=known.sequence, version=same.number, body=body,
            note=_note(known, same, steps), evidence=missing if "evidence" in steps else (),
        )  # fmt: skip

    def _planned_as(self, wanted: Wanted, **what: Any) -> Planned:
        thing = wanted.thing
        return Planned(tenant=thing.tenant, kind=thing.kind, name=thing.name, comment=wanted.comment, origin=wanted.origin, **what)

    def _referred(self, wanted: Wanted, kind: GovernedKind, name: str) -> int:
        """The version that this folder has of it, else the live one, else the newest."""
        for tenant in (wanted.thing.tenant, SHARED):
            thing = Thing(tenant, kind, name)
            if thing in self._planned:
                return self._planned[thing]
            known = self.look(thing)
            if known is not None and known.versions:
                return known.live or known.newest().number
        raise CommandFailed(f"{wanted.file}: there is no {kind} {name}, neither in the folder nor in the registry")

    def _with_keys(self, thing: Thing, body: dict[str, Any], known: Known) -> dict[str, Any]:
        """Hashes of API keys do not belong into files: those that the registry holds stay."""
        if thing.kind != "tenant" or "api_key_sha256" in body:
            return body
        held = self.body_of(thing, known.live or known.newest().number).get("api_key_sha256")
        return body if held is None else body | {"api_key_sha256": held}


def moved(plan: Plan, look: Look) -> list[Thing]:
    """What changed since the plan was made."""
    states = ((one.thing, look(one.thing), one.sequence) for one in plan.pending())
    return [thing for thing, known, sequence in states if (0 if known is None else known.sequence) != sequence]


def unmanaged(plan: Sequence[Planned], there: Iterable[Thing]) -> tuple[str, ...]:
    """What is there and not in the plan."""
    managed = {one.thing for one in plan}
    return tuple(f"{thing} ({thing.tenant})" for thing in sorted(there) if thing not in managed)


def _check_version(wanted: Wanted, known: Known, same: KnownVersion | None) -> None:
    stated = known.version(wanted.version or 0)
    if stated is not None and (same is None or stated.sha256 != same.sha256):
        raise CommandFailed(
            f"{wanted.file}: version {stated.number} of {wanted.thing} has another body, and versions never change: "
            f"write {known.newest().number + 1}, or leave `version` out"
        )


def _retired(known: Known | None, body: dict[str, Any]) -> str:
    """What somebody took out of use comes back by a new review alone; those who approve should know."""
    sha256 = body_sha256(body)
    numbers = [one.number for one in known.versions if one.sha256 == sha256] if known is not None else []
    return f"this very body was retired as version {max(numbers)}" if numbers else ""


def _may_go_live(known: Known, same: KnownVersion) -> bool:
    """Never what an emergency took away: that somebody decides by `registry activate`, not a pipeline."""
    return same.approved and same.number != known.live and same.live_from is None and not (known.emergency and same.was_live)


def _note(known: Known, same: KnownVersion, steps: tuple[Step, ...]) -> str:
    if same.number == known.live:
        return LIVE if same.number == known.newest().number else f"live; the newest is {known.newest().number}"
    if same.live_from is not None:
        return f"goes live at {same.live_from.isoformat(timespec='seconds')}"
    if same.rejected:
        return "rejected: change it, or ask again with `registry review`"
    if known.emergency and same.was_live:
        return f"rolled back to version {known.live} ({known.emergency}); `registry activate` would put it live again"
    live = "nothing is live" if known.live is None else f"live is {known.live}"
    words = {"draft": "a draft", "in_review": "in review", "approved": "approved", "retired": "was live before", "live": "live"}
    return f"{words[same.state]}; {live}" + ("" if steps or not same.approved else ": `--activate` puts it live")
