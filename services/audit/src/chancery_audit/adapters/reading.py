"""Reads the trail: entries, verification, completeness."""

import json
from collections import defaultdict
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from chancery_contracts.topics import topic_named
from chancery_ledger import GENESIS, ChainBroken, leaf_hash, verify_chain
from chancery_storage import Database, Queries

from chancery_audit.adapters.payloads import PayloadSealer
from chancery_audit.domain.envelopes import Payload
from chancery_audit.domain.ranges import gaps, merge


@dataclass(frozen=True)
class Filter:
    """Which entries."""

    tenant: str
    after_seq: int = 0
    type: str | None = None
    interaction: str | None = None
    from_ms: int | None = None
    to_ms: int | None = None
    limit: int = 100


class TrailReader:
    """For the API."""

    def __init__(self, database: Database, queries: Queries, sealer: PayloadSealer) -> None:
        self._database = database
        self._queries = queries
        self._sealer = sealer

    async def interaction(self, tenant: str, interaction: str, *, reveal: bool) -> list[dict[str, Any]]:
        """Every entry of one interaction with its data; raw text only with `reveal`."""
        async with self._database.reading() as connection:
            rows = await connection.fetch(self._queries.interaction_entries, tenant, interaction)
        return [_entry(row) | {"data": await self._data(tenant, row, reveal=reveal)} for row in rows]

    async def _data(self, tenant: str, row: Any, *, reveal: bool) -> Any:
        if row["sealed"] is None:
            return {"erased": True}
        topic, _ = topic_named(json.loads(row["leaf"])["topic"])
        if topic.pii == "raw" and not reveal:
            return {"hidden": "raw text: ask with reveal=true; the read is on record"}
        payload = Payload(bytes(row["sealed"]), bytes(row["wrapped_key"]), row["context"])
        return json.loads(await self._sealer.open(tenant, payload))

    async def entries(self, wanted: Filter) -> list[dict[str, Any]]:
        """A page, by sequence number."""
        arguments = (wanted.tenant, wanted.after_seq, wanted.type, wanted.interaction, wanted.from_ms, wanted.to_ms, wanted.limit)
        async with self._database.reading() as connection:
            return [_entry(row) for row in await connection.fetch(self._queries.list_entries, *arguments)]

    async def verify(self, tenant: str) -> dict[str, Any]:
        """Recomputes every link from the leaves, and every payload's commitment; names the first that is wrong."""
        previous, seq, missing = GENESIS, 0, 0
        async with self._database.reading() as connection:
            head = await connection.fetchrow(self._queries.head, tenant)
            while rows := await connection.fetch(self._queries.verify_page, tenant, seq):
                for row in rows:
                    if row["seq"] != seq + 1:
                        return _broken(seq + 1, "an entry is missing")
                    try:
                        previous = verify_chain([(leaf_hash(row["leaf"]), row["link"])], previous, row["seq"])
                    except ChainBroken as exc:
                        return _broken(exc.position, "the link does not follow from the leaf and the links before it")
                    if row["sealed"] is None:
                        missing += 1
                    elif sha256(row["sealed"]).hexdigest() != json.loads(row["leaf"])["payload_sha256"]:
                        return _broken(row["seq"], "the payload is not the one that the leaf commits to")
                    seq = row["seq"]
        if head is not None and (head["size"] != seq or bytes(head["link"]) != previous):
            return _broken(seq + 1, "the head says that the trail is longer or another")
        return {"intact": True, "entries": seq, "head": previous.hex(), "payloads_erased": missing}

    async def completeness(self, tenant: str, now_ms: int) -> dict[str, Any]:
        """Offsets accounted for, gaps among them, and interactions without an end."""
        async with self._database.reading() as connection:
            counts = await connection.fetchrow(self._queries.counts, tenant)
            unfinished = await connection.fetch(self._queries.unfinished, tenant)
            unreadable = await connection.fetch(self._queries.list_unreadable, tenant)
            ranges: dict[str, list[tuple[int, int]]] = defaultdict(list)
            for row in await connection.fetch(self._queries.ranges):
                ranges[f"{row['topic']}/{row['partition']}"].append((row["first_offset"], row["next_offset"]))
        assert counts is not None
        open_ones = [
            {"interaction": r["interaction"], "last": r["last_type"], "age_s": (now_ms - r["recorded_ms"]) // 1000} for r in unfinished
        ]
        return {
            **dict(counts),
            "unfinished": open_ones,
            "unreadable": [dict(row) for row in unreadable],
            "gaps": {place: found for place, one in ranges.items() if (found := gaps(one))},
            "partitions": {place: merge(one) for place, one in ranges.items()},
        }


def _broken(seq: int, why: str) -> dict[str, Any]:
    return {"intact": False, "first_wrong_seq": seq, "why": why}


def _entry(row: Any) -> dict[str, Any]:
    leaf: dict[str, Any] = json.loads(row["leaf"])
    return {"seq": row["seq"], **leaf, "leaf_sha256": leaf_hash(row["leaf"]).hex(), "link": bytes(row["link"]).hex()}
