"""The progress book in PostgreSQL: steps that come together are stored together; streams hear of them."""

import asyncio
import contextlib
from collections import defaultdict

from chancery_contracts.failures import ChanceryError
from chancery_storage import Database, Queries

from chancery_gateway.domain.progress import Step, in_order
from chancery_gateway.errors import InteractionTaken

BATCH = 500
_GATHER_S = 0.002
"""What was read together is handed over in these milliseconds."""


class PostgresBook:
    """`run` writes what `add` has gathered."""

    def __init__(self, database: Database, queries: Queries) -> None:
        self._database = database
        self._queries = queries
        self._waiting: list[tuple[Step, asyncio.Future[None]]] = []
        self._wake = asyncio.Event()
        self._listeners: dict[tuple[str, str], set[asyncio.Event]] = defaultdict(set)

    async def add(self, step: Step) -> None:
        """Returns once stored. Raises Retry."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((step, future))
        self._wake.set()
        await future

    async def run(self) -> None:
        """Without end."""
        while True:
            await self._wake.wait()
            await asyncio.sleep(_GATHER_S)
            batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
            if not self._waiting:
                self._wake.clear()
            try:
                await self._write([step for step, _ in batch])
            except ChanceryError as exc:
                for _, future in batch:
                    if not future.done():
                        future.set_exception(type(exc)(str(exc)))
            else:
                for step, future in batch:
                    with contextlib.suppress(asyncio.InvalidStateError):
                        future.set_result(None)
                    for event in self._listeners.get((step.tenant, step.interaction), ()):
                        event.set()

    async def _write(self, steps: list[Step]) -> None:
        # In the order of their keys, so that two replicas wait for each other and never in a ring.
        ordered = sorted(steps, key=lambda one: (one.tenant, one.interaction, one.stage))
        rows = [(s.tenant, s.interaction, s.stage, s.at_ms, s.topic, s.partition, s.offset) for s in ordered]
        async with self._database.statement() as connection:
            await connection.execute(self._queries.add_steps, *(list(column) for column in zip(*rows, strict=True)))

    async def steps(self, tenant: str, interaction: str) -> list[Step] | None:
        """Steps in the pipeline's order; none where the interaction is not known here."""
        async with self._database.reading() as connection:
            rows = await connection.fetch(self._queries.find_steps, tenant, interaction)
            if not rows and await connection.fetchval(self._queries.is_accepted, tenant, interaction) is None:
                return None
        return in_order(Step(*row) for row in rows)

    async def claim(self, tenant: str, interaction: str, fingerprint: bytes) -> None:
        """Takes the id for this body. Raises InteractionTaken."""
        async with self._database.statement() as connection:
            if await connection.fetchval(self._queries.claim_interaction, tenant, interaction, fingerprint) != fingerprint:
                raise InteractionTaken(interaction)

    @contextlib.asynccontextmanager
    async def listening(self, tenant: str, interaction: str):  # type: ignore[no-untyped-def]  # an async context manager of asyncio.Event
        """An event that is set when a step of this interaction is stored here."""
        event, key = asyncio.Event(), (tenant, interaction)
        self._listeners[key].add(event)
        try:
            yield event
        finally:
            self._listeners[key].discard(event)
            if not self._listeners[key]:
                del self._listeners[key]
