"""Records a batch: each event once, in its tenant's chain, with its payload sealed and its offset accounted for."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from chancery_bus import Received
from chancery_contracts.event import AnyEvent
from chancery_contracts.failures import Poison
from chancery_contracts.topics import TOPICS, Topic

from chancery_audit.domain.entries import (
    Entry,
    Head,
    Identity,
    KeyScope,
    content_digest,
    identity,
    key_scope,
    make_entry,
    payload_bytes,
    seal_context,
)  # fmt: skip
from chancery_audit.domain.ranges import merge
from chancery_audit.errors import Unrecordable
from chancery_audit.ports import Alarm, DataKeys, Partition, Ports


@dataclass
class Recorded:
    """What became of a batch: `outcomes` has one place an event, None where it is on record now."""

    outcomes: list[Poison | None] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    alarms: list[Alarm] = field(default_factory=list)
    new_alarms: int = 0


async def record(batch: Sequence[Received], ports: Ports) -> Recorded:
    """All of it in the transaction of `ports`."""
    tenants = sorted({received.event.tenant for received in batch})
    heads = dict(await ports.trail.lock_heads(tenants))
    known = dict(await ports.trail.recorded([identity(received.event) for received in batch]))
    digest_keys = {tenant: await ports.keys.digest_key(tenant) for tenant in tenants}
    digests = [content_digest(digest_keys[received.event.tenant], received.event) for received in batch]
    unlike = (one.event for one, digest in zip(batch, digests, strict=True) if not _is_recorded(known, one.event, digest))
    sealer = _Sealer(ports.keys, await ports.keys.keys(sorted({key_scope(event) for event in unlike})))
    result = Recorded()
    for received, digest in zip(batch, digests, strict=True):
        result.outcomes.append(_record_one(received, digest, _Chains(heads, known), sealer, result))
    await _keep(batch, result, heads, ports)
    return result


@dataclass(frozen=True)
class _Chains:
    heads: dict[str, Head]
    known: dict[Identity, tuple[int, bytes]]


@dataclass(frozen=True)
class _Sealer:
    ports: DataKeys
    keys: Mapping[KeyScope, bytes]

    def seal(self, event: AnyEvent) -> bytes:
        return self.ports.seal(self.keys[key_scope(event)], payload_bytes(event), seal_context(event.tenant, event.id))


def _is_recorded(known: Mapping[Identity, tuple[int, bytes]], event: AnyEvent, digest: bytes) -> bool:
    seen = known.get(identity(event))
    return seen is not None and seen[1] == digest


def _record_one(received: Received, digest: bytes, chains: _Chains, sealer: _Sealer, result: Recorded) -> Poison | None:
    event = received.event
    if _is_recorded(chains.known, event, digest):
        return None
    seen = chains.known.get(identity(event))
    if seen is not None:
        result.alarms.append(Alarm(received, seen[0], digest, sealer.seal(event)))
        return None
    try:
        entry = make_entry(chains.heads[event.tenant], received, sealer.seal(event), digest)
    except Unrecordable as fault:
        return fault
    result.entries.append(entry)
    chains.known[identity(event)] = (entry.seq, digest)
    chains.heads[event.tenant] = Head(entry.seq + 1, entry.link)
    return None


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
