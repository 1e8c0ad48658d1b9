"""Evidence packs out of the trail: one moment of the database, a page of entries at a time, whatever the size."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import Any

from chancery_contracts.bodies import BODIES
from chancery_contracts.canonical import body_sha256
from chancery_contracts.catalogue import Catalogue
from chancery_contracts.event import Clock
from chancery_ledger import read_leaf
from chancery_ledger.pack_anchors import PackAnchor
from chancery_ledger.pack_entries import ERASED, HIDDEN, SHOWN, Gap, PackEntry
from chancery_ledger.pack_writer import Earlier, PackWriter
from chancery_storage import Connection, Queries

from chancery_audit.adapters.anchored import PostgresAnchors
from chancery_audit.adapters.proving import PostgresLog
from chancery_audit.adapters.sealing import KeyCache
from chancery_audit.adapters.signing import LogSigner
from chancery_audit.adapters.viewing import Views
from chancery_audit.domain.entries import RAW_TYPES
from chancery_audit.domain.ranges import unflatten
from chancery_audit.domain.references import References
from chancery_audit.domain.report import Report
from chancery_audit.domain.views import View, wall_scope

PAGE = 500
EARLIER = 8
RECEIPTS = 64
"""A pack of no more entries has a receipt of each, for tools that know C2SP's formats and not this one."""
AT_ONCE = 2
"""Each holds a connection for as long as its reader takes."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What is exported: one interaction, one matter, or a period by the events' own times; without any, the whole log."""

    view: View
    interaction: str | None = None
    matter: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    reveal: bool = False

    @property
    def tenant(self) -> str:
        """Whose trail."""
        return self.view.tenant

    def as_dict(self) -> dict[str, str]:
        """As the pack states it."""
        named = {"interaction": self.interaction, "matter": self.matter, "from": self.since, "to": self.until}
        return {name: value if isinstance(value, str) else value.isoformat() for name, value in named.items() if value is not None}


@dataclass
class _Made:
    """A pack on its way out."""

    writer: PackWriter
    about: dict[str, Any]
    checkpoint: str
    size: int
    report: Report
    references: References
    seqs: list[int]
    anchors: list[PackAnchor]
    missing: int = 0
    at: int = 0


