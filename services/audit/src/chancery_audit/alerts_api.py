"""Alerts over HTTP."""

from datetime import datetime

from chancery_contracts.identifiers import TENANT_PATTERN
from chancery_contracts.topics import topic_named
from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from chancery_audit.adapters.watching import Watch
from chancery_audit.domain.alerts import Finding
from chancery_audit.domain.roles import Visitor
from chancery_audit.gate import Gate


class AlertView(BaseModel):
    """Something that is wrong with the trail. `tenant` none: it concerns all."""

    kind: str
    tenant: str | None
    place: str
    words: str
    since: datetime


class AlertsView(BaseModel):
    """Those that stand now, oldest first."""

    alerts: list[AlertView]


def alerts_router(gate: Gate, watch: Watch) -> APIRouter:
    """The route. It shows nothing of anybody's, so that reading it is on no record."""
    routes = APIRouter(prefix="/v1")
    may_watch = Depends(gate.may("watch"))

    @routes.get("/alerts")
    async def alerts(tenant: str | None = Query(default=None, pattern=TENANT_PATTERN), who: Visitor = may_watch) -> AlertsView:
        """Gaps of offsets, logs that are not signed, refused checkpoints, ids with two contents, unfinished interactions, clocks."""
        theirs = who.principal.tenants
        if tenant is not None:
            who.to(tenant)
        standing = [(one.finding, one.since) for one in watch.alerts.standing if theirs is None or _concerns(one.finding, theirs)]
        wanted = [(finding, since) for finding, since in standing if tenant is None or finding.tenant in {None, tenant}]
        return AlertsView(
            alerts=[AlertView(kind=one.kind, tenant=one.tenant, place=one.place, words=one.words, since=since) for one, since in wanted]
        )

    return routes


def _concerns(finding: Finding, tenants: frozenset[str]) -> bool:
    """A finding without tenant concerns all, but for one on somebody else's own topic, whose name tells of them."""
    if finding.tenant is not None:
        return finding.tenant in tenants
    try:
        owner = topic_named(finding.place.partition("/")[0])[1]
    except KeyError:  # its place is no topic
        return True
    return owner is None or owner in tenants
