"""Anchors as they are on record: for readers, and for evidence packs."""

from chancery_ledger.pack_anchors import ENDINGS, PackAnchor
from chancery_storage import Connection, Queries

from chancery_audit.adapters.proving import PostgresLog
from chancery_audit.adapters.viewing import Views
from chancery_audit.domain.views import View
from chancery_audit.ports import StoredAnchor


class PostgresAnchors:
    """Reads what `Anchoring` stored."""

    def __init__(self, views: Views, queries: Queries, log: PostgresLog) -> None:
        self._views = views
        self._queries = queries
        self._log = log

    async def page(self, view: View, size: int | None, before_size: int, limit: int) -> list[StoredAnchor]:
        """Newest first, `limit` or a few more: all of a checkpoint are on one page."""
        async with self._views.reading(view) as connection:
            rows = await connection.fetch(self._queries.list_anchors, view.tenant, size, before_size, limit)
        found = [StoredAnchor(**dict(row)) for row in rows]
        return sorted(found, key=lambda one: (-one.size, one.kind))

    async def for_pack(self, connection: Connection, tenant: str, size: int) -> list[PackAnchor]:
        """Of each kind the newest over at most so many entries, with the proof that the tree of `size` continues it."""
        rows = await connection.fetch(self._queries.anchors_under, tenant, size, sorted(ENDINGS))
        return [
            PackAnchor(
                row["kind"], row["at"].isoformat(), row["note"],
                tuple(await self._log.consistency_proof(connection, tenant, row["size"], size)) if row["size"] < size else (),
                row["evidence"],
            )
            for row in rows
        ]  # fmt: skip