class PostgresExport:
    """Makes packs. The log's signer signs their manifests."""

    def __init__(self, views: Views, queries: Queries, cache: KeyCache, log: PostgresLog, signer: LogSigner) -> None:
        self._anchors = PostgresAnchors(views, queries, log)
        self._views = views
        self._queries = queries
        self._cache = cache
        self._log = log
        self._signer = signer
        self._at_once = asyncio.Semaphore(AT_ONCE)

    async def count(self, wanted: Selection) -> int:
        """Entries that a pack would have now. Raises NotSigned."""
        if wanted.matter is not None and not wanted.view.admits([wanted.matter]):
            return 0
        async with self._views.reading(wanted.view) as connection:
            size, _ = await self._log.newest(connection, wanted.tenant)
            return int(await connection.fetchval(self._queries.count_export, *_arguments(wanted, -1, size)))

    async def pack(self, wanted: Selection, reader: str, clock: Clock, catalogue: Catalogue) -> AsyncIterator[bytes]:
        """A pack, as it is made. What goes wrong after its first byte ends it in the middle: no verifier accepts that. Raises NotSigned."""
        async with self._at_once, self._views.reading(wanted.view) as connection:
            made = await self._begin(connection, wanted, reader, clock)
            earlier = await self._earlier(connection, wanted.tenant, made.size)
            yield made.writer.begin(made.about, made.checkpoint, earlier, made.anchors)
            after = -1
            while rows := await connection.fetch(self._queries.export_entries, *_arguments(wanted, after, made.size), PAGE):
                after = rows[-1]["seq"]
                for row in await self._admitted(connection, wanted.view, rows):
                    data = await self._entry(connection, made, wanted, row)
                    if data:
                        yield data
            yield await self._gap(connection, made, wanted.tenant, made.size)
            receipts = [await self._log.receipt_under(connection, wanted.tenant, one, made.size, made.checkpoint) for one in made.seqs]
            accounts = await connection.fetch(self._queries.accounts, wanted.tenant)
        offsets = [
            {"topic": row["topic"], "partition": row["partition"], "ranges": [[low, high - 1] for low, high in unflatten(row["bounds"])]}
            for row in accounts
        ]
        tally = made.writer.tally.as_dict()
        summary = {"offsets": offsets, "missing_payloads": made.missing}
        versions = _versions(made.references, wanted.tenant, catalogue)
        anchored = [(one.kind, one.at, one.note.split("\n")[1]) for one in made.anchors]
        page = made.report.html(made.about, made.checkpoint, tally, versions=versions, anchored=anchored)
        for data in made.writer.end(summary, receipts, versions, page):
            yield data

    async def _admitted(self, connection: Connection, view: View, rows: Sequence[Any]) -> Sequence[Any]:
        if view.walls.open:
            return rows
        scopes = {row["seq"]: _scope(row["type"], row["leaf"]) for row in rows}
        seen = await self._views.admitted(connection, view, frozenset(scopes.values()))
        return [row for row in rows if scopes[row["seq"]] in seen]

    async def _begin(self, connection: Connection, wanted: Selection, reader: str, clock: Clock) -> _Made:
        size, checkpoint = await self._log.newest_witnessed(connection, wanted.tenant)
        signer = await self._signer.signer(wanted.tenant)
        custody = {"reader": reader, "time": clock().isoformat(), "revealed": str(wanted.reveal).lower(), "software": _software()}
        about = {"log": signer.name, "tenant": wanted.tenant, "selection": wanted.as_dict(), "custody": custody}
        anchors = await self._anchors.for_pack(connection, wanted.tenant, size)
        return _Made(PackWriter(signer), about, checkpoint, size, Report(), References(), [], anchors)

    async def _earlier(self, connection: Connection, tenant: str, size: int) -> list[Earlier]:
        """A few checkpoints from before, spread over the log, each with the proof that it was continued."""
        targets = sorted({size * part // (EARLIER + 1) for part in range(1, EARLIER + 1)} - {0})
        rows = await connection.fetch(self._queries.checkpoints_at, tenant, targets)
        proofs = [await self._log.consistency_proof(connection, tenant, row["size"], size) for row in rows]
        return [Earlier(row["note"], tuple(proof)) for row, proof in zip(rows, proofs, strict=True)]

    async def _entry(self, connection: Connection, made: _Made, wanted: Selection, row: Any) -> bytes:
        if wanted.matter is not None and read_leaf(row["leaf"]).get("matter") != wanted.matter:
            return b""  # of an interaction that has other matters too
        data = await self._gap(connection, made, wanted.tenant, row["seq"])
        entry = await self._opened(row, wanted, made)
        more, members, payload = made.writer.entry(entry)
        made.report.take(members, entry.seq, entry.state, payload)
        if payload and row["type"].startswith("chancery.interaction."):
            made.references.take(json.loads(payload))
        made.at = entry.seq + 1
        made.seqs = [*made.seqs, entry.seq] if made.writer.tally.entries <= RECEIPTS else []
        return data + more

    async def _opened(self, row: Any, wanted: Selection, made: _Made) -> PackEntry:
        if row["erased_at"] is not None or row["sealed"] is None or row["wrapped"] is None:
            made.missing += row["erased_at"] is None
            return PackEntry(row["seq"], ERASED, row["leaf"], None, row["sealed"])
        if row["type"] in RAW_TYPES and not wanted.reveal:
            return PackEntry(row["seq"], HIDDEN, row["leaf"])
        key = await self._cache.opened((wanted.tenant, row["scope"]), row["wrapped"])
        if key is None:
            made.missing += 1
            return PackEntry(row["seq"], ERASED, row["leaf"], None, row["sealed"])
        return PackEntry(row["seq"], SHOWN, row["leaf"], key, row["sealed"])

    async def _gap(self, connection: Connection, made: _Made, tenant: str, until: int) -> bytes:
        if made.at >= until:
            return b""
        roots = await self._log.subtree_roots(connection, tenant, made.size, (made.at, until))
        data = made.writer.gap(Gap(made.at, until, tuple(roots)))
        made.at = until
        return data


def _scope(event_type: str, leaf: bytes) -> str:
    members = read_leaf(leaf)
    interaction = members.get("interaction")
    return wall_scope(event_type, None if interaction is None else str(interaction), str(members["id"]))


def _arguments(wanted: Selection, after: int, size: int) -> tuple[object, ...]:
    return wanted.tenant, after, size, wanted.interaction, wanted.since, wanted.until, wanted.matter


def _versions(references: References, tenant: str, catalogue: Catalogue) -> list[dict[str, Any]]:
    """With their bodies as JSON, where the registry has them: canonical JSON has no place for how a body writes its numbers."""
    found: list[dict[str, Any]] = []
    for kind, ref in references.refs():
        body = catalogue.pinned(tenant, kind, ref, BODIES[kind])
        text = {} if body is None else {"body": body.model_dump_json(), "body_sha256": body_sha256(body.model_dump(mode="json"))}
        found.append({"kind": kind, "name": ref.name, "version": ref.version, **text})
    documents = sorted(references.documents.items())
    return [*found, *({"kind": "document", "name": name, "version": number, "title": title} for (name, number), title in documents)]


def _software() -> str:
    return f"chancery-audit {version('chancery-audit')}"
