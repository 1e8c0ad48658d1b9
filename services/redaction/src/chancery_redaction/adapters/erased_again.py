"""What was erased for a person stays erased: learnt again from the `privacy` topic at the start, and looked for ever after."""

import structlog
from chancery_bus import KafkaAddress, TopicReader
from chancery_contracts.event import AnyEvent
from chancery_contracts.subjects import SubjectErasedInStore
from chancery_contracts.topics import PRIVACY
from chancery_storage import Database, Queries

from chancery_redaction.adapters.subject_vault import STORE

log = structlog.get_logger()


class ErasedAgain:
    """Over the whole vault."""

    def __init__(self, database: Database, queries: Queries) -> None:
        self._database = database
        self._queries = queries

    async def relearn(self, address: KafkaAddress, namespace: str) -> int:
        """From the topic's beginning, which is kept without end: a database that was restored has forgotten; how many facts."""
        reader = await TopicReader.start(address, [PRIVACY.full_name(None, namespace)])
        try:
            return sum([await self.learn(received.event) async for received in reader.until(await reader.ends())])
        finally:
            await reader.close()

    async def learn(self, event: AnyEvent) -> bool:
        """Whether it told of the vault. Any number of times."""
        if not isinstance(event.data, SubjectErasedInStore) or event.data.store != STORE:
            return False
        names = [place.partition("/")[::2] for place in event.data.places]
        async with self._database.statement() as connection:
            await connection.execute(
                self._queries.note_erased, event.tenant, [scope for scope, _ in names], [name for _, name in names], event.time,
                event.data.order,
            )  # fmt: skip
        return True

    async def erase(self) -> int:
        """How many values and keys were there again."""
        async with self._database.transaction() as connection:
            keys = await connection.fetch(self._queries.erase_keys_again)
            # One statement a way: joined by an OR, each name would be compared with every value of its scope.
            ways = (self._queries.erase_tokens_again, self._queries.erase_subjects_again, self._queries.erase_lone_again)
            values = sum([len(await connection.fetch(way)) for way in ways])
        if keys or values:
            log.warning("erased_again", keys=len(keys), values=values, reason="a restored backup brought back what had been erased")
        return len(keys) + values
