"""Follows the pipeline's topics, to show what moves."""

from collections.abc import AsyncIterator

from chancery_bus import KafkaAddress, Received, TopicReader
from chancery_bus.admin import topic_names
from chancery_contracts.topics import topic_named


async def pipeline_reader(address: KafkaAddress, *, from_end: bool = True, with_costs: bool = True) -> TopicReader:
    """A reader of every tenant's interactions, and their costs."""
    wanted = []
    for name in sorted(await topic_names(address)):
        try:
            topic, _ = topic_named(name)
        except KeyError:
            continue
        if topic.name.startswith("interactions.") or (with_costs and topic.name == "costs"):
            wanted.append(name)
    return await TopicReader.start(address, wanted, from_end=from_end)


async def watch(address: KafkaAddress, tenant: str | None) -> AsyncIterator[Received]:
    """Events as they come, of one tenant or of all."""
    reader = await pipeline_reader(address)
    try:
        async for received in reader.follow():
            if tenant is None or received.event.tenant == tenant:
                yield received
    finally:
        await reader.close()
