"""The watch over experiments: counts units that are over, and stops variants that are shown to lose."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog
from chancery_contracts.assignment import Running
from chancery_contracts.base import VersionRef
from chancery_contracts.catalogue import Catalogue
from chancery_contracts.event import Clock
from chancery_contracts.failures import Retry
from chancery_runtime.metrics import counter

from chancery_registry.adapters.commands import Asked, Commands
from chancery_registry.adapters.trial_states import Trials
from chancery_registry.adapters.unit_counting import BATCH, PostgresUnits
from chancery_registry.domain.orders import StopVariant
from chancery_registry.domain.roles import Member
from chancery_registry.errors import Conflict, NotKnownYet

log = structlog.get_logger()
MEMBER = Member("guard", frozenset({"operate"}), frozenset(), None)
Stop = Callable[[str, VersionRef, str, str], Awaitable[None]]
"""Puts on the registry's record that a tenant's experiment has a variant stopped, and why."""
AGAIN = timedelta(seconds=10)
"""A stop that did not take effect by then is asked for again: another change of the experiment came first."""


def stopping(commands: Commands) -> Stop:
    """By the way that every change goes. One that came first, or is not known yet, is looked for in the next round."""

    async def stop(tenant: str, ref: VersionRef, variant: str, reason: str) -> None:
        order = StopVariant(variant, reason, ref.version)
        try:
            await commands(Asked((tenant, "experiment", ref.name), MEMBER, order))
        except (Conflict, NotKnownYet) as exc:
            raise Retry(f"a variant of {ref.name} is not stopped yet") from exc

    return stop


class Guard:
    """One a process; of several processes, one counts an experiment's units at a time."""

    def __init__(self, catalogue: Catalogue, units: PostgresUnits, trials: Trials, stop: Stop, clock: Clock) -> None:
        self._catalogue = catalogue
        self._units = units
        self._trials = trials
        self._stop = stop
        self._clock = clock
        self._asked: dict[tuple[str, VersionRef, str], datetime] = {}
        self._stops = counter("chancery_registry_variants_stopped_total", "Variants that the guard asked to stop")

    async def run(self, interval_s: float) -> None:
        """Without end. What fails for the moment is tried again at the next round."""
        while True:
            try:
                await self.watch()
            except Retry as fault:
                log.warning("experiments_not_watched", reason=fault.reason)
            await asyncio.sleep(interval_s)

    async def watch(self) -> None:
        """One round over every experiment that has something new. One that fails for the moment does not hold up the others."""
        for tenant, ref in await self._units.waiting():
            running = self._catalogue.experiment(tenant, ref, self._clock())
            if running is None:
                continue
            try:
                await self._look(running)
            except Retry as fault:
                log.warning("experiment_not_watched", tenant=tenant, experiment=ref.name, reason=fault.reason)

    async def _look(self, running: Running) -> None:
        closed = BATCH
        while closed == BATCH:
            closed = await self._units.close(running.tenant, running.ref, running.body, self._clock())
            await self._judge(running)

    async def _judge(self, running: Running) -> None:
        losing = (await self._trials.current(running)).losing()
        for variant, reason in losing.items():
            await self._stop_once(running, variant, reason)

    async def _stop_once(self, running: Running, variant: str, reason: str) -> None:
        """Again only if nothing came of it. One that is decided on and takes effect in a moment is seen by looking ahead."""
        key, now = (running.tenant, running.ref, variant), self._clock()
        later = self._catalogue.experiment(running.tenant, running.ref, now + timedelta(days=1))
        if (later is not None and variant in later.stopped) or now - self._asked.get(key, now - AGAIN) < AGAIN:
            return
        self._asked[key] = now
        await self._stop(running.tenant, running.ref, variant, reason)
        self._stops.inc()
        log.warning("variant_stopped", tenant=running.tenant, experiment=running.ref.name, version=running.ref.version, variant=variant)
