"""The desk: accepts requests, says how far they are, fetches answers from where they lie."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from time import monotonic
from typing import Any
from uuid import uuid4

from chancery_bus import Publisher, RecordFetcher, RecordGone
from chancery_bus.publisher import Position
from chancery_contracts.bodies import UseCaseBody
from chancery_contracts.catalogue import Catalogue
from chancery_contracts.event import Clock, Event
from chancery_contracts.interactions import InteractionCompleted, InteractionRequested
from chancery_runtime.keys import KeyService
from chancery_runtime.problems import Problem

from chancery_gateway.adapters.book import PostgresBook
from chancery_gateway.domain.progress import COMPLETED, Step, forerunners
from chancery_gateway.domain.requests import NewInteraction, event_id, fingerprint
from chancery_gateway.errors import InteractionTaken

POLL_S = 0.25
"""Another replica may see a step first; the table tells this one so soon."""


@dataclass(frozen=True)
class Desk:
    """What the API leans on."""

    book: PostgresBook
    publisher: Publisher
    fetcher: RecordFetcher
    catalogue: Catalogue
    keys: KeyService
    clock: Clock
    grace_s: float

    async def accept(self, tenant: str, request: NewInteraction, traceparent: str | None = None) -> Event[InteractionRequested]:
        """Publishes, and returns once Kafka has acknowledged. Raises Problem 409, 422; Retry."""
        if self.catalogue.in_force(tenant, "use_case", request.use_case, self.clock(), UseCaseBody) is None:
            raise Problem(422, "Unknown use case", "No such use case is in force for this tenant.")
        interaction = request.interaction or str(uuid4())
        event = Event(
            id=event_id(tenant, interaction), source="chancery/gateway", time=self.clock(), tenant=tenant, data=request.payload(),
            interaction=interaction, conversation=request.conversation, matter=request.matter, traceparent=traceparent,
        )  # fmt: skip
        key = await self.keys.derive(tenant, "gateway fingerprint")
        try:
            await self.book.claim(tenant, interaction, fingerprint(key, event))
        except InteractionTaken as exc:
            raise Problem(409, "The interaction exists", "Its id was used with another body: choose a new id.") from exc
        # Claimed first, published second: if this process dies between, the client's retry publishes the same event.
        await self.publisher.publish(event)
        return event

    async def steps(self, tenant: str, interaction: str) -> list[Step]:
        """Raises Problem 404, for another tenant's too."""
        steps = await self.book.steps(tenant, interaction)
        if steps is None:
            raise Problem(404, "No such interaction", "No interaction of that id is known here.")
        return steps

    async def result(self, steps: list[Step]) -> InteractionCompleted | None:
        """The completed event's data, read from Kafka: it is kept nowhere else. None before the end, and after its retention."""
        done = next((step for step in steps if step.stage == COMPLETED), None)
        if done is None:
            return None
        try:
            received = await self.fetcher.fetch(Position(done.topic, done.partition, done.offset))
        except RecordGone:
            return None
        data = received.event.data
        return data if isinstance(data, InteractionCompleted) else None

    async def follow(self, tenant: str, interaction: str) -> AsyncIterator[tuple[Step, InteractionCompleted | None]]:
        """Each step once, in the pipeline's order, the past ones first; ends with the completed one, which has the result.

        The topics are read side by side: a step that overtook its forerunners waits for them, `grace_s` at most.
        """
        told: set[str] = set()
        held_since: float | None = None
        result: InteractionCompleted | None = None
        async with self.book.listening(tenant, interaction) as stored:
            while COMPLETED not in told:
                stored.clear()
                steps = await self.steps(tenant, interaction)
                known, due = {step.stage for step in steps}, held_since is not None and monotonic() - held_since > self.grace_s
                new = [step for step in steps if step.stage not in told]
                result = result or await self.result(new)
                for step in new:
                    if not due and not forerunners(step.stage, result).issubset(known):
                        held_since = held_since or monotonic()
                        break
                    told.add(step.stage)
                    yield step, result
                else:
                    held_since = None
                if COMPLETED not in told:
                    await _wait(stored, POLL_S)

    async def wait(self, tenant: str, interaction: str) -> InteractionCompleted | None:
        """The end, as soon as it is stored."""
        async with self.book.listening(tenant, interaction) as stored:
            while True:
                stored.clear()
                steps = await self.steps(tenant, interaction)
                if any(step.stage == COMPLETED for step in steps):
                    return await self.result(steps)
                await _wait(stored, POLL_S)


async def _wait(event: asyncio.Event, timeout_s: float) -> Any:
    try:
        await asyncio.wait_for(event.wait(), timeout_s)
    except TimeoutError:
        return
