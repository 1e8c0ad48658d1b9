"""Closes units of experiments: conversations whose window is over get their number, once and for all, in the order in which they began.

A unit is not passed by one that began later: else a slow variant's units would come late, and the order would tell the variants apart,
which the confidence sequence must not see. Only `patience` ends the wait for an interaction that never ends.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from chancery_contracts.base import VersionRef
from chancery_contracts.bodies import ExperimentBody
from chancery_storage import Connection, Database, Queries

from chancery_registry.domain.measuring import settled, unit_values
from chancery_registry.domain.outcomes import Outcome

BATCH = 500
GRACE = timedelta(seconds=2)
"""After a window's end: events of one moment reach us at different ones."""


@dataclass(frozen=True, slots=True)
class Closed:
    """A unit as it is counted."""

    unit: str
    began_at: datetime
    variant: str
    weights: dict[str, int]
    values: dict[str, float]


class PostgresUnits:
    """Of all experiments."""

    def __init__(self, database: Database, queries: Queries, patience: timedelta) -> None:
        self._database = database
        self._queries = queries
        self._patience = patience

    async def waiting(self) -> list[tuple[str, VersionRef]]:
        """Tenants and experiments with something to count."""
        async with self._database.reading() as connection:
            rows = await connection.fetch(self._queries.experiments_uncounted)
        return [(row["tenant"], VersionRef(name=row["experiment"], version=row["experiment_version"])) for row in rows]

    async def close(self, tenant: str, ref: VersionRef, body: ExperimentBody, now: datetime) -> int:
        """Counts up to 500 units that are over; how many. 0 while another instance is at it."""
        thing = (tenant, ref.name, ref.version)
        async with self._database.transaction() as connection:
            if not await connection.fetchval(self._queries.lock_experiment, tenant, ref.name, str(ref.version)):
                return 0
            await connection.execute(self._queries.pass_over_late, *thing)
            window = timedelta(seconds=body.window_s)
            rows = await connection.fetch(self._queries.units_begun, *thing, window, now - GRACE, BATCH)
            closed = list(closable(body, rows, now - GRACE - window - self._patience))
            await self._add(connection, thing, closed)
        return len(closed)

    async def _add(self, connection: Connection, thing: tuple[str, str, int], closed: Sequence[Closed]) -> None:
        last = await connection.fetchval(self._queries.last_unit, *thing)
        rows = [
            (*thing, number, one.unit, one.began_at, one.variant, json.dumps(one.weights), json.dumps(one.values))
            for number, one in enumerate(closed, start=last + 1)
        ]
        await connection.executemany(self._queries.add_unit, rows)
        await connection.execute(self._queries.mark_counted, *thing, [one.unit for one in closed])


def closable(body: ExperimentBody, rows: Sequence[Any], given_up_before: datetime) -> Iterator[Closed]:
    """The units at the head of which all is known, or that began so long ago that no more is waited for."""
    for (unit, began_at), found in groupby(rows, key=lambda row: (row["of_unit"], row["began_at"])):
        first, *others = list(found)
        outcomes = [outcome_from(row) for row in (first, *others)]
        if began_at >= given_up_before and not all(settled(body, outcome) for outcome in outcomes):
            return
        yield Closed(unit, began_at, first["variant"], json.loads(first["weights"]), unit_values(body, outcomes))


def outcome_from(row: Any) -> Outcome:
    """As much of a row as metrics are made of."""
    return Outcome(
        tenant=row["tenant"], interaction=row["interaction"], unit=row["unit"], begun_at=row["begun_at"], ended_at=row["ended_at"],
        latency_ms=row["latency_ms"], cost_micros=row["cost_micros"], cache_state=row["cache_state"], verdict=row["verdict"],
        unanswerable=row["unanswerable"], checks=json.loads(row["checks"]), refused_code=row["refused_code"],
        human_score=row["human_score"],
    )  # fmt: skip
