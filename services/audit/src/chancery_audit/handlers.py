"""Records a batch: each event once, in its tenant's chain, with its payload sealed and its offset accounted for."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from chancery_bus import Received
from chancery_contracts.failures import Poison
from chancery_contracts.topics import TOPICS, Topic

from chancery_audit.domain.entries import (
    Entry,
    Head,
    content_digest,
    identity,
    key_scope,
    make_entry,
    payload_bytes,
    seal_context,
)  # fmt: skip
from chancery_audit.domain.ranges import merge
from chancery_audit.errors import Unrecordable
from chancery_audit.ports import Alarm, Partition, Ports


@dataclass
class Recorded:
    """What became of a batch: `outcomes` has one place an event, None where it is on record now."""

    outcomes: list[Poison | None] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    alarms: list[Alarm] = field(default_factory=list)
    new_alarms: int = 0


async def record(batch: Sequence[Received], ports: Ports) -> Recorded:
    """All of it in the transaction of `ports`."""
    events = [received.event for received in batch]
    tenants = sorted({event.tenant for event in events})
    heads = dict(await ports.trail.lock_heads(tenants))
    known = dict(await ports.trail.recorded([identity(event) for event in events]))
    digest_keys = {tenant: await ports.keys.digest_key(tenant) for tenant in tenants}
    fresh = [one for one in batch if known.get(identity(one.event), (0, b""))[1] != content_digest(digest_keys[one.event.tenant], one.event)]
    keys = await ports.keys.keys(sorted({key_scope(one.event) for one in fresh}))
    result = Recorded()
    for received in batch:
        event = received.event
        digest = content_digest(digest_keys[event.tenant], event)
        seen = known.get(identity(event))
        if seen is not None and seen[1] == digest:
            result.outcomes.append(None)
            continue
        sealed = ports.keys.seal(keys[key_scope(event)], payload_bytes(event), seal_context(event.tenant, event.id))
        if seen is not None:
            result.alarms.append(Alarm(received, seen[0], digest, sealed))
            result.outcomes.append(None)
            continue
        try:
            entry = make_entry(heads[event.tenant], received, sealed, digest)
        except Unrecordable as fault:
            result.outcomes.append(fault)
            continue
        result.entries.append(entry)
        result.outcomes.append(None)
        known[identity(event)] = (entry.seq, digest)
        heads[event.tenant] = Head(entry.seq + 1, entry.link)
    await _keep(batch, result, heads, ports)
    return result


async def _keep(batch: Sequence[Received], result: Recorded, heads: Mapping[str, Head], ports: Ports) -> None:
    if result.entries:
        await ports.trail.append(result.entries, heads)
    if result.alarms:
        result.new_alarms = await ports.trail.raise_alarms(result.alarms)
    offsets: dict[Partition, list[int]] = defaultdict(list)
    for received, outcome in zip(batch, result.outcomes, strict=True):
        if outcome is None:
            offsets[received.topic, received.partition].append(received.offset)
    before = await ports.trail.lock_ranges(sorted(offsets))
    await ports.trail.save_ranges({place: merge(before.get(place, []), taken) for place, taken in offsets.items()})


Handler = Callable[[Sequence[Received], Ports], Awaitable[Recorded]]
HANDLERS: Mapping[Topic, Handler] = {topic: record for topic in TOPICS if topic.audited}
