"""Documents as a store of an order about a person: one whose text names it leaves the index, and comes back without the name."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chancery_contracts.areas import DocumentPublished
from chancery_contracts.event import AnyEvent, Clock, Event
from chancery_contracts.failures import Retry
from chancery_contracts.identifiers import derived_id
from chancery_contracts.subjects import Content, StoreResult, SubjectErasedInStore, result_state
from chancery_runtime.subjects import Sought, SubjectStore
from chancery_storage import Connection, Database, Queries

from chancery_retrieval.adapters.postgres_index import PostgresIndex
from chancery_retrieval.domain.erasing import IndexedText, assembled

PASSAGES, TITLES, REASONS = "retrieval.passages", "retrieval.documents", "retrieval.withdrawals"
PAGE = 100
EXCERPT = 2_000


@dataclass(frozen=True, slots=True)
class VersionTitle:
    """Of a version in the history."""

    document_id: str
    version: int
    matter: str | None
    title: str

    @property
    def place(self) -> str:
        """As events name it."""
        return f"{self.document_id}@{self.version}"


@dataclass(frozen=True, slots=True)
class FoundDocuments:
    """Whose text or title, and whose older titles, and which reasons hold a phrase."""

    texts: tuple[IndexedText, ...]
    titles: tuple[VersionTitle, ...]
    reasons: tuple[tuple[str, str | None, str], ...]


class SubjectDocuments(SubjectStore):
    """Port `SubjectStore`."""

    def __init__(self, database: Database, queries: Queries, index: PostgresIndex, clock: Clock) -> None:
        self._database = database
        self._queries = queries
        self._index = index
        self._clock = clock

    async def look(self, sought: Sought) -> FoundDocuments:
        """Reads every text of the tenant."""
        return FoundDocuments(tuple(await self._texts(sought)), tuple(await self._titles(sought)), tuple(await self._reasons(sought)))

    async def _texts(self, sought: Sought) -> list[IndexedText]:
        found: list[IndexedText] = []
        after = ""
        while True:
            async with self._database.reading() as connection:
                rows = await connection.fetch(self._queries.texts_of_documents, sought.tenant, after, PAGE)
            texts = [_text(row) for row in rows]
            found += [one for one in texts if sought.phrases.occur(one.text) or sought.phrases.occur(one.title)]
            if not rows:
                return found
            after = rows[-1]["document_id"]

    async def _titles(self, sought: Sought) -> list[VersionTitle]:
        found: list[VersionTitle] = []
        after: tuple[str, int] = ("", 0)
        while True:
            async with self._database.reading() as connection:
                rows = await connection.fetch(self._queries.titles_of_documents, sought.tenant, *after, PAGE)
            found += [VersionTitle(**row) for row in rows if sought.phrases.occur(row["title"])]
            if not rows:
                return found
            after = (rows[-1]["document_id"], rows[-1]["version"])

    async def _reasons(self, sought: Sought) -> list[tuple[str, str | None, str]]:
        async with self._database.reading() as connection:
            rows = await connection.fetch(self._queries.reasons_of_withdrawals, sought.tenant)
        return [(row["event_id"], row["matter"], row["reason"]) for row in rows if sought.phrases.occur(row["reason"])]

    async def act(self, sought: Sought, found: FoundDocuments, connection: Connection) -> Sequence[StoreResult]:
        """All of it in the order's transaction."""
        texts = [one for one in found.texts if not sought.held(one.matter)]
        titles = [one for one in found.titles if not sought.held(one.matter)]
        reasons = [one for one in found.reasons if not sought.held(one[1])]
        if sought.erasing:
            for text in texts:
                await self._take_out(sought, text, connection)
            for one in titles:
                title = sought.phrases.erased(one.title)
                await connection.execute(self._queries.erase_title, sought.tenant, one.document_id, one.version, title)
                await self._note(connection, sought.tenant, (one.document_id, one.version), (self._clock(), sought.order), titled=True)
            for event_id, _, reason in reasons:
                await connection.execute(self._queries.erase_reason, sought.tenant, event_id, sought.phrases.erased(reason))
        return [
            _result(PASSAGES, sought, found.texts, texts, _contents(found.texts, sought)),
            _result(TITLES, sought, found.titles, titles, ()),
            _result(REASONS, sought, found.reasons, reasons, ()),
        ]

    async def _take_out(self, sought: Sought, text: IndexedText, connection: Connection) -> None:
        """Raises Retry where another version stands there by now: its text is another, and has to be read."""
        await connection.execute(self._queries.lock_document, sought.tenant, text.document_id)
        if await connection.fetchval(self._queries.indexed_version, sought.tenant, text.document_id) != text.version:
            raise Retry("a document was published or withdrawn while it was searched")
        await self._index.take_out(connection, sought.tenant, text.document_id, self._clock())
        await self._note(connection, sought.tenant, (text.document_id, text.version), (self._clock(), sought.order), titled=False)

    async def _note(
        self, connection: Connection, tenant: str, version: tuple[str, int], because: tuple[datetime, str], *, titled: bool
    ) -> None:
        await connection.execute(self._queries.note_erased_version, tenant, *version, *because, titled)

    async def also(self, sought: Sought, found: FoundDocuments, connection: Connection) -> list[AnyEvent]:
        """The next version of each, without the person: indexed like any other. Its number is chosen under the document's lock."""
        events: list[AnyEvent] = []
        for one in found.texts:
            if sought.held(one.matter):
                continue
            highest = await connection.fetchval(self._queries.highest_version, sought.tenant, one.document_id)
            data = DocumentPublished(
                document_id=one.document_id, version=highest + 1, collection=one.collection, title=sought.phrases.erased(one.title),
                text=sought.phrases.erased(one.text),
            )  # fmt: skip
            name = derived_id(f"{sought.tenant}/{one.document_id}/{data.version}/{sought.order}", "document")
            made = Event(id=name, source="chancery/retrieval", time=self._clock(), tenant=sought.tenant, data=data, matter=one.matter)
            events.append(made)
        return events

    async def learn(self, event: AnyEvent) -> bool:
        """A version that was erased, as the `privacy` topic tells it; whether it was one."""
        if not isinstance(event.data, SubjectErasedInStore) or event.data.store not in {PASSAGES, TITLES}:
            return False
        async with self._database.transaction() as connection:
            for place in event.data.places:
                document_id, _, version = place.rpartition("@")
                titled = event.data.store == TITLES
                await self._note(connection, event.tenant, (document_id, int(version)), (event.time, event.data.order), titled=titled)
        return True

    async def erase_again(self) -> int:
        """What a restored backup put back into the index goes out of it, and titles of the history; how many."""
        async with self._database.transaction() as connection:
            rows = await connection.fetch(self._queries.versions_again)
            for row in rows:
                await self._index.take_out(connection, row["tenant"], row["document_id"], self._clock())
            titles = await connection.fetch(self._queries.erase_titles_again)
        return len(rows) + len(titles)


