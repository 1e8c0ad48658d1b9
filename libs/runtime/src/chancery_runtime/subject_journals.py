"""Journals and other short-lived copies of events, as stores of an order: what names the person is replaced where it stands."""

import base64
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chancery_contracts.phrases import Phrases
from chancery_contracts.subjects import Phase, StoreResult, result_state
from chancery_storage import Connection, Database
from chancery_storage.journal import Sealer

from chancery_runtime.errors import CorruptSeal
from chancery_runtime.subjects import JOURNAL, Sought

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


class JournalStore:
    """A service's journal. `sealers`: of the stages that seal theirs."""

    phases: frozenset[Phase] = frozenset({"act"})

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
                found.append(((row["cause_id"], row["stage"]), _matter(documents)))
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


class TextStore:
    """A table with one text a row that a key finds, and whose rows know their tenant and nothing of matters."""

    phases: frozenset[Phase] = frozenset({"act"})

    def __init__(self, database: Database, table: str, name: str, text: str, tenants: Callable[[str], str]) -> None:
        """`tenants` gives the pattern of the keys of a tenant's rows. Names of tables and columns are ours, never a caller's."""
        self._database = database
        self._store = f"{database.schema}.{table}"
        self._tenants = tenants
        self._page = (
            f'SELECT "{name}" AS name, "{text}" AS text FROM "{table}" WHERE "{name}" LIKE $1 AND "{name}" > $2 ORDER BY 1 LIMIT $3'  # noqa: S608
        )
        self._write = f'UPDATE "{table}" SET "{text}" = $2 WHERE "{name}" = $1'  # noqa: S608

    async def look(self, sought: Sought) -> list[tuple[str, str]]:
        """Keys and texts."""
        found: list[tuple[str, str]] = []
        after = ""
        while True:
            async with self._database.statement() as connection:
                rows = await connection.fetch(self._page, self._tenants(sought.tenant), after, PAGE)
            found += [(row["name"], row["text"]) for row in rows if sought.phrases.occur(row["text"])]
            if len(rows) < PAGE:
                return found
            after = rows[-1]["name"]

    async def act(self, sought: Sought, found: list[tuple[str, str]], connection: Connection) -> Sequence[StoreResult]:
        """Under a hold of the whole tenant they stay."""
        erasing = sought.erasing and not sought.tenant_held
        for name, text in found if erasing else ():
            await connection.execute(self._write, name, sought.phrases.erased(text))
        erased = len(found) if erasing else 0
        left = len(found) if sought.erasing and not erasing else 0
        state = result_state(len(found), erased, left, erasing=sought.erasing)
        return [StoreResult(store=self._store, state=state, found=len(found), erased=erased, left=left)]


def _matter(documents: list[dict[str, Any]]) -> str | None:
    """Of the events' own headers; they are one interaction's."""
    for one in documents:
        for name, raw in one["headers"]:
            if name == "ce_matter":
                return _text(raw)
    return None


def _text(raw: str) -> str:
    return base64.b64decode(raw).decode("utf-8", "replace")
