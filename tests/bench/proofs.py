"""Proofs from a log of ten million leaves: receipts and consistency proofs, as the API makes them, out of tiles in PostgreSQL.

The log is made here in bulk, by the tile code that the signer uses; leaves are synthetic, and only those that are asked for stand in the
table of entries (a proof reads one of them, and tiles). Each proof is verified, outside of what is timed.
"""

import random
import time
from statistics import median, quantiles

from chancery_audit.adapters.proving import PostgresLog
from chancery_audit.adapters.viewing import Views, secure
from chancery_audit.domain.views import View
from chancery_contracts.event import system_clock
from chancery_ledger import Checkpoint, Ed25519Signer, Frontier, Policy, leaf_hash, sign_note, tile_bytes, tiles_between, verify_consistency
from chancery_ledger.receipts import verify_receipt
from chancery_ledger.tiles import WIDTH
from chancery_storage import Connection, Database, load_queries, plan_afresh
from chancery_testing.figures import Figure
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

LEAVES, TENANT = 10_000_000, "bank"
SIGNER = Ed25519Signer(f"log.example/{TENANT}", Ed25519PrivateKey.from_private_bytes(b"s" * 32))
PROOFS, BLOCK, CHECKPOINT_EVERY = 2_000, WIDTH * WIDTH, 1_000


async def measure(database_url: str) -> list[Figure]:
    """Figures of `PostgresLog`."""
    database = await Database.open(database_url, schema="audit_bench_proofs", setup=plan_afresh)
    await database.migrate("chancery_audit")
    size, chosen = LEAVES, random.Random(20261124)
    began = time.perf_counter()
    log = _Log(size, sorted({chosen.randrange(1, size) for _ in range(PROOFS)}))
    async with database.transaction() as connection:
        await log.fill(connection, sorted({chosen.randrange(size) for _ in range(PROOFS)}))
    async with database.statement() as connection:
        await connection.execute("VACUUM ANALYZE tiles", timeout=600)
    made_s = time.perf_counter() - began
    queries = load_queries("chancery_audit")
    views = Views(database, queries, await secure(database, queries, on=True))
    receipts, proofs = await _measured(PostgresLog(views, queries), log, chosen)
    await database.close()
    return [
        *_percentiles("inclusion_proof", receipts, f"receipts of {len(receipts)} random leaves of {size}, each verified"),
        *_percentiles("consistency_proof", proofs, f"from {len(proofs)} random sizes to {size}, each verified"),
        Figure("proofs_log_made", made_s, "s", better="lower", peer=f"{size} leaves"),
    ]


def _percentiles(name: str, took: list[float], peer: str) -> list[Figure]:
    return [
        Figure(f"{name}_p50", median(took), "ms", better="lower", peer=peer),
        Figure(f"{name}_p99", quantiles(took, n=100)[98], "ms", 10, "lower", peer=peer),
    ]


def _leaf(number: int) -> bytes:
    return b"leaf %d" % number


