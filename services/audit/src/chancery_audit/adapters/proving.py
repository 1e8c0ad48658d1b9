"""Checkpoints, tiles, bundles and receipts of a tenant's log, out of the database. Proofs need a handful of tiles, however long the log."""

from collections.abc import Callable, Iterable

from chancery_ledger import Receipt, Tile, TiledTree, TileMissing, encode_bundle
from chancery_ledger.hashing import consistency_ranges, inclusion_ranges
from chancery_ledger.tiles import WIDTH, perfect_subtrees, tiles_for
from chancery_runtime.problems import Problem
from chancery_storage import Connection, Queries

from chancery_audit.adapters.viewing import Views
from chancery_audit.domain.views import View, wall_scope


class NotSigned(Problem):
    """Nothing at this place is under a checkpoint yet: 404."""

    def __init__(self) -> None:
        super().__init__(404, "Not in the log", "Nothing at this place is under a checkpoint yet.")


class PostgresLog:
    """Reads what `LogSigner` wrote."""

    def __init__(self, views: Views, queries: Queries) -> None:
        self._views = views
        self._queries = queries

    async def checkpoint(self, view: View) -> str:
        """The newest, a signed note, with what witnesses have said of it so far. Raises NotSigned."""
        async with self._views.reading(view) as connection:
            return (await self.newest_witnessed(connection, view.tenant))[1]

    async def newest_witnessed(self, connection: Connection, tenant: str) -> tuple[int, str]:
        """Size and note, with what witnesses have said. Raises NotSigned."""
        size, _ = await self.newest(connection, tenant)
        return await self._over(connection, tenant, size - 1)

    async def tile(self, view: View, tile: Tile) -> bytes:
        """A tile, or a bundle of entries, which nobody behind walls has; bytes of a place never change. Raises NotSigned, Problem."""
        tenant = view.tenant
        if tile.level < 0 and not view.walls.open:
            raise Problem(403, "Not behind walls", "A bundle holds the envelope of every interaction; ask for receipts one by one.")
        async with self._views.reading(view) as connection:
            size, _ = await self.newest(connection, tenant)
            if (size >> max(tile.level, 0) * 8) < tile.index * WIDTH + tile.width:
                raise NotSigned
            if tile.level < 0:
                start = tile.index * WIDTH
                rows = await connection.fetch(self._queries.leaves, tenant, start, start + tile.width)
                return encode_bundle([row["leaf"] for row in rows])
            return await self._stored(connection, tenant, tile)

    async def receipt(self, view: View, seq: int) -> Receipt:
        """Proves an entry under the checkpoint that the most witnesses vouch for; its leaf is the receipt's `extra`. Raises NotSigned."""
        async with self._views.reading(view) as connection:
            if not view.walls.open:
                row = await connection.fetchrow(self._queries.named_by, view.tenant, seq)
                scope = wall_scope(row["type"], row["interaction"], row["event_id"]) if row else ""
                if scope not in await self._views.admitted(connection, view, {scope}):
                    raise NotSigned
            size, note = await self._over(connection, view.tenant, seq)
            return await self.receipt_under(connection, view.tenant, seq, size, note)

    async def receipt_under(self, connection: Connection, tenant: str, seq: int, size: int, note: str) -> Receipt:
        """Under a checkpoint that is at hand. Raises NotSigned."""
        rows = await connection.fetch(self._queries.leaves, tenant, seq, seq + 1)
        if not rows:
            raise NotSigned
        proof = await self._proof(connection, tenant, size, inclusion_ranges(seq, size), lambda tree: tree.inclusion_proof(seq))
        return Receipt(seq, tuple(proof), note, rows[0]["leaf"])

    async def subtree_roots(self, connection: Connection, tenant: str, size: int, places: tuple[int, int]) -> list[bytes]:
        """Of the perfect subtrees that a stretch (its end not included) is made of, from left to right."""
        subtrees = list(perfect_subtrees(*places))
        return await self._proof(connection, tenant, size, [places], lambda tree: [tree.subtree(level, index) for level, index in subtrees])

    async def consistency(self, view: View, old: int, new: int) -> list[bytes]:
        """That the tree of `new` leaves continues that of `old`. Raises IndexError."""
        async with self._views.reading(view) as connection:
            return await self.consistency_proof(connection, view.tenant, old, new)

    async def consistency_proof(self, connection: Connection, tenant: str, old: int, new: int) -> list[bytes]:
        """The same, in a transaction that is at hand."""
        if not old:
            return []
        return await self._proof(connection, tenant, new, consistency_ranges(old, new), lambda tree: tree.consistency_proof(old))

    async def _proof(
        self, connection: Connection, tenant: str, size: int, stretches: Iterable[tuple[int, int]], make: Callable[[TiledTree], list[bytes]]
    ) -> list[bytes]:
        """One statement for all the tiles that the roots of these stretches need."""
        tiles = tiles_for(size, stretches)
        rows = await connection.fetch(self._queries.tiles, tenant, [tile.level for tile in tiles], [tile.index for tile in tiles])
        stored = {(row["level"], row["index"]): row["hashes"] for row in rows}
        return make(TiledTree(size, lambda tile: stored.get((tile.level, tile.index), b"")))

    async def newest(self, connection: Connection, tenant: str) -> tuple[int, str]:
        """Size and note of the newest checkpoint. Raises NotSigned."""
        row = await connection.fetchrow(self._queries.log, tenant)
        if row is None or row["note"] is None:
            raise NotSigned
        return row["size"], row["note"]

    async def _over(self, connection: Connection, tenant: str, seq: int) -> tuple[int, str]:
        row = await connection.fetchrow(self._queries.checkpoint_over, tenant, seq)
        if row is None:
            raise NotSigned
        return row["size"], row["note"] + (row["lines"] or "")

    async def _stored(self, connection: Connection, tenant: str, tile: Tile) -> bytes:
        data: bytes = await connection.fetchval(self._queries.tile, tenant, tile.level, tile.index) or b""
        if len(data) < 32 * tile.width:
            raise TileMissing(tile.path())
        return data[: 32 * tile.width]
