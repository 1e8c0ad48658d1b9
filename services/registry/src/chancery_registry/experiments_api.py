"""Experiments over HTTP: how they stand, and stopping a variant by hand."""

from typing import Annotated

from chancery_contracts.assignment import Running
from chancery_contracts.base import VersionRef
from chancery_contracts.catalogue import Catalogue
from chancery_contracts.event import Clock
from chancery_contracts.governed import LARGEST_VERSION
from chancery_contracts.identifiers import IDENTIFIER_PATTERN
from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from chancery_registry.adapters.trial_states import Trials
from chancery_registry.api import Name
from chancery_registry.commands_api import Call, Desk, Given, Reason, Take, Version
from chancery_registry.domain.orders import StopVariant
from chancery_registry.domain.trial_reports import TrialReport, report
from chancery_registry.errors import NotThere
from chancery_registry.gate import Gate, Visitor, problem
from chancery_registry.views import Receipt


class NewStop(BaseModel):
    """`version` none: the newest."""

    model_config = ConfigDict(extra="forbid")
    variant: Annotated[str, Field(pattern=IDENTIFIER_PATTERN)]
    reason: Reason
    version: Version | None = None


class Experiments:
    """Those that the books know, each with its units folded in."""

    def __init__(self, catalogue: Catalogue, trials: Trials, clock: Clock) -> None:
        self._catalogue = catalogue
        self._trials = trials
        self._clock = clock

    async def report(self, tenant: str, name: str, version: int | None) -> TrialReport:
        """Of a version; of that which is live, else the newest, where none is named. Raises NotThere."""
        running = self._find(tenant, name, version)
        if running is None:
            raise NotThere
        return report(running, await self._trials.current(running))

    def _find(self, tenant: str, name: str, version: int | None) -> Running | None:
        now, history = self._clock(), self._catalogue.history(tenant, "experiment", name)
        if history is None or not history.versions:
            return None
        live = history.live(now, self._catalogue.environment)
        number = version or (live.number if live else max(history.versions))
        return self._catalogue.experiment(tenant, VersionRef(name=name, version=number), now)


def experiments_router(gate: Gate, experiments: Experiments, take: Take) -> APIRouter:
    """The routes."""
    routes, desk = APIRouter(prefix="/v1/registry/experiment/{name}"), Desk(gate, take)
    read, operate = Depends(gate.may("read")), Depends(gate.may("operate"))

    @routes.get("/report")
    async def read_report(
        name: Name, version: Annotated[int | None, Query(ge=1, le=LARGEST_VERSION)] = None, who: Visitor = read
    ) -> TrialReport:
        """Estimates, intervals that hold at any time, what may be said of each variant, and whether the split is sound."""
        try:
            return await experiments.report(who.tenant, name, version)
        except NotThere as exc:
            raise problem(exc) from exc

    @routes.post("/stops", status_code=201)
    async def stop(name: Name, sent: NewStop, given: Given, response: Response, who: Visitor = operate) -> Receipt:
        """A variant gets no more units; the control gets its share."""
        return await desk(Call(who, "experiment", name, given, response), StopVariant(sent.variant, sent.reason, sent.version))

    return routes
