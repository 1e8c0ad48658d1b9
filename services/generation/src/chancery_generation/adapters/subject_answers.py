"""Models' answers as a store of an order about a person: pseudonyms stay, names that a document brought in are replaced."""

import json
from collections.abc import Sequence

from chancery_contracts.subjects import StoreResult, result_state
from chancery_runtime.subject_journals import matter_of
from chancery_runtime.subjects import Sought, SubjectStore
from chancery_storage import Connection, Database, load_queries

PAGE = 200


class SubjectAnswers(SubjectStore):
    """Port `SubjectStore`. An answer that is not journalled yet is the journal's a moment later, and lapses with it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queries = load_queries("chancery_generation")

    async def look(self, sought: Sought) -> list[tuple[str, str | None, str]]:
        """Event, matter, text."""
        found: list[tuple[str, str | None, str]] = []
        after = ""
        while True:
            async with self._database.reading() as connection:
                rows = await connection.fetch(self._queries.answers_of_tenant, sought.tenant, after, PAGE)
            found += [
                (row["cause_id"], matter_of(json.loads(row["body"])), row["answer"])
                for row in rows
                if row["answer"] is not None and sought.phrases.occur(row["answer"])
            ]
            if len(rows) < PAGE:
                return found
            after = rows[-1]["journalled"]

    async def act(self, sought: Sought, found: list[tuple[str, str | None, str]], connection: Connection) -> Sequence[StoreResult]:
        """A redelivery is answered without the person from now on."""
        free = [one for one in found if not sought.held(one[1])]
        for cause_id, _, text in free if sought.erasing else ():
            await connection.execute(self._queries.erase_answer, cause_id, sought.phrases.erased(text))
        erased = len(free) if sought.erasing else 0
        left = len(found) - len(free) if sought.erasing else 0
        state = result_state(len(found), erased, left, erasing=sought.erasing)
        return [StoreResult(store="generation.answers", state=state, found=len(found), erased=erased, left=left)]