class _Log:
    """Made block by block, so that no more than 65,536 hashes are in memory. `roots`: those of the sizes in `olds`."""

    def __init__(self, size: int, olds: list[int]) -> None:
        self.size = size
        self.roots: dict[int, bytes] = {}
        self.entries: list[int] = []
        self._olds = iter([*olds, size + 1])
        self._next_old = next(self._olds)
        self._edge = Frontier()

    async def fill(self, connection: Connection, entries: list[int]) -> None:
        """Tiles, the entries that are asked for, checkpoints, the log's row."""
        self.entries = entries
        grown: dict[tuple[int, int], bytes] = {}
        level_one: dict[tuple[int, int], list[bytes]] = {}
        for old in range(0, self.size, BLOCK):
            made = self._block(old, min(old + BLOCK, self.size), level_one)
            grown |= {place: data for place, data in made.items() if place[0] > 1}
            rows = [(TENANT, *place, data) for place, data in made.items() if place[0] <= 1]
            await connection.copy_records_to_table("tiles", records=rows, columns=("tenant", "level", "index", "hashes"))
        rows = [(TENANT, *place, data) for place, data in grown.items()]
        await connection.copy_records_to_table("tiles", records=rows, columns=("tenant", "level", "index", "hashes"))
        await self._keep(connection)

    def _block(self, old: int, new: int, level_one: dict[tuple[int, int], list[bytes]]) -> dict[tuple[int, int], bytes]:
        hashes = [leaf_hash(_leaf(number)) for number in range(old, new)]
        known: dict[tuple[int, int], list[bytes]] = {}
        made: dict[tuple[int, int], bytes] = {}

        def below(level: int, index: int) -> list[bytes]:
            if level < 0:
                return hashes[index * WIDTH - old : (index + 1) * WIDTH - old]
            return known[(level, index)] if level == 0 else level_one[(level, index)]

        for tile in tiles_between(old, new):
            data = made[(tile.level, tile.index)] = tile_bytes(tile, below)
            kept = known if tile.level == 0 else level_one
            kept[(tile.level, tile.index)] = [data[at : at + 32] for at in range(0, len(data), 32)]
        self._advance(old, new, hashes, level_one.get((1, old // BLOCK), []))
        return made

    def _advance(self, old: int, new: int, hashes: list[bytes], tile_roots: list[bytes]) -> None:
        """The right edge, by whole tiles; leaf by leaf where one of the sizes that are asked for lies within."""
        for number, at in enumerate(range(old, new, WIDTH)):
            whole = at + WIDTH <= new
            if whole and self._next_old >= at + WIDTH:
                self._edge.append_subtree(8, tile_roots[number])
            else:
                self._append(hashes[at - old : at - old + WIDTH])
            self._note()

    def _append(self, leaves: list[bytes]) -> None:
        for one in leaves:
            self._edge.append(one)
            self._note()

    def _note(self) -> None:
        if self._edge.size == self._next_old:
            self.roots[self._next_old] = self._edge.root()
            self._next_old = next(self._olds)

    async def _keep(self, connection: Connection) -> None:
        note = sign_note(Checkpoint(SIGNER.name, self.size, self._edge.root()).text(), [SIGNER])
        await connection.execute(
            "INSERT INTO logs (tenant, size, frontier, note) VALUES ($1, $2, $3, $4)", TENANT, self.size, self._edge.to_bytes(), note
        )
        sizes = sorted({*range(CHECKPOINT_EVERY, self.size, CHECKPOINT_EVERY), self.size})
        await connection.copy_records_to_table(
            "checkpoints", records=[(TENANT, size, note) for size in sizes], columns=("tenant", "size", "note")
        )
        rows = [(TENANT, n, "live", f"e-{n}", "t", system_clock(), "t", 0, n, _leaf(n), b"", b"", b"") for n in self.entries]
        columns = (
            "tenant", "seq", "namespace", "event_id", "type", "event_time", "topic", "partition", "offset", "leaf", "leaf_hash", "link",
            "digest",
        )  # fmt: skip
        await connection.copy_records_to_table("entries", records=rows, columns=columns)


async def _measured(trees: PostgresLog, log: _Log, chosen: random.Random) -> tuple[list[float], list[float]]:
    """Milliseconds of each receipt and of each consistency proof, in random order."""
    policy, receipts, proofs = Policy(SIGNER.verifier), [], []
    for seq in chosen.sample(log.entries, len(log.entries)):
        began = time.perf_counter()
        receipt = await trees.receipt(View(TENANT), seq)
        receipts.append((time.perf_counter() - began) * 1000)
        root = verify_receipt(receipt, leaf_hash(_leaf(seq)), policy).checkpoint.root
    for old in chosen.sample(sorted(log.roots), len(log.roots)):
        began = time.perf_counter()
        proof = await trees.consistency(View(TENANT), old, log.size)
        proofs.append((time.perf_counter() - began) * 1000)
        assert verify_consistency(old, log.size, proof, log.roots[old], root)
    return receipts, proofs
