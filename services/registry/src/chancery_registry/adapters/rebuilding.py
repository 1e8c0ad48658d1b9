"""Makes the projection anew from the topic, in one transaction: readers see the old one until the new one is whole."""

from dataclasses import dataclass

from chancery_bus import KafkaAddress, TopicReader
from chancery_contracts.failures import ChanceryError
from chancery_storage import Connection, Database, Queries

from chancery_registry.adapters.following import PARTITION
from chancery_registry.adapters.projecting import TABLES, Projection
from chancery_registry.domain.books import Books, Told
from chancery_registry.errors import ProjectionAhead


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """Up to which place, and the digests of all tables before and after. A projection that was not there has none."""

    place: int
    before: str | None
    after: str

    @property
    def same(self) -> bool:
        """To the bit."""
        return self.before in {None, self.after}


class _Undo(ChanceryError):
    """Nothing is to stay of it."""


class Rebuilding:
    """Running services wait meanwhile, with what they would write."""

    def __init__(self, database: Database, queries: Queries, address: KafkaAddress) -> None:
        self._database = database
        self._queries = queries
        self._address = address
        self._projection = Projection(database, queries)

    async def __call__(self, *, keep: bool = True) -> Rebuilt:
        """To where the projection stands; an empty one, or one that is ahead, to the topic's end. `keep` false: only compares.

        Raises ProjectionAhead where it only compares, Retry.
        """
        rebuilt: Rebuilt | None = None
        try:
            async with self._database.transaction() as connection:
                rebuilt = await self._rebuild(connection, keep=keep)
                if not keep:
                    raise _Undo
        except _Undo:
            pass
        assert rebuilt is not None
        return rebuilt

    async def _rebuild(self, connection: Connection, *, keep: bool) -> Rebuilt:
        there = await self._projection.lock(connection)
        reader = await TopicReader.start(self._address, [PARTITION[0]])
        try:
            end = max((await reader.ends()).values(), default=0)
            if there > end and not keep:
                raise ProjectionAhead(f"the projection is at {there}, the topic ends at {end}")
            books, told = await _read(reader, there if 0 < there <= end else end)
        finally:
            await reader.close()
        before = await self.digest(connection) if there else None
        for table in TABLES:
            await connection.execute(f"DELETE FROM {table}")  # noqa: S608  # names of our own
        await self._projection.write(connection, told, books.next, books.catalogue)
        return Rebuilt(books.next, before, await self.digest(connection))

    async def digest(self, connection: Connection) -> str:
        """Of every table's rows, in the order of their text."""
        await connection.execute("SET LOCAL TimeZone = 'UTC'")
        of_tables = [await connection.fetchval(self._queries.digest.format(table=table)) for table in TABLES]
        return str(await connection.fetchval(self._queries.digest_of_digests, of_tables))


async def _read(reader: TopicReader, upto: int) -> tuple[Books, list[Told]]:
    books, told = Books(), list[Told]()
    polls = reader.polls()
    while books.next < upto:
        poll = await anext(polls)
        for one in poll.events:
            if one.offset < upto and (found := books.take(one.offset, one.event)) is not None:
                told.append(found)
        books.reach(min(poll.positions[PARTITION], upto))
    return books, told
