"""Experiments as they stand: each unit is folded in once a process, in its order, whoever asks."""

import asyncio
import json
from collections import OrderedDict
from dataclasses import dataclass, field

from chancery_contracts.assignment import Running
from chancery_contracts.base import VersionRef
from chancery_storage import Database, Queries

from chancery_registry.domain.trials import Trial, Unit

PAGE = 1_000
MOST = 256
"""Trials in memory; one that is not there is folded again from its first unit."""


@dataclass
class _State:
    trial: Trial
    sequence: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Trials:
    """By tenant and version of an experiment."""

    def __init__(self, database: Database, queries: Queries) -> None:
        self._database = database
        self._queries = queries
        self._states: OrderedDict[tuple[str, VersionRef], _State] = OrderedDict()

    async def current(self, running: Running) -> Trial:
        """With every unit that is counted now."""
        key = (running.tenant, running.ref)
        state = self._states.setdefault(key, _State(Trial(running.body)))
        self._states.move_to_end(key)
        while len(self._states) > MOST:
            self._states.popitem(last=False)
        async with state.lock:
            pages = True
            while pages:
                pages = await self._fold(running, state)
        return state.trial

    async def _fold(self, running: Running, state: _State) -> bool:
        """The next page; false where it was the last. Others get their turn between two pages, as the next is asked for."""
        async with self._database.reading() as connection:
            rows = await connection.fetch(
                self._queries.units_after, running.tenant, running.ref.name, running.ref.version, state.sequence, PAGE
            )
        for row in rows:
            state.trial.add(Unit(row["variant"], json.loads(row["weights"]), json.loads(row["values"])))
            state.sequence = row["sequence"]
        return len(rows) == PAGE
