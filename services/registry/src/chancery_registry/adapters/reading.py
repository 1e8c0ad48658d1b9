"""Reads the projection."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args

from chancery_contracts.catalogue import SHARED, Thing
from chancery_contracts.governance import GovernedKind, RegistryEnvironment
from chancery_contracts.governed import Activation, History, Version
from chancery_storage import Connection, Database, Queries

ENVIRONMENTS: tuple[RegistryEnvironment, ...] = get_args(RegistryEnvironment)
Row = dict[str, Any]
_PARTS: tuple[tuple[str, tuple[None, ...]], ...] = (("activations", ()), ("labels", ()), ("evidence", (None,)), ("comments", ()))


@dataclass(frozen=True, slots=True)
class Found:
    """A thing as the projection has it at one moment. `changes` newest first."""

    thing: Thing
    sequence: int
    versions: list[Row]
    activations: list[Row]
    labels: list[Row]
    evidence: list[Row]
    comments: list[Row]
    changes: list[Row]

    def history(self) -> History:
        """For what the fold says: states, what is live."""
        versions = [
            Version(
                row["version"], row["author"], row["drafted_at"], {}, row["body_sha256"], row["stage"], row["founded_from"],
                tuple(row["roles"]), row["approvals"], row["retired_from"],
            )
            for row in self.versions
        ]  # fmt: skip
        turns = [Activation(row["environment"], row["effective_from"], row["sequence"], row["version"]) for row in self.activations]
        return History.of(self.sequence, versions, turns)


@dataclass(frozen=True, slots=True)
class Page:
    """Of changes, before a place; or of things, after a name."""

    before: int
    limit: int


class PostgresReader:
    """Each reading sees one moment."""

    def __init__(self, database: Database, queries: Queries) -> None:
        self._database = database
        self._queries = queries

    async def things(self, tenant: str, kind: GovernedKind, after: str | None, limit: int) -> list[Row]:
        """With what their labels point to."""
        async with self._database.reading() as connection:
            rows = [dict(row) for row in await connection.fetch(self._queries.things_of, tenant, kind, after, limit)]
            names = [row["name"] for row in rows]
            labels = await connection.fetch(self._queries.labels_now, tenant, kind, names)
        for row in rows:
            row["labels"] = {one["label"]: one["version"] for one in labels if one["name"] == row["name"] and one["version"] is not None}
        return rows

    async def thing(self, thing: Thing, page: Page) -> Found | None:
        """All of one; none where there is none."""
        async with self._database.reading() as connection:
            sequence = await connection.fetchval(self._queries.thing, *thing)
            if sequence is None:
                return None
            versions = await self._versions(connection, thing, None)
            activations, labels, evidence, comments = [
                [dict(row) for row in await connection.fetch(self._queries[f"{name}_of"], *thing, *also)] for name, also in _PARTS
            ]
            changes = await connection.fetch(self._queries.changes_of, *thing, page.before, page.limit)
        return Found(thing, sequence, versions, activations, labels, evidence, comments, [_parsed(row, "data") for row in changes])

    async def _versions(self, connection: Connection, thing: Thing, number: int | None) -> list[Row]:
        rows = await connection.fetch(self._queries.versions_of, *thing, number)
        return [_parsed(row, "body", "approvals") for row in rows]

    async def live(
        self, tenants: Sequence[str], at: datetime, environment: RegistryEnvironment, kind: GovernedKind | None = None,
        names: Iterable[str] | None = None,
    ) -> list[Row]:  # fmt: skip
        """What was live of some owners, of a kind and of some names, or of all."""
        wanted = None if names is None else list(names)
        async with self._database.reading() as connection:
            rows = await connection.fetch(self._queries.live_at, list(tenants), kind, wanted, environment, at)
        return [dict(row) for row in rows]


def in_force(rows: Iterable[Row], tenant: str) -> list[Row]:
    """A tenant's own before the shared one of the same name, as services take them."""
    best: dict[tuple[str, str], Row] = {}
    for row in rows:
        place = (row["kind"], row["name"])
        if place not in best or best[place]["tenant"] == SHARED:
            best[place] = row
    return [row for _, row in sorted(best.items()) if row["tenant"] in {tenant, SHARED}]


def _parsed(row: Mapping[str, Any], *columns: str) -> Row:
    return dict(row) | {column: json.loads(row[column]) for column in columns}
