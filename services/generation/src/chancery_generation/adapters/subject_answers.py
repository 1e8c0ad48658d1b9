"""Models' answers as a store of an order about a person: pseudonyms stay, names that a document brought in are replaced."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from chancery_contracts.subjects import StoreResult, result_state
from chancery_runtime.subject_journals import matter_of
from chancery_runtime.subjects import Sought, SubjectStore
from chancery_storage import Connection, Database, load_queries

PAGE = 200


@dataclass(frozen=True, slots=True)
class Found:
    """An answer that names somebody. `tool_calls`: as JSON."""

    cause_id: str
    matter: str | None
    answer: str
    tool_calls: str


class SubjectAnswers(SubjectStore):
    """Port `SubjectStore`. An answer that is not journalled yet is the journal's a moment later, and lapses with it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queries = load_queries("chancery_generation")

    async def look(self, sought: Sought) -> list[Found]:
        """In answers, and in what tools are called with."""
        found: list[Found] = []
        after = ""
        while True:
            async with self._database.reading() as connection:
                rows = await connection.fetch(self._queries.answers_of_tenant, sought.tenant, after, PAGE)
            found += [
                Found(row["cause_id"], matter_of(json.loads(row["body"])), row["answer"], row["tool_calls"])
                for row in rows
                if row["answer"] is not None and (sought.phrases.occur(row["answer"]) or sought.phrases.occur(row["tool_calls"]))
            ]
            if len(rows) < PAGE:
                return found
            after = rows[-1]["journalled"]

    async def act(self, sought: Sought, found: list[Found], connection: Connection) -> Sequence[StoreResult]:
        """A redelivery is answered without the person from now on."""
        free = [one for one in found if not sought.held(one.matter)]
        for one in free if sought.erasing else ():
            calls = _still_json(sought.phrases.erased(one.tool_calls))
            await connection.execute(self._queries.erase_answer, one.cause_id, sought.phrases.erased(one.answer), calls)
        erased = len(free) if sought.erasing else 0
        left = len(found) - len(free) if sought.erasing else 0
        state = result_state(len(found), erased, left, erasing=sought.erasing)
        return [StoreResult(store="generation.answers", state=state, found=len(found), erased=erased, left=left)]


def _still_json(text: str) -> str:
    """Calls that erasing has broken are gone altogether."""
    try:
        json.loads(text)
    except ValueError:
        return "[]"
    return text
