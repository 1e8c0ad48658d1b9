"""Publishes requests and awaits their answers, over Kafka alone: nothing here that the published contract does not say."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from chancery_bus import KafkaAddress, Publisher, TopicReader
from chancery_contracts.base import InputValue, Sensitivity
from chancery_contracts.event import AnyEvent, Clock, Event, system_clock
from chancery_contracts.interactions import InteractionCompleted, InteractionRequested, Message
from chancery_contracts.topics import COMPLETED

from chancery_client.errors import NotCompletedInTime

MAX_KEPT = 10_000
"""Answers that nobody has waited for yet; beyond it the oldest is forgotten here (Kafka still has it)."""


@dataclass(frozen=True)
class Request:
    """What is asked. `interaction` makes a repeated publish harmless: the same id is the same request."""

    use_case: str
    messages: Sequence[Message]
    matter: str | None = None
    conversation: str | None = None
    interaction: str | None = None
    actor: str = "unknown"
    max_output_tokens: int | None = None
    inputs: Mapping[str, InputValue] = field(default_factory=dict)
    """Values for the inputs of the use case's prompt."""
    sensitivity: Sensitivity | None = None
    """Raises the use case's, never lowers it: models that are not cleared for as much are not asked."""


@dataclass(frozen=True)
class Completed:
    """The one end of an interaction."""

    interaction: str
    data: InteractionCompleted
    event: AnyEvent


class ChanceryClient:
    """One tenant's publisher and reader. Make it with `connect`."""

    def __init__(self, publisher: Publisher, reader: TopicReader, tenant: str, clock: Clock) -> None:
        self._publisher = publisher
        self._reader = reader
        self._tenant = tenant
        self._clock = clock
        self._kept: OrderedDict[str, Completed] = OrderedDict()
        self._waiting: dict[str, list[asyncio.Future[Completed]]] = {}
        self._following = asyncio.create_task(self._follow())

    @classmethod
    @asynccontextmanager
    async def connect(
        cls, bootstrap: str, tenant: str, *, namespace: str = "live", clock: Clock = system_clock
    ) -> "AsyncIterator[ChanceryClient]":
        """Reads answers from now on, so connect before publishing. Raises KafkaUnreachable."""
        address = KafkaAddress(bootstrap, client_id="chancery-client")
        reader = await TopicReader.start(address, [COMPLETED.full_name(tenant, namespace)], from_end=True)
        publisher = await Publisher.start(address, namespace)
        client = cls(publisher, reader, tenant, clock)
        try:
            yield client
        finally:
            client._following.cancel()
            await asyncio.gather(client._following, return_exceptions=True)
            await publisher.close()
            await reader.close()

    async def publish(self, request: Request) -> str:
        """The interaction's id, once Kafka has acknowledged the request. Raises Retry (later), Poison (too large)."""
        interaction = request.interaction or str(uuid4())
        data = InteractionRequested(
            use_case=request.use_case,
            messages=tuple(request.messages),
            actor=request.actor,
            max_output_tokens=request.max_output_tokens,
            inputs=dict(request.inputs),
            sensitivity=request.sensitivity,
        )
        event = Event(
            id=interaction,
            source="chancery/client",
            time=self._clock(),
            tenant=self._tenant,
            data=data,
            interaction=interaction,
            conversation=request.conversation,
            matter=request.matter,
        )
        await self._publisher.publish(event)
        return interaction

    async def wait(self, interaction: str, timeout_s: float = 60.0) -> Completed:
        """The answer or the refusal. Raises NotCompletedInTime."""
        if interaction in self._kept:
            return self._kept.pop(interaction)
        future: asyncio.Future[Completed] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(interaction, []).append(future)
        either: list[asyncio.Future[Any]] = [future, self._following]
        done, _ = await asyncio.wait(either, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        if self._following in done:
            await self._following
        if future not in done:
            self._waiting.pop(interaction, None)
            raise NotCompletedInTime(f"interaction {interaction}: nothing within {timeout_s} s")
        return future.result()

    async def ask(self, request: Request, timeout_s: float = 60.0) -> Completed:
        """Publishes and waits."""
        return await self.wait(await self.publish(request), timeout_s)

    async def _follow(self) -> None:
        async for received in self._reader.follow():
            event = received.event
            if isinstance(event.data, InteractionCompleted) and event.interaction is not None:
                self._deliver(Completed(event.interaction, event.data, event))

    def _deliver(self, completed: Completed) -> None:
        waiting = self._waiting.pop(completed.interaction, [])
        for future in waiting:
            if not future.done():
                future.set_result(completed)
        if not waiting:
            self._kept[completed.interaction] = completed
            if len(self._kept) > MAX_KEPT:
                self._kept.popitem(last=False)


def question(text: str) -> tuple[Message, ...]:
    """One user message."""
    return (Message(role="user", content=text),)