def _text(row: Any) -> IndexedText:
    text = assembled(row["starts"], row["bodies"])
    return IndexedText(row["document_id"], row["version"], row["collection"], row["matter"], row["title"], text)


def _result(store: str, sought: Sought, found: Sequence[Any], free: Sequence[Any], contents: tuple[Content, ...]) -> StoreResult:
    erased = len(free) if sought.erasing else 0
    left = len(found) - len(free) if sought.erasing else 0
    shown = [one for one in (free if sought.erasing else found) if isinstance(one, IndexedText | VersionTitle)]
    return StoreResult(
        store=store, state=result_state(len(found), erased, left, erasing=sought.erasing), found=len(found), erased=erased, left=left,
        places=tuple(one.place for one in shown), contents=contents,
        matters=tuple(sorted({one.matter for one in found if isinstance(one, IndexedText | VersionTitle) and one.matter is not None})),
    )  # fmt: skip


def _contents(texts: Sequence[IndexedText], sought: Sought) -> tuple[Content, ...]:
    """Of each document what stands around the first phrase."""
    if not sought.exporting:
        return ()
    return tuple(
        Content(where=f"document {one.place}", member=one.title, text=one.text[max(0, at - EXCERPT // 2) : at + EXCERPT // 2])
        for one in texts
        for at in (sought.phrases.first(one.text) or 0,)
    )
