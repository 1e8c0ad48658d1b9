"""Journals as stores of an order: what names the person is replaced where it stands."""

import base64
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chancery_contracts.phrases import Phrases
from chancery_contracts.subjects import StoreResult, result_state
from chancery_storage import Connection, Database
from chancery_storage.journal import Sealer

from chancery_runtime.errors import CorruptSeal
from chancery_runtime.subjects import JOURNAL, Sought, SubjectStore

PAGE = 200
_PAGE = """
SELECT cause_id, stage, sealed, body FROM journal WHERE cause_id LIKE $1 AND stage <> $2 AND (cause_id, stage) > ($3, $4)
ORDER BY cause_id, stage LIMIT $5
"""
_READ = "SELECT sealed, body FROM journal WHERE cause_id = $1 AND stage = $2 FOR UPDATE"
_WRITE = "UPDATE journal SET body = $3 WHERE cause_id = $1 AND stage = $2"
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class FoundRows:
    """Where copies are."""

    rows: tuple[tuple[Key, str | None], ...]
    """Each with the matter that it belongs to."""
    unreadable: int = 0


class JournalStore(SubjectStore):
    """A service's journal. `sealers`: of the stages that seal theirs."""

    def __init__(self, database: Database, sealers: Mapping[str, Sealer] | None = None) -> None:
        self._database = database
        self._sealers = sealers or {}

    async def look(self, sought: Sought) -> FoundRows:
        """Reads every row of the tenant. Raises KeyServiceDown."""
        found: list[tuple[Key, str | None]] = []
        unreadable = 0
        async for row in self._rows(sought.tenant):
            try:
                documents = self._open(row)
            except CorruptSeal:
                unreadable += 1
                continue
            if any(sought.phrases.occur(one["value"]) for one in documents):
                found.append(((row["cause_id"], row["stage"]), matter_of(documents)))
        return FoundRows(tuple(found), unreadable)

    async def _rows(self, tenant: str) -> AsyncIterator[Any]:
        after: Key = ("", "")
        while True:
            async with self._database.statement() as connection:
                rows = await connection.fetch(_PAGE, f"{tenant}/%", JOURNAL, *after, PAGE)
            for row in rows:
                yield row
            if len(rows) < PAGE:
                return
            after = (rows[-1]["cause_id"], rows[-1]["stage"])

    def _open(self, row: Any) -> list[dict[str, Any]]:
        body = self._sealers[row["stage"]].unseal(row["body"]) if row["sealed"] else row["body"]
        return list(json.loads(body))

    async def act(self, sought: Sought, found: FoundRows, connection: Connection) -> Sequence[StoreResult]:
        """A redelivery is answered without the person from now on."""
        free = [name for name, matter in found.rows if not sought.held(matter)]
        erased = 0
        for name in free if sought.erasing else ():
            row = await connection.fetchrow(_READ, *name)
            if row is not None:
                await connection.execute(_WRITE, *name, self._erased(name[1], row, sought.phrases))
                erased += 1
        left = len(found.rows) - len(free) if sought.erasing else 0
        state = result_state(len(found.rows), erased, left, erasing=sought.erasing)
        return [
            StoreResult(
                store=f"{self._database.schema}.journal", state=state, found=len(found.rows), erased=erased, left=left,
                unreadable=found.unreadable,
            )
        ]  # fmt: skip

    def _erased(self, stage: str, row: Any, phrases: Phrases) -> bytes:
        documents = self._open({"stage": stage, "sealed": row["sealed"], "body": row["body"]})
        for one in documents:
            value = phrases.erased_json(json.loads(one["value"]))
            one["value"] = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        body = json.dumps(documents, ensure_ascii=False, separators=(",", ":")).encode()
        return self._sealers[stage].seal(body) if row["sealed"] else body


def matter_of(documents: list[dict[str, Any]]) -> str | None:
    """Of the events' own headers; they are one interaction's."""
    for one in documents:
        for name, raw in one["headers"]:
            if name == "ce_matter":
                return _text(raw)
    return None


def _text(raw: str) -> str:
    return base64.b64decode(raw).decode("utf-8", "replace")
