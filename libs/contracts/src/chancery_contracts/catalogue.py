"""The catalogue: what the registry's events add up to, at a moment. Pure; every service that needs it keeps one."""

from collections.abc import Iterator
from datetime import datetime
from typing import TypeVar

from chancery_contracts.areas import RegistryEntryPublished
from chancery_contracts.assignment import Running
from chancery_contracts.base import Part, VersionRef
from chancery_contracts.bodies import BODIES, Body, ExperimentBody, TenantBody
from chancery_contracts.event import AnyEvent
from chancery_contracts.failures import Poison
from chancery_contracts.governance import Change, GovernedKind, RegistryEnvironment, VersionDrafted
from chancery_contracts.governed import ChangeRefused, History, Version

SHARED = "shared"
"""The tenant of entries that every tenant may use."""
B = TypeVar("B", bound=Part)
Thing = tuple[str, GovernedKind, str]


class Catalogue:
    """A projection of the registry topic, for one environment. `apply` may see an event again."""

    def __init__(self, environment: RegistryEnvironment = "production") -> None:
        self.environment = environment
        self._histories: dict[Thing, History] = {}
        self._bodies: dict[tuple[Thing, int], Body] = {}
        self._names: dict[tuple[str, GovernedKind], set[str]] = {}
        """Of what has a version: looked at for every request, so not sought among all things."""

    def apply(self, event: AnyEvent) -> bool:
        """Whether the event changed anything. Raises Poison where the body does not fit its kind or its hash, or the change does not count.

        A draft whose body this code cannot read counts as a version all the same, without a body: a service that is a release behind
        must not number changes otherwise than its neighbours.
        """
        data = event.data
        if isinstance(data, RegistryEntryPublished):
            return self._publish(event, data)
        if not isinstance(data, Change):
            return False
        thing: Thing = (event.tenant, data.kind, data.name)
        counted = self._count(thing, event)
        if counted and isinstance(data, VersionDrafted) and (body := _readable(data)) is not None:
            self._bodies[(thing, data.version)] = body
        return counted

    def _publish(self, event: AnyEvent, entry: RegistryEntryPublished) -> bool:
        thing: Thing = (event.tenant, entry.kind, entry.name)
        body, known = _body(entry), self._histories.get(thing)
        if known is not None and entry.version in known.versions and known.versions[entry.version].founded_from is not None:
            return False  # published again, whatever it says: the first content stays
        counted = self._count(thing, event)
        if counted:
            self._bodies[(thing, entry.version)] = body
        return counted

    def _count(self, thing: Thing, event: AnyEvent) -> bool:
        owner, kind, name = thing
        history = self._histories.setdefault(thing, History())
        try:
            counted = history.apply(event)
        except ChangeRefused as exc:
            raise Poison(f"a change of {kind} {name} does not count: {exc}") from exc
        if history.versions:
            self._names.setdefault((owner, kind), set()).add(name)
        return counted

    def pinned(self, tenant: str, kind: GovernedKind, ref: VersionRef, body: type[B]) -> B | None:
        """That version, of the tenant or shared; none if unknown."""
        for owner in (tenant, SHARED):
            found = self._bodies.get(((owner, kind, ref.name), ref.version))
            if isinstance(found, body):
                return found
        return None

    def usable(self, tenant: str, kind: GovernedKind, ref: VersionRef, at: datetime) -> bool:
        """Whether a pinned version is there and not retired at a moment."""
        for owner in (tenant, SHARED):
            history = self._histories.get((owner, kind, ref.name))
            if history is not None and ref.version in history.versions:
                return history.versions[ref.version].usable(at)
        return False

    def in_force(self, tenant: str, kind: GovernedKind, name: str, at: datetime, body: type[B]) -> tuple[VersionRef, B] | None:
        """The version that is live at a moment, of the tenant, else shared; none if there is none."""
        for owner in (tenant, SHARED):
            live = self.live(owner, kind, name, at)
            found = None if live is None else self._bodies.get(((owner, kind, name), live.number))
            if live is not None and isinstance(found, body):
                return VersionRef(name=name, version=live.number), found
        return None

    def live(self, owner: str, kind: GovernedKind, name: str, at: datetime) -> Version | None:
        """The owner's own version that is live at a moment."""
        history = self._histories.get((owner, kind, name))
        return None if history is None else history.live(at, self.environment)

    def running(self, tenant: str, use_case: str, at: datetime) -> Running | None:
        """The experiment of a use case that is live at a moment: of several the first by name. A tenant's own only, as its units are."""
        for name in self.named(tenant, "experiment"):
            live = self.live(tenant, "experiment", name, at)
            running = None if live is None else self.experiment(tenant, VersionRef(name=name, version=live.number), at)
            if running is not None and running.body.use_case == use_case:
                return running
        return None

    def experiment(self, tenant: str, ref: VersionRef, at: datetime) -> Running | None:
        """A version of an experiment, with the variants that are stopped at a moment; none if unknown."""
        history = self._histories.get((tenant, "experiment", ref.name))
        body = self._bodies.get(((tenant, "experiment", ref.name), ref.version))
        if history is None or not isinstance(body, ExperimentBody):
            return None
        stopped = frozenset(name for name, since in history.versions[ref.version].stopped.items() if since <= at)
        return Running(tenant, ref, body, stopped)

    def named(self, owner: str, kind: GovernedKind) -> list[str]:
        """What an owner has of a kind, by name."""
        return sorted(self._names.get((owner, kind), ()))

    def history(self, owner: str, kind: GovernedKind, name: str) -> History | None:
        """All of one thing, to be read only."""
        return self._histories.get((owner, kind, name))

    def things(self) -> Iterator[Thing]:
        """Everything that there is, of every owner."""
        return (thing for thing, history in self._histories.items() if history.versions)

    def body(self, owner: str, kind: GovernedKind, name: str, version: int) -> Body | None:
        """The owner's own version; none where there is none, or this code cannot read it."""
        return self._bodies.get(((owner, kind, name), version))

    def tenants(self, at: datetime) -> Iterator[tuple[str, TenantBody]]:
        """Every tenant with what is live at a moment. A tenant's entry is its own: what another owner calls so opens nothing."""
        for owner, kind, name in self._histories:
            if kind != "tenant" or owner != name:
                continue
            live = self.live(owner, kind, name, at)
            body = None if live is None else self._bodies.get(((owner, kind, name), live.number))
            if isinstance(body, TenantBody):
                yield name, body


def _body(data: RegistryEntryPublished) -> Body:
    body = _readable(data)
    if body is None:
        raise Poison(f"the registry entry's body is not a {data.kind}")
    return body


def _readable(data: RegistryEntryPublished | VersionDrafted) -> Body | None:
    try:
        return BODIES[data.kind].model_validate(data.body)
    except ValueError:
        return None
