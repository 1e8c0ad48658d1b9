"""Keeps how interactions went, in PostgreSQL. Every statement may run again, and in any order."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chancery_bus import Received, Unreadable
from chancery_contracts.areas import CostPosted, ReviewDecided
from chancery_contracts.base import Payload, VersionRef
from chancery_contracts.event import Event
from chancery_contracts.failures import Poison
from chancery_contracts.interactions import InteractionAuthorised, InteractionRefused, InteractionValidated
from chancery_storage import Database, Queries

from chancery_registry.domain.outcomes import Outcome, begun, costed, refused, reviewed, validated

Statement = tuple[str, tuple[Any, ...]]
"""The name of a query and its arguments."""


class PostgresOutcomes:
    """One transaction a batch."""

    def __init__(self, database: Database, queries: Queries) -> None:
        self._database = database
        self._queries = queries

    async def prepare(self, batch: Sequence[Received]) -> tuple[int, Mapping[str, list[tuple[Any, ...]]]]:
        """How many records there were, and arguments by query; sorted by row, so that two writers wait for each other in one order."""
        grouped: dict[str, list[tuple[Any, ...]]] = {}
        for received in batch:
            statement = _statement(received.event)
            if statement is not None:
                grouped.setdefault(statement[0], []).append(statement[1])
        return len(batch), {name: sorted(grouped[name], key=lambda row: row[:2]) for name in sorted(grouped)}

    async def write(self, prepared: tuple[int, Mapping[str, list[tuple[Any, ...]]]]) -> Sequence[Poison | None]:
        """All of a batch, or nothing."""
        count, grouped = prepared
        async with self._database.transaction() as connection:
            for name, rows in grouped.items():
                await connection.executemany(self._queries[name], rows)
        return [None] * count

    async def on_unreadable(self, _: Sequence[Unreadable]) -> None:
        """The stage that a record was meant for dead-letters it; here is nothing to count."""


def _statement(event: Event[Any]) -> Statement | None:
    find = _STATEMENTS.get(type(event.data))
    return None if find is None or event.interaction is None else find(event)


def _begun(event: Event[InteractionAuthorised]) -> Statement:
    return "outcome_begun", _first(begun(event))


def _validated(event: Event[InteractionValidated]) -> Statement:
    row = validated(event)
    return "outcome_validated", (
        *_first(row), row.ended_at, *_ref(row.prompt), *row.usage.model_dump().values(), row.latency_ms, row.attempts, row.cache_state,
        row.verdict, row.unanswerable, json.dumps(row.checks), list(row.checks_failed),
    )  # fmt: skip


def _refused(event: Event[InteractionRefused]) -> Statement:
    row = refused(event)
    return "outcome_refused", (
        *_whose(row), row.ended_at, row.use_case, row.latency_ms, row.attempts, row.refused_stage, row.refused_code,
    )  # fmt: skip


def _costed(event: Event[CostPosted]) -> Statement | None:
    row = costed(event)
    if row is None:
        return None
    return "outcome_costed", (*_whose(row), row.use_case, *_ref(row.model), row.cost_micros, row.currency, event.id)


def _reviewed(event: Event[ReviewDecided]) -> Statement:
    row = reviewed(event)
    return "outcome_reviewed", (*_whose(row), row.human_score)


def _whose(row: Outcome) -> tuple[Any, ...]:
    return row.tenant, row.interaction, row.unit, row.begun_at


def _first(row: Outcome) -> tuple[Any, ...]:
    """The arguments that `outcome_begun` and `outcome_validated` share."""
    assigned = row.assignment
    experiment = (*_ref(assigned.experiment), assigned.variant, json.dumps(assigned.weights)) if assigned else (None,) * 4
    return (*_whose(row), row.use_case, row.use_case_version, *_ref(row.model), *experiment)


def _ref(ref: VersionRef | None) -> tuple[str | None, int | None]:
    return (None, None) if ref is None else (ref.name, ref.version)


_STATEMENTS: Mapping[type[Payload], Callable[[Event[Any]], Statement | None]] = {
    InteractionAuthorised: _begun,
    InteractionValidated: _validated,
    InteractionRefused: _refused,
    CostPosted: _costed,
    ReviewDecided: _reviewed,
}
