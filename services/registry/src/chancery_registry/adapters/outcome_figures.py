"""Reads figures of versions, and who used which model, from how interactions went."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chancery_storage import Database, Queries


@dataclass(frozen=True, slots=True)
class Span:
    """Of interactions that began from `since` on and before `until`; none: no bound."""

    since: datetime | None = None
    until: datetime | None = None


class OutcomeFigures:
    """Of one tenant at a time."""

    def __init__(self, database: Database, queries: Queries) -> None:
        self._database = database
        self._queries = queries

    async def by_version(self, tenant: str, kind: str, name: str, span: Span) -> list[dict[str, Any]]:
        """A dictionary a version, in their order; money by currency, scores by check."""
        arguments = (tenant, kind, name, span.since, span.until)
        async with self._database.reading() as connection:
            metrics = await connection.fetch(self._queries.version_metrics, *arguments)
            costs = await connection.fetch(self._queries.version_costs, *arguments)
            checks = await connection.fetch(self._queries.version_checks, *arguments)
        return [
            {
                **dict(row),
                "cost_micros": {one["currency"]: one["micros"] for one in costs if one["version"] == row["version"]},
                "checks": {one["check_name"]: one["score"] for one in checks if one["version"] == row["version"]},
            }
            for row in metrics
        ]

    async def usage(self, tenant: str, model: str | None, span: Span) -> list[dict[str, Any]]:
        """A dictionary for each model, version, use case and currency."""
        async with self._database.reading() as connection:
            rows = await connection.fetch(self._queries.usage_by_use_case, tenant, model, span.since, span.until)
        return [dict(row) for row in rows]
