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

from chancery_registry.adapters.trial_states import Trials
from chancery_registry.adapters.unit_counting import BATCH, PostgresUnits

log = structlog.get_logger()
Stop = Callable[[str, VersionRef, str, str], Awaitable[None]]
"""Puts on the registry's record that a tenant's experiment has a variant stopped, and why."""
AGAIN = timedelta(seconds=10)
"""A stop that did not take effect by then is asked for again: another change of the experiment came first."""


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
        """One round over every experiment that has something new."""
        for tenant, ref in await self._units.waiting():
            running = self._catalogue.experiment(tenant, ref, self._clock())
            if running is None:
                continue
            while await self._units.close(tenant, ref, running.body, self._clock()) == BATCH:
                await self._judge(running)
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
