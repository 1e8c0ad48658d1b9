"""The trail in PostgreSQL, for the length of one transaction."""

from collections.abc import Mapping, Sequence

from chancery_storage import Connection, Queries

from chancery_audit.domain.entries import Entry, Head, Identity, key_scope
from chancery_audit.domain.ranges import Ranges, flatten, unflatten
from chancery_audit.ports import Alarm, Partition

_ENTRY = (
    "tenant", "seq", "namespace", "event_id", "type", "event_time", "interaction", "topic", "partition", "offset",
    "leaf", "leaf_hash", "link", "digest",
)  # fmt: skip


class PostgresTrail:
    """Port `Trail`."""

    def __init__(self, connection: Connection, queries: Queries) -> None:
        self._connection = connection
        self._queries = queries

    async def lock_heads(self, tenants: Sequence[str]) -> Mapping[str, Head]:
        """Makes missing ones, then locks."""
        rows = await self._connection.fetch(self._queries.lock_heads, list(tenants))
        if len(rows) < len(tenants):
            await self._connection.execute(self._queries.make_heads, list(tenants))
            rows = await self._connection.fetch(self._queries.lock_heads, list(tenants))
        return {row["tenant"]: Head(row["size"], row["link"]) for row in rows}

    async def recorded(self, identities: Sequence[Identity]) -> Mapping[Identity, tuple[int, bytes]]:
        """One query for all."""
        # Identifiers have no commas, and a client that builds three arrays takes as long as the server that searches.
        columns = [",".join(column) for column in zip(*set(identities), strict=True)]
        rows = await self._connection.fetch(self._queries.recorded_entries, *columns)
        return {(row["tenant"], row["namespace"], row["event_id"]): (row["seq"], row["digest"]) for row in rows}

    async def append(self, entries: Sequence[Entry], heads: Mapping[str, Head]) -> None:
        """COPY: the fastest way in, and triggers and unique indexes hold as for INSERT."""
        await self._connection.copy_records_to_table("entries", records=[_row(entry) for entry in entries], columns=_ENTRY)
        payloads = [(*entry.scope, entry.sealed, entry.seq) for entry in entries]
        await self._connection.copy_records_to_table("payloads", records=payloads, columns=("tenant", "scope", "sealed", "seq"))
        sizes, links = [head.size for head in heads.values()], [head.link for head in heads.values()]
        await self._connection.execute(self._queries.move_heads, list(heads), sizes, links)

    async def raise_alarms(self, alarms: Sequence[Alarm]) -> int:
        """They are rare: one by one."""
        new = 0
        for alarm in alarms:
            received, event = alarm.received, alarm.received.event
            new += await self._connection.fetchval(
                self._queries.add_alarm, event.tenant, event.namespace, event.id, alarm.recorded_seq, received.topic, received.partition,
                received.offset, alarm.digest, key_scope(event)[1], alarm.sealed,
            ) is not None  # fmt: skip
        return new

    async def lock_ranges(self, partitions: Sequence[Partition]) -> Mapping[Partition, Ranges]:
        """Makes missing ones, then locks."""
        columns = [topic for topic, _ in partitions], [number for _, number in partitions]
        rows = await self._connection.fetch(self._queries.lock_ranges, *columns)
        if len(rows) < len(partitions):
            await self._connection.execute(self._queries.make_ranges, *columns)
            rows = await self._connection.fetch(self._queries.lock_ranges, *columns)
        return {(row["topic"], row["partition"]): unflatten(row["bounds"]) for row in rows}

    async def save_ranges(self, ranges: Mapping[Partition, Ranges]) -> None:
        """One statement for all. Bounds as text: PostgreSQL has no array of arrays of unlike lengths."""
        places = sorted(ranges)
        columns = [topic for topic, _ in places], [number for _, number in places]
        bounds = ["{" + ",".join(map(str, flatten(ranges[place]))) + "}" for place in places]
        await self._connection.execute(self._queries.save_ranges, *columns, bounds)


def _row(entry: Entry) -> tuple[object, ...]:
    received, event = entry.received, entry.received.event
    return (
        event.tenant, entry.seq, event.namespace, event.id, event.type, event.time, event.interaction, received.topic, received.partition,
        received.offset, entry.leaf, entry.leaf_hash, entry.link, entry.digest,
    )  # fmt: skip
