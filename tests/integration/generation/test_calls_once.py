"""Generation against a real provider process and a real PostgreSQL: what is asked once is never asked twice."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import pytest
from chancery_bus import BusHandler, Received
from chancery_contracts import AnyEvent, encode, system_clock
from chancery_contracts.catalogue import Catalogue
from chancery_contracts.interactions import InteractionGenerated, InteractionRefused, Message
from chancery_generation.adapters.calls import PostgresCalls
from chancery_generation.adapters.housekeeping import Housekeeping
from chancery_generation.adapters.pacing import RealPacing
from chancery_generation.adapters.providers.exchange import ExchangeLimits
from chancery_generation.adapters.providers.secrets import Secrets
from chancery_generation.adapters.providers.suppliers import suppliers, wires
from chancery_generation.consumers import stage
from chancery_generation.domain.calls import ModelRequest
from chancery_generation.domain.completion import CallResult
from chancery_generation.domain.retrying import Backoff
from chancery_generation.domain.standing import Standings
from chancery_generation.ports import Model, Ports
from chancery_storage import Database, Journal
from chancery_testing.builders import FEE, MODEL, authorised, registry_entry
from chancery_testing.providers.serving import serving
from chancery_testing.providers.state import Provider


class SilentMeter:
    def called(self, provider: str, outcome: str, seconds: float) -> None:
        """Counts nothing."""

    def answered(self, why: str) -> None:
        """Counts nothing."""

    def passed_over(self, obstacle: str) -> None:
        """Counts nothing."""


@dataclass
class FrozenModel:
    """A real model whose results are held back until they are let go: a process frozen after its call."""

    inner: Model
    let_go: asyncio.Event = field(default_factory=asyncio.Event)
    called: asyncio.Event = field(default_factory=asyncio.Event)

    async def call(self, request: ModelRequest, time_left_s: float) -> CallResult:
        result = await self.inner.call(request, time_left_s)
        self.called.set()
        await self.let_go.wait()
        return result


@dataclass
class Scene:
    """The stage's own handler, as `main` wires it, with a provider that this test runs."""

    database: Database
    provider: Provider
    base_url: str
    client: httpx.AsyncClient

    def handler(self, *, timeout_s: float = 5.0, max_attempts: int = 3, frozen: FrozenModel | None = None) -> BusHandler:
        remote = frozen or openai(self.client)
        body = {
            "provider": "openai", "provider_model": "m", "base_url": self.base_url, "timeout_s": timeout_s, "max_attempts": max_attempts,
        }  # fmt: skip
        ports = Ports(
            catalogue=_catalogue(body),
            calls=PostgresCalls(self.database),
            models={"openai": remote},
            pacing=RealPacing(),
            clock=system_clock,
            meter=SilentMeter(),
            backoff=Backoff(0.01, 0.05),
            standings=Standings(),
        )
        return stage(self.database, ports, 64).handle

    def frozen(self) -> FrozenModel:
        return FrozenModel(openai(self.client))


def openai(client: httpx.AsyncClient) -> Model:
    return suppliers(client, wires(Secrets(), system_clock), system_clock, ExchangeLimits(1_000_000))["openai"]


def _catalogue(model: dict[str, Any]) -> Catalogue:
    catalogue = Catalogue()
    pins = {"prompt": {"name": "answer", "version": 1}, "model": MODEL.model_dump(), "redaction_policy": {"name": "r", "version": 1}}
    catalogue.apply(registry_entry("model", MODEL.name, model))
    catalogue.apply(registry_entry("prompt", "answer", {"system": "Cite.", "user": "{passages}\n\n{question}"}))
    catalogue.apply(registry_entry("use_case", "bank-faq", {"collections": ["bank-faq"], "budget": "b", **pins}))
    return catalogue


@pytest.fixture(scope="module")
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = await Database.open(database_url, schema="generation")
    await opened.migrate("chancery_generation")
    yield opened
    await opened.close()


@pytest.fixture
async def scene(database: Database) -> AsyncIterator[Scene]:
    provider = Provider(latency_s=0.0)
    async with serving(provider) as base_url, httpx.AsyncClient(timeout=None) as client:  # the deadline is generation's
        yield Scene(database, provider, f"{base_url}/v1", client)


def delivered(event: AnyEvent) -> Received:
    return Received(event, "chancery.interactions.authorised", 0, 0, 0)


def asking(fault: str = "") -> AnyEvent:
    return authorised(messages=(Message(role="user", content=f"What is the fee for a replacement card? {fault}"),))


def generated(events: Sequence[AnyEvent]) -> InteractionGenerated:
    data = events[0].data
    assert isinstance(data, InteractionGenerated)
    return data


def refused(events: Sequence[AnyEvent]) -> InteractionRefused:
    data = events[0].data
    assert isinstance(data, InteractionRefused)
    return data


