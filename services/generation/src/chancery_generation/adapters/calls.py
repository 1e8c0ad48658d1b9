"""The journal of calls in PostgreSQL."""

import json
from datetime import datetime
from typing import Any

from chancery_contracts.base import VersionRef
from chancery_contracts.interactions import TokenUsage, ToolCall
from chancery_storage import Database, load_queries
from pydantic import TypeAdapter

from chancery_generation.domain.calls import CallHistory, RecordedCall
from chancery_generation.domain.completion import CallResult, Completion

_TOOL_CALLS = TypeAdapter(tuple[ToolCall, ...])


class PostgresCalls:
    """One row before each call, completed after it; one answer for each event."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queries = load_queries("chancery_generation")

    async def history(self, cause_id: str) -> CallHistory:
        """Calls in order. One that has no outcome is `unknown`."""
        async with self._database.reading() as connection:
            rows = await connection.fetch(self._queries.list_calls, cause_id)
            answer = await connection.fetchrow(self._queries.find_answer, cause_id)
        return CallHistory(tuple(_call(row) for row in rows), _completion(answer) if answer else None)

    async def intend(self, cause_id: str, model: VersionRef, now: datetime) -> int:
        """Waits for a zombie that is doing the same, so that ordinals are never shared."""
        async with self._database.transaction() as connection:
            await connection.execute(self._queries.lock_cause, cause_id)
            ordinal = await connection.fetchval(self._queries.begin_call, cause_id, model.name, model.version, now)
        return int(ordinal)

    async def finish(self, cause_id: str, call: RecordedCall, result: CallResult, now: datetime) -> None:
        """Outcome and answer in one transaction."""
        usage = json.dumps(call.usage.model_dump())
        outcome = (cause_id, call.ordinal, call.outcome, call.status, call.latency_ms, usage, call.raw_usage, now)
        async with self._database.transaction() as connection:
            await connection.execute(self._queries.end_call, *outcome)
            if result.completion is not None:
                await connection.execute(self._queries.store_answer, cause_id, call.ordinal, *_answer(result.completion), now)

    async def purge(self, before: datetime) -> int:
        """Deletes up to 5,000 calls, with their answers, from before a moment; how many."""
        async with self._database.transaction() as connection:
            status = await connection.execute(self._queries.purge_calls, before)
        return int(status.rsplit(" ", 1)[1])


def _call(row: Any) -> RecordedCall:
    model = VersionRef(name=row["model_name"], version=row["model_version"])
    if row["outcome"] is None:
        return RecordedCall(row["ordinal"], model)
    usage = TokenUsage.model_validate_json(row["usage"])
    return RecordedCall(row["ordinal"], model, row["outcome"], row["latency_ms"], row["status"], usage, row["raw_usage"])


def _completion(row: Any) -> Completion:
    usage, tool_calls = TokenUsage.model_validate_json(row["usage"]), _TOOL_CALLS.validate_json(row["tool_calls"])
    return Completion(row["answer"], usage, row["raw_usage"], tool_calls, stop_reason=row["stop_reason"])


def _answer(completion: Completion) -> tuple[str, str, str | None]:
    return completion.text, _TOOL_CALLS.dump_json(completion.tool_calls).decode(), completion.stop_reason
