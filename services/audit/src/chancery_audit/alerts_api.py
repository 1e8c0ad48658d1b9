"""Alerts over HTTP."""

from datetime import datetime

from chancery_contracts.identifiers import TENANT_PATTERN
from chancery_runtime.access import require_operator
from chancery_runtime.settings import ServiceSettings
from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from chancery_audit.adapters.watching import Watch


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


def alerts_router(settings: ServiceSettings, watch: Watch) -> APIRouter:
    """The route. It shows nothing of anybody's, so that reading it is on no record."""
    routes = APIRouter(prefix="/v1", dependencies=[Depends(require_operator(settings))])

    @routes.get("/alerts")
    async def alerts(tenant: str | None = Query(default=None, pattern=TENANT_PATTERN)) -> AlertsView:
        """Gaps of offsets, logs that are not signed, refused checkpoints, ids with two contents, unfinished interactions, clocks."""
        standing = [(one.finding, one.since) for one in watch.alerts.standing]
        wanted = [(finding, since) for finding, since in standing if tenant is None or finding.tenant in {None, tenant}]
        return AlertsView(
            alerts=[AlertView(kind=one.kind, tenant=one.tenant, place=one.place, words=one.words, since=since) for one, since in wanted]
        )

    return routes
