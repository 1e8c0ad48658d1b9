"""Reading the registry over HTTP: what there is, what was live, what changed, and who decided on what evidence."""

from datetime import datetime
from typing import Annotated, Any

from chancery_contracts.catalogue import SHARED
from chancery_contracts.event import Clock
from chancery_contracts.governance import GovernedKind, RegistryEnvironment
from chancery_contracts.governed import LARGEST_VERSION, History
from chancery_contracts.identifiers import IDENTIFIER_PATTERN
from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import AwareDatetime

from chancery_registry.adapters.reading import ENVIRONMENTS, Found, Page, PostgresReader, in_force
from chancery_registry.domain.diffing import diff_text, differences
from chancery_registry.errors import NotThere
from chancery_registry.gate import Gate, Visitor, problem
from chancery_registry.views import (
    ActivationView,
    CommentView,
    DifferenceView,
    DiffView,
    EvidenceView,
    HistoryView,
    LabelView,
    LiveList,
    LiveThing,
    LiveVersion,
    ThingList,
    ThingView,
    VersionView,
    WholeThing,
    seen,
)

Name = Annotated[str, Path(pattern=IDENTIFIER_PATTERN)]
Number = Annotated[int, Path(ge=1, le=LARGEST_VERSION)]
At = Annotated[AwareDatetime | None, Query()]
Wanted = Annotated[int, Query(ge=1, le=LARGEST_VERSION)]
MOST = 1_000
LAST = 2**62
"""Beyond every offset."""


def router(gate: Gate, reader: PostgresReader, clock: Clock) -> APIRouter:
    """The routes that change nothing."""
    routes = APIRouter(prefix="/v1/registry")
    read = Depends(gate.may("read"))

    async def found(who: Visitor, kind: GovernedKind, name: str, page: Page | None = None) -> Found:
        thing = await reader.thing((who.tenant, kind, name), page or Page(0, 1))
        if thing is None:
            raise problem(NotThere())
        return thing

    @routes.get("/live")
    async def all_live(at: At = None, environment: RegistryEnvironment = "production", who: Visitor = read) -> LiveList:
        """Everything that the tenant's requests went by, or go by now."""
        moment = at or clock()
        rows = in_force(await reader.live([who.tenant, SHARED], moment, environment), who.tenant)
        things = [LiveThing(owner=row["tenant"], **seen(row, "tenant")) for row in rows]
        return LiveList(tenant=who.tenant, at=moment, environment=environment, things=things)

    @routes.get("/{kind}")
    async def things(
        kind: GovernedKind,
        after: Annotated[str | None, Query(pattern=IDENTIFIER_PATTERN)] = None,
        limit: Annotated[int, Query(ge=1, le=MOST)] = MOST,
        who: Visitor = read,
    ) -> ThingList:
        """Of a kind, with what is live where."""
        rows = await reader.things(who.tenant, kind, after, limit + 1)
        live = await _live_now(reader, who.tenant, kind, [row["name"] for row in rows[:limit]], clock())
        listed = [ThingView(**row, live=live.get(row["name"], {})) for row in rows[:limit]]
        return ThingList(tenant=who.tenant, kind=kind, things=listed, next=listed[-1].name if len(rows) > limit else None)

    @routes.get("/{kind}/{name}")
    async def thing(
        kind: GovernedKind,
        name: Name,
        response: Response,
        before: Annotated[int, Query(ge=0, le=LAST)] = LAST,
        limit: Annotated[int, Query(ge=1, le=MOST)] = MOST,
        who: Visitor = read,
    ) -> WholeThing:
        """All of it, and of its history the newest changes, those that did not count included."""
        one = await found(who, kind, name, Page(before, limit + 1))
        response.headers["ETag"] = f'"{one.sequence}"'
        return _whole(one, clock(), limit)

    @routes.get("/{kind}/{name}/versions/{version}")
    async def version(kind: GovernedKind, name: Name, version: Number, who: Visitor = read) -> VersionView:
        """With its body."""
        one = await found(who, kind, name)
        return _version(one, one.history(), version, clock(), body=True)

    @routes.get("/{kind}/{name}/diff")
    async def diff(
        kind: GovernedKind,
        name: Name,
        since: Annotated[int, Query(alias="from", ge=1, le=LARGEST_VERSION)],
        to: Wanted,
        who: Visitor = read,
    ) -> DiffView:
        """Of two bodies: as lines of YAML, and member by member."""
        one = await found(who, kind, name)
        before, after = (_row(one, number)["body"] for number in (since, to))
        names = (f"{kind}/{name}@{since}", f"{kind}/{name}@{to}")
        changes = [
            DifferenceView(pointer=each.pointer, op=each.op, before=each.before, after=each.after) for each in differences(before, after)
        ]
        return DiffView(from_=since, to=to, text=diff_text(before, after, names), changes=changes)

    @routes.get("/{kind}/{name}/live")
    async def live(
        kind: GovernedKind, name: Name, at: At = None, environment: RegistryEnvironment = "production", who: Visitor = read
    ) -> LiveVersion:
        """What was live at a moment, who approved it and on what evidence; the shared one is another owner's: ask for it as such."""
        moment = at or clock()
        one = await found(who, kind, name)
        rows = await reader.live([who.tenant], moment, environment, kind, [name])
        if not rows:
            raise problem(NotThere())
        seen_then = _version(one, one.history(), rows[0]["version"], moment, body=True)
        return LiveVersion(
            tenant=who.tenant, kind=kind, name=name, at=moment, environment=environment, since=rows[0]["since"], version=seen_then
        )  # fmt: skip

    return routes


async def _live_now(
    reader: PostgresReader, tenant: str, kind: GovernedKind, names: list[str], at: datetime
) -> dict[str, dict[RegistryEnvironment, int]]:
    live: dict[str, dict[RegistryEnvironment, int]] = {}
    for environment in ENVIRONMENTS:
        for row in await reader.live([tenant], at, environment, kind, names):
            live.setdefault(row["name"], {})[environment] = row["version"]
    return live


def _whole(one: Found, at: datetime, limit: int) -> WholeThing:
    tenant, kind, name = one.thing
    history = one.history()
    live = {environment: found.number for environment in ENVIRONMENTS if (found := history.live(at, environment)) is not None}
    labels = {row["label"]: row["version"] for row in one.labels}
    page = one.changes[:limit]
    return WholeThing(
        tenant=tenant, kind=kind, name=name, sequence=one.sequence, live=live,
        labels={label: version for label, version in labels.items() if version is not None},
        versions=[_version(one, history, row["version"], at) for row in one.versions],
        activations=[ActivationView(**row) for row in one.activations],
        label_moves=[LabelView(**row) for row in one.labels],
        comments=[CommentView(**row) for row in one.comments],
        history=[HistoryView(**row) for row in reversed(page)],
        history_before=page[-1]["place"] if len(one.changes) > limit else None,
    )  # fmt: skip


def _row(one: Found, number: int) -> dict[str, Any]:
    for row in one.versions:
        if row["version"] == number:
            return row
    raise problem(NotThere())


def _version(one: Found, history: History, number: int, at: datetime, *, body: bool = False) -> VersionView:
    row = _row(one, number)
    states = {environment: history.state(number, at, environment) for environment in ENVIRONMENTS}
    evidence = [EvidenceView(**seen(each, "version")) for each in one.evidence if each["version"] == number]
    told = seen(row, "tenant", "kind", "name", *(() if body else ("body",)))
    return VersionView(**told, state=states["production"], states=states, evidence=evidence)
