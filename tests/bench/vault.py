"""Six values of a request through the vault, against the way of before in the same run: a key for each value, which its own row holds.

New ones, known ones, and back; the two take turns, and the lower decile of each is told, because other work on the machine only adds.
"""

import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from chancery_redaction.adapters.vault import PostgresVault
from chancery_redaction.domain.pseudonyms import token, value_hash
from chancery_redaction.ports import Scope, Wanted
from chancery_runtime.keys import CachedKeys, KeyService, LocalKeyring, new_key, seal, unseal
from chancery_runtime.keys.cache import Bounds
from chancery_storage import Connection, Database, load_queries
from chancery_testing.figures import Figure

REQUESTS, WARM = 600, 60
KINDS = ("PERSON", "PERSON", "ORG", "EMAIL_ADDRESS", "IBAN_CODE", "PHONE_NUMBER")
_TABLE = """
CREATE TABLE own (tenant text NOT NULL, scope text NOT NULL, token text NOT NULL, entity_type text NOT NULL, value_hash bytea NOT NULL,
    wrapped_key bytea, sealed_value bytea NOT NULL, created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, scope, token), UNIQUE (tenant, scope, value_hash))
"""
_KNOWN = "SELECT value_hash, token FROM own WHERE tenant = $1 AND scope = $2 AND value_hash = ANY($3::bytea[])"
_ADD = """
INSERT INTO own (tenant, scope, token, entity_type, value_hash, wrapped_key, sealed_value)
SELECT $1, $2, one.* FROM unnest($3::text[], $4::text[], $5::bytea[], $6::bytea[], $7::bytea[]) AS one
ON CONFLICT DO NOTHING RETURNING value_hash, token
"""
_VALUES = "SELECT token, wrapped_key, sealed_value FROM own WHERE tenant = $1 AND scope = $2 AND token = ANY($3::text[])"


class OwnKeys:
    """As releases before had it; what collides is left out here."""

    def __init__(self, connection: Connection, keys: KeyService) -> None:
        self._connection = connection
        self._keys = keys

    async def tokens(self, scope: Scope, values: Sequence[Wanted]) -> dict[tuple[str, str], str]:
        key = await self._keys.derive(scope.tenant, "pseudonym")
        hashes = {(one.entity_type, one.text): value_hash(key, scope.name, one.entity_type, one.text) for one in values}
        rows = await self._connection.fetch(_KNOWN, scope.tenant, scope.name, list(set(hashes.values())))
        known = {row["value_hash"]: row["token"] for row in rows}
        missing = sorted(((value, digest) for value, digest in hashes.items() if digest not in known), key=lambda item: item[1])
        made = [await self._row(scope, value, digest) for value, digest in missing]
        if made:
            added = await self._connection.fetch(_ADD, scope.tenant, scope.name, *(list(column) for column in zip(*made, strict=True)))
            known |= {row["value_hash"]: row["token"] for row in added}
        return {value: known[digest] for value, digest in hashes.items() if digest in known}

    async def _row(self, scope: Scope, value: tuple[str, str], digest: bytes) -> tuple[str, str, bytes, bytes, bytes]:
        name, key = token(value[0], digest), new_key()
        context = f"vault/{scope.tenant}/{scope.name}/{name}"
        wrapped = await self._keys.wrap(scope.tenant, key, context)
        return name, value[0], digest, wrapped, seal(key, value[1].encode(), context.encode())

    async def values(self, scope: Scope, tokens: Sequence[str]) -> dict[str, str]:
        found = {}
        for row in await self._connection.fetch(_VALUES, scope.tenant, scope.name, list(tokens)):
            context = f"vault/{scope.tenant}/{scope.name}/{row['token']}"
            key = await self._keys.unwrap(scope.tenant, row["wrapped_key"], context)
            found[row["token"]] = unseal(key, row["sealed_value"], context.encode()).decode()
        return found


async def measure(database_url: str) -> list[Figure]:
    """Milliseconds a call, transaction included, one at a time."""
    with tempfile.TemporaryDirectory() as folder:
        database = await Database.open(database_url, schema="bench_vault", max_size=4)
        try:
            await database.migrate("chancery_redaction")
            async with database.transaction() as connection:
                await connection.execute("DROP TABLE IF EXISTS own")
                await connection.execute(_TABLE)
            return await _measured(database, LocalKeyring.open(Path(folder) / "keyring.json", "redaction"))
        finally:
            await database.close()


async def _measured(database: Database, local: LocalKeyring) -> list[Figure]:
    queries, cached = load_queries("chancery_redaction"), CachedKeys(local, Bounds())
    run = time.time_ns()
    ways: dict[str, Callable[[Connection], Any]] = {
        "subjects": lambda connection: PostgresVault(connection, queries, cached),
        "own_keys": lambda connection: OwnKeys(connection, local),
    }  # fmt: skip
    times: dict[tuple[str, str], list[float]] = {}
    for number in range(REQUESTS + WARM):
        scope = Scope("acme", f"matter:{run}-{number % 20}")
        wanted = [Wanted(kind, f"value {number} {place}") for place, kind in enumerate(KINDS)]
        for way, vault in sorted(ways.items(), reverse=number % 2 == 0):  # who comes first pays for what came before
            found, added = await _timed(database, vault, lambda one, scope=scope, wanted=wanted: one.tokens(scope, wanted))
            _, known = await _timed(database, vault, lambda one, scope=scope, wanted=wanted: one.tokens(scope, wanted))
            tokens = sorted(found.values())
            _, back = await _timed(database, vault, lambda one, scope=scope, tokens=tokens: one.values(scope, tokens))
            if number >= WARM:
                for what, took in (("new", added), ("known", known), ("back", back)):
                    times.setdefault((what, way), []).append(took * 1_000)
    return [one for what in ("new", "known", "back") for one in _figures(what, times)]


async def _timed(database: Database, vault: Callable[[Connection], Any], call: Callable[[Any], Awaitable[Any]]) -> tuple[Any, float]:
    begun = time.perf_counter()
    async with database.transaction() as connection:
        found = await call(vault(connection))
    return found, time.perf_counter() - begun


def _figures(what: str, times: dict[tuple[str, str], list[float]]) -> list[Figure]:
    low = {way: sorted(times[what, way])[REQUESTS // 10] for way in ("subjects", "own_keys")}
    ratio = low["subjects"] / low["own_keys"]
    return [Figure(f"vault_{what}_{way}_ms_p10", round(took, 3), "ms") for way, took in low.items()] + [
        Figure(f"vault_{what}_against_own_keys", round(ratio, 3), "ratio", 1.1, "lower", "a key for each value")
    ]
