"""Beginnings and ends of interactions in PostgreSQL."""

from chancery_storage import Connection, Queries


class PostgresInteractions:
    """Beginnings and ends, in the same transaction."""

    def __init__(self, connection: Connection, queries: Queries) -> None:
        self._connection = connection
        self._queries = queries

    async def begin(self, tenant: str, interaction: str, event_id: str) -> bool:
        """False when another event has this interaction's id."""
        return bool(await self._connection.fetchval(self._queries.begin_interaction, tenant, interaction, event_id) == event_id)

    async def complete(self, tenant: str, interaction: str, namespace: str, cause_id: str) -> bool:
        """False when another cause has ended it."""
        return bool(
            await self._connection.fetchval(self._queries.complete_interaction, tenant, interaction, namespace, cause_id) == cause_id
        )