class TestAnswers:
    async def test_the_answer_is_cited_and_its_tokens_are_disjoint(self, scene: Scene) -> None:
        data = generated(await scene.handler()(delivered(asking())))
        assert data.answer == FEE and data.citations[0].end == len(FEE)
        assert data.usage.input_cache_read > 0 and data.usage.output_reasoning == 8

    @pytest.mark.parametrize("fault", ["rate_limit", "server_error", "cut_body", "wrong_json", "empty"])
    async def test_faults_that_pass_are_outlasted(self, scene: Scene, fault: str) -> None:
        data = generated(await scene.handler()(delivered(asking(f"[[fault:{fault}*2]]"))))
        assert data.answer == FEE and len(data.attempts) == 3

    async def test_slow_bytes_are_waited_for_within_the_deadline(self, scene: Scene) -> None:
        assert generated(await scene.handler()(delivered(asking("[[fault:slow_bytes]]")))).answer == FEE
        events = await scene.handler(timeout_s=0.1)(delivered(asking("[[fault:slow_bytes]]")))
        assert refused(events).code == "model_unavailable"

    async def test_a_rejection_refuses_at_once(self, scene: Scene) -> None:
        event = asking("[[fault:rejected]]")
        assert refused(await scene.handler()(delivered(event))).code == "model_failed"
        assert scene.provider.counts[event.id] == 1

    async def test_nobody_listening(self, scene: Scene) -> None:
        scene.base_url = "http://127.0.0.1:9/v1"
        assert refused(await scene.handler()(delivered(asking()))).code == "model_unavailable"

    async def test_a_hang_costs_its_own_deadline_and_holds_up_nobody(self, scene: Scene) -> None:
        handle = scene.handler(timeout_s=0.5)
        began = time.monotonic()
        hanging = asyncio.ensure_future(handle(delivered(asking("[[fault:hang]]"))))
        quick = await asyncio.gather(*(handle(delivered(asking())) for _ in range(20)))
        assert all(generated(events).answer == FEE for events in quick)
        assert refused(await hanging).code == "model_unavailable"
        assert 0.5 <= time.monotonic() - began < 2.0


class TestOnce:
    async def test_a_redelivery_republishes_and_calls_nobody(self, scene: Scene) -> None:
        event = asking()
        first = await scene.handler()(delivered(event))
        second = await scene.handler()(delivered(event))
        assert [encode(each) for each in first] == [encode(each) for each in second]
        assert scene.provider.counts[event.id] == 1

    async def test_a_crash_between_intent_and_result_is_told(self, scene: Scene) -> None:
        event = asking()
        frozen = scene.frozen()
        task = asyncio.ensure_future(scene.handler(frozen=frozen)(delivered(event)))
        await asyncio.wait_for(frozen.called.wait(), 5)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        data = generated(await scene.handler()(delivered(event)))
        assert [(attempt.ordinal, attempt.outcome) for attempt in data.attempts] == [(1, "unknown"), (2, "answered")]
        assert scene.provider.counts[event.id] == 2

    async def test_a_crash_between_result_and_publication_costs_no_second_call(self, scene: Scene, database: Database) -> None:
        event = asking()
        first = generated(await scene.handler()(delivered(event)))
        async with database.transaction() as connection:
            await connection.execute("DELETE FROM journal WHERE cause_id = $1", event.id)
        second = generated(await scene.handler()(delivered(event)))
        assert (second.answer, second.attempts) == (first.answer, first.attempts)
        assert scene.provider.counts[event.id] == 1

    async def test_a_zombies_result_is_dropped(self, scene: Scene, database: Database) -> None:
        event = asking()
        zombie = scene.frozen()
        waking = asyncio.ensure_future(scene.handler(frozen=zombie)(delivered(event)))
        await asyncio.wait_for(zombie.called.wait(), 5)
        successor = await scene.handler()(delivered(event))
        zombie.let_go.set()
        assert [encode(each) for each in await waking] == [encode(each) for each in successor]
        async with database.reading() as connection:
            assert await connection.fetchval("SELECT ordinal FROM answers WHERE cause_id = $1", event.id) == 2

    async def test_two_at_once_never_share_an_ordinal(self, scene: Scene) -> None:
        event = asking()
        results = await asyncio.gather(*(scene.handler()(delivered(event)) for _ in range(5)))
        assert len({encode(events[0]).value for events in results}) == 1


class TestHousekeeping:
    async def test_what_is_too_old_to_be_asked_for_is_forgotten(self, scene: Scene, database: Database) -> None:
        await scene.handler()(delivered(asking()))
        keeper = Housekeeping(PostgresCalls(database), Journal(database, "generation"), system_clock, timedelta(days=-1))
        await keeper.tidy()
        async with database.reading() as connection:
            assert await connection.fetchval("SELECT (SELECT count(*) FROM calls) + (SELECT count(*) FROM answers)") == 0
