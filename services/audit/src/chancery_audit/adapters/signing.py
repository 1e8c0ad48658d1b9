"""Grows each tenant's Merkle tree by what is on record, and signs it. Never a tree that contradicts one that was signed before."""

from collections.abc import Sequence
from uuid import uuid4

import structlog
from chancery_ledger import Checkpoint, Ed25519Signer, Frontier, LedgerError, Policy, sign_note, tile_bytes, tiles_between, trust
from chancery_ledger.tiles import WIDTH
from chancery_runtime.keys import KeyService
from chancery_runtime.metrics import counter
from chancery_storage import Connection, Database, Queries
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chancery_audit.errors import LogBroken

log = structlog.get_logger()
SIGNING_PURPOSE = "audit-log-signing"
STRETCH = 65_536
"""Leaves of one checkpoint, at most: a log that is behind catches up in steps."""


LEASE_S = 5.0
"""A signer that has not signed for so long may be replaced: logs are looked at every second."""


class LogSigner:
    """One signer a log, by a lease in the database that is fenced by its epoch. The key comes from the key service and is in no table."""

    def __init__(self, database: Database, queries: Queries, keys: KeyService, origin: str) -> None:
        self.holder = uuid4().hex
        """This signer, in leases."""
        self._standing_by = False
        self.refused: dict[str, str] = {}
        """Logs that the last round would not sign, and why."""
        self._database = database
        self._queries = queries
        self._keys = keys
        self._origin = origin
        self._refused = counter("chancery_audit_logs_refused_total", "Checkpoints not signed: the database contradicts an earlier one")

    async def signer(self, tenant: str) -> Ed25519Signer:
        """Of a tenant's log, which has the same name."""
        seed = await self._keys.derive(tenant, SIGNING_PURPOSE)
        return Ed25519Signer(f"{self._origin}/{tenant}", Ed25519PrivateKey.from_private_bytes(seed))

    async def sign_grown(self) -> int:
        """One round over the logs that grew; how many were signed. A broken one holds up no other."""
        async with self._database.reading() as connection:
            rows = await connection.fetch(self._queries.unsigned_heads, self.holder)
        self._tell_standing_by([row["tenant"] for row in rows if row["held"]])
        signed, refused = 0, dict[str, str]()
        for row in rows:
            if row["held"]:
                continue
            try:
                signed += await self.sign(row["tenant"])
            except LogBroken as exc:
                self._refused.inc()
                refused[row["tenant"]] = str(exc)
                log.error("checkpoint_refused", tenant=row["tenant"], reason=str(exc))
        self.refused = refused
        return signed

    def _tell_standing_by(self, tenants: Sequence[str]) -> None:
        """Once, when it begins: another process signs, and this one is started by mistake or is its replacement."""
        if tenants and not self._standing_by:
            log.warning("signer_standing_by", reason="another signer holds the lease", tenants=list(tenants[:10]))
        self._standing_by = bool(tenants)

    async def sign(self, tenant: str) -> bool:
        """One checkpoint over what is on record; False if nothing is new, or another signer holds the log. Raises LogBroken."""
        signer = await self.signer(tenant)
        async with self._database.transaction() as connection:
            await connection.execute(self._queries.give_up_when_idle)
            await connection.execute(self._queries.make_log, tenant)
            row = await connection.fetchrow(self._queries.lock_log, tenant)
            assert row is not None
            epoch = await connection.fetchval(self._queries.take_lease, tenant, self.holder, LEASE_S)
            if epoch is None:
                return False
            if row["note"] != row["last_note"]:
                raise LogBroken("the log does not know its last checkpoint")
            edge = _edge(row["size"], row["frontier"], row["note"], signer)
            hashes = await self._new_leaves(connection, tenant, edge.size)
            if not hashes:
                return False
            old = edge.size
            for one in hashes:
                edge.append(one)
            await self._save_tiles(connection, tenant, old, hashes)
            note = sign_note(Checkpoint(signer.name, edge.size, edge.root()).text(), [signer])
            if not await connection.fetchval(self._queries.save_log, tenant, edge.size, edge.to_bytes(), note, epoch):
                raise LogBroken("the lease changed hands under a lock")
            await connection.execute(self._queries.add_checkpoint, tenant, edge.size, note)
        return True

    async def _new_leaves(self, connection: Connection, tenant: str, size: int) -> list[bytes]:
        head: int = await connection.fetchval(self._queries.head, tenant) or 0
        count = min(STRETCH, max(0, head - size))
        rows = await connection.fetch(self._queries.leaf_hashes, tenant, size, count)
        if [row["seq"] for row in rows] != list(range(size, size + count)):
            raise LogBroken("entries are missing")
        return [row["leaf_hash"] for row in rows]

    async def _save_tiles(self, connection: Connection, tenant: str, old: int, hashes: list[bytes]) -> None:
        """Reads the tiles that grow, and what they grow from; writes each once."""
        known: dict[tuple[int, int], list[bytes]] = {}

        async def stored(level: int, index: int) -> list[bytes]:
            data = await connection.fetchval(self._queries.tile, tenant, level, index) or b""
            return [data[at : at + 32] for at in range(0, len(data), 32)]

        for tile in tiles_between(old, old + len(hashes)):
            kept = (await stored(tile.level, tile.index))[: tile.width]
            if tile.level == 0:
                start = tile.index * WIDTH
                kept = kept[: max(0, old - start)]
                known[(-1, tile.index)] = [*kept, *hashes[max(0, start - old) : start + tile.width - old]]
            for n in range(len(kept), tile.width if tile.level else 0):
                below = (tile.level - 1, tile.index * WIDTH + n)
                if below not in known:
                    known[below] = await stored(*below)
            data = b"".join(kept) + tile_bytes(tile, lambda level, index: known[(level, index)], skip=len(kept))
            known[(tile.level, tile.index)] = [data[at : at + 32] for at in range(0, len(data), 32)]
            await connection.execute(self._queries.save_tile, tenant, tile.level, tile.index, data)


def _edge(size: int, frontier: bytes, note: str | None, signer: Ed25519Signer) -> Frontier:
    """The stored edge, if it is that of the checkpoint that was signed last."""
    try:
        edge = Frontier.from_bytes(size, frontier)
        if note is None:
            if size:
                raise LogBroken("the last checkpoint is gone")
            return edge
        last = trust(note, Policy(signer.verifier)).checkpoint
    except LedgerError as exc:
        raise LogBroken(f"the last checkpoint does not hold: {exc}") from exc
    if (last.size, last.root) != (edge.size, edge.root()):
        raise LogBroken("the tree is not the one that was signed")
    return edge
