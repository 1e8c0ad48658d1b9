"""Writes the projection: what a poll told, and how far the topic is read with it, in one transaction."""

from collections.abc import Sequence

from chancery_contracts.catalogue import Catalogue
from chancery_contracts.topics import REGISTRY
from chancery_storage import Connection, Database, Queries

from chancery_registry.domain.books import Told
from chancery_registry.domain.rows import rows_of

TOPIC = REGISTRY.full_name()
TABLES = ("things", "versions", "activations", "labels", "evidence", "comments", "changes")
"""All that is made of the topic, and of nothing else."""


class Projection:
    """Several processes may write it: who holds the position's row writes, and what is there already is passed over."""

    def __init__(self, database: Database, queries: Queries) -> None:
        self._database = database
        self._queries = queries

    async def place(self) -> int:
        """Of the first record that is not in yet."""
        async with self._database.statement() as connection:
            return int(await connection.fetchval(self._queries.next_offset, TOPIC) or 0)

    async def store(self, told: Sequence[Told], upto: int, catalogue: Catalogue) -> None:
        """All of a poll, or nothing. `catalogue` stands at `upto`. Raises Retry while the database is away."""
        async with self._database.transaction() as connection:
            there = await self.lock(connection)
            if there < upto:
                await self.write(connection, [one for one in told if one.place >= there], upto, catalogue)

    async def lock(self, connection: Connection) -> int:
        """The place, which nobody else moves until the transaction ends."""
        await connection.execute(self._queries.begin_position, TOPIC)
        return int(await connection.fetchval(self._queries.lock_position, TOPIC))

    async def write(self, connection: Connection, told: Sequence[Told], upto: int, catalogue: Catalogue) -> None:
        """Rows, and the position."""
        rows = rows_of(told, catalogue)
        for table in TABLES:
            if found := getattr(rows, table):
                await connection.executemany(self._queries[f"write_{table}"], found)
        await connection.execute(self._queries.move_position, TOPIC, upto)
