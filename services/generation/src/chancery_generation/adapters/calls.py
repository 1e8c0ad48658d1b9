"""The journal of calls in PostgreSQL. Each step is one statement, so one round trip and one flush."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from chancery_contracts import AnyEvent
from chancery_contracts.base import VersionRef
from chancery_contracts.interactions import TokenUsage, ToolCall
from chancery_runtime.stages import key
from chancery_storage import Database, load_queries
from pydantic import TypeAdapter

from chancery_generation.domain.calls import CallHistory, Intent, RecordedCall
from chancery_generation.domain.completion import CallResult, Completion

_TOOL_CALLS = TypeAdapter(tuple[ToolCall, ...])


class PostgresCalls:
    """One row before each call, completed after it; one answer for each event."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queries = load_queries("chancery_generation")

    async def history(self, cause_id: str) -> CallHistory:
        """Calls in order. One that has no outcome is `unknown`."""
        async with self._database.statement() as connection:
            rows = await connection.fetch(self._queries.list_calls, cause_id)
        answered = next((row for row in rows if row["answer"] is not None), None)
        calls = tuple(_call(row) for row in rows)
        return CallHistory(calls) if answered is None else CallHistory(calls, _completion(answered), answered["ordinal"])

    async def settled(self, event: AnyEvent) -> bool:
        """By the stage's journal."""
        async with self._database.statement() as connection:
            return bool(await connection.fetchval(self._queries.has_outputs, key(event)))

    async def begin(self, event: AnyEvent, ordinal: int, intent: Intent, now: datetime) -> bool:
        """The primary key settles who takes an ordinal: a zombie and its successor never share one."""
        model = intent.model
        async with self._database.statement() as connection:
            status = await connection.execute(
                self._queries.begin_call, event.id, ordinal, model.name, model.version, intent.why, intent.provider,
                intent.provider_model, intent.region, intent.route, now, key(event),
            )  # fmt: skip
        return bool(status == "INSERT 0 1")

    async def finish(self, cause_id: str, call: RecordedCall, result: CallResult, now: datetime) -> bool:
        """Outcome and answer in one statement."""
        said = result.completion
        async with self._database.statement() as connection:
            status = await connection.execute(
                self._queries.end_call, cause_id, call.ordinal, call.outcome, call.status, call.latency_ms,
                call.usage.model_dump_json(), call.raw_usage, call.superseded, now, said and said.text,
                _written(said.tool_calls if said else ()), said and said.stop_reason,
            )  # fmt: skip
        return said is None or status == "INSERT 0 1"

    async def purge(self, before: datetime) -> int:
        """Deletes up to 5,000 calls, with their answers, from before a moment; how many."""
        async with self._database.transaction() as connection:
            status = await connection.execute(self._queries.purge_calls, before)
        return int(status.rsplit(" ", 1)[1])


def _written(calls: Sequence[ToolCall]) -> str:
    return json.dumps([call.model_dump() for call in calls])


def _call(row: Any) -> RecordedCall:
    call = RecordedCall(
        row["ordinal"], VersionRef(name=row["model_name"], version=row["model_version"]), why=row["why"], provider=row["provider"],
        provider_model=row["provider_model"], region=row["region"], route=row["route"],
    )  # fmt: skip
    if row["outcome"] is None:
        return call
    usage = TokenUsage.model_validate_json(row["usage"])
    return replace(
        call, outcome=row["outcome"], latency_ms=row["latency_ms"], status=row["status"], usage=usage, raw_usage=row["raw_usage"],
        superseded=row["superseded"],
    )  # fmt: skip


def _completion(row: Any) -> Completion:
    usage = TokenUsage.model_validate_json(row["usage"])
    calls = _TOOL_CALLS.validate_json(row["tool_calls"])
    return Completion(row["answer"], usage, row["raw_usage"], calls, stop_reason=row["stop_reason"])
