"""Records a batch: each event once, in its tenant's chain, with its payload sealed and its offset accounted for."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from chancery_bus import YIELD_EVERY, Received
from chancery_contracts.event import AnyEvent
from chancery_contracts.failures import Poison
from chancery_contracts.topics import TOPICS, Topic

from chancery_audit.domain.entries import (
    DataKey,
    Draft,
    Entry,
    Head,
    Identity,
    KeyScope,
    content_digest,
    identity,
    key_scope,
    make_draft,
    make_entry,
    payload_bytes,
    seal_context,
)  # fmt: skip
from chancery_audit.domain.ranges import merge
from chancery_audit.errors import Unrecordable
from chancery_audit.ports import Alarm, KeyOffers, Partition, Ports, Seal


@dataclass
class Recorded:
    """What became of a batch: `outcomes` has one place an event, None where it is on record now."""

    outcomes: list[Poison | None] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    alarms: list[Alarm] = field(default_factory=list)
    new_alarms: int = 0


async def draft(batch: Sequence[Received], offers: KeyOffers, seal: Seal) -> list[Draft]:
    """All that needs no database: digests, sealed payloads, leaves. Made while the batch before is in its transaction."""
    tenants = {received.event.tenant for received in batch}
    digest_keys = {tenant: await offers.digest_key(tenant) for tenant in tenants}
    keys = await offers.offers(sorted({key_scope(received.event) for received in batch}))
    drafts = []
    for number, received in enumerate(batch):
        if number % YIELD_EVERY == 0:
            await asyncio.sleep(0)
        event = received.event
        scope, digest = key_scope(event), content_digest(digest_keys[event.tenant], event)
        drafts.append(make_draft(received, scope, digest, keys[scope], _sealed(event, keys[scope], seal)))
    return drafts


async def record(drafts: Sequence[Draft], ports: Ports) -> Recorded:
    """All of it in the transaction of `ports`. At least one."""
    heads = dict(await ports.trail.lock_heads(sorted({one.received.event.tenant for one in drafts})))
    known = dict(await ports.trail.recorded([identity(one.received.event) for one in drafts]))
    offered = {one.scope: one.key for one in drafts if not _is_recorded(known, one)}
    chains = _Chains(heads, known, await ports.keys.keys(offered), ports.seal)
    result = Recorded()
    for one in drafts:
        result.outcomes.append(_record_one(one, chains, result))
    await _keep(drafts, result, heads, ports)
    return result


@dataclass(frozen=True)
class _Chains:
    heads: dict[str, Head]
    known: dict[Identity, tuple[int, bytes]]
    keys: Mapping[KeyScope, DataKey]
    seal: Seal


def _sealed(event: AnyEvent, key: DataKey, seal: Seal) -> bytes:
    return seal(key.key, payload_bytes(event), seal_context(event.tenant, event.id))


def _is_recorded(known: Mapping[Identity, tuple[int, bytes]], one: Draft) -> bool:
    seen = known.get(identity(one.received.event))
    return seen is not None and seen[1] == one.digest


def _record_one(one: Draft, chains: _Chains, result: Recorded) -> Poison | None:
    event = one.received.event
    seen = chains.known.get(identity(event))
    if seen is not None and seen[1] == one.digest:
        return None
    key = chains.keys[one.scope]
    if key.wrapped != one.key.wrapped:  # another process made this scope's key first, or an erasure destroyed it
        one = make_draft(one.received, one.scope, one.digest, key, _sealed(event, key, chains.seal))
    if seen is not None:
        result.alarms.append(Alarm(one.received, seen[0], one.digest, one.sealed))
        return None
    try:
        entry = make_entry(chains.heads[event.tenant], one)
    except Unrecordable as fault:
        return fault
    result.entries.append(entry)
    chains.known[identity(event)] = (entry.seq, one.digest)
    chains.heads[event.tenant] = Head(entry.seq + 1, entry.link)
    return None


async def _keep(drafts: Sequence[Draft], result: Recorded, heads: Mapping[str, Head], ports: Ports) -> None:
    if result.entries:
        await ports.trail.append(result.entries, heads)
    if result.alarms:
        result.new_alarms = await ports.trail.raise_alarms(result.alarms)
    offsets: dict[Partition, list[int]] = defaultdict(list)
    for one, outcome in zip(drafts, result.outcomes, strict=True):
        if outcome is None:
            offsets[one.received.topic, one.received.partition].append(one.received.offset)
    before = await ports.trail.lock_ranges(sorted(offsets))
    await ports.trail.save_ranges({place: merge(before.get(place, []), taken) for place, taken in offsets.items()})


Handler = Callable[[Sequence[Draft], Ports], Awaitable[Recorded]]
HANDLERS: Mapping[Topic, Handler] = {topic: record for topic in TOPICS if topic.audited}
