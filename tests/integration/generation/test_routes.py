"""Several models over two providers' HTTP and a real PostgreSQL: fallbacks, races, and what is told of them."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from chancery_bus import BusHandler
from chancery_contracts import AnyEvent, encode, system_clock
from chancery_contracts.catalogue import Catalogue
from chancery_contracts.interactions import InteractionGenerated, ModelQuote, Passage, PriceEvidence, Reservation
from chancery_generation.adapters.calls import PostgresCalls
from chancery_generation.adapters.pacing import RealPacing
from chancery_generation.consumers import stage
from chancery_generation.domain.breaker import BreakerRules
from chancery_generation.domain.extractive.model import ExtractiveModel
from chancery_generation.domain.retrying import Backoff
from chancery_generation.domain.standing import Standings
from chancery_generation.ports import Ports
from chancery_storage import Database
from chancery_testing.builders import FEE, MODEL, PASSAGE, authorised, registry_entry
from chancery_testing.provider import Provider
from integration.generation.test_calls_once import SilentMeter, delivered, generated, openai, refused, serving

SPARE = {"name": "spare", "version": 1}
PRICE = PriceEvidence(source="test", currency="USD", input_micros_per_mtok=1, output_micros_per_mtok=1)


@pytest.fixture(scope="module")
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = await Database.open(database_url, schema="generation")
    await opened.migrate("chancery_generation")
    yield opened
    await opened.close()


@dataclass
class Scene:
    """The first model's provider, the spare one's, and the stage's own handler over both."""

    database: Database
    first: Provider
    spare: Provider
    addresses: tuple[str, str]
    client: httpx.AsyncClient

    def handler(self, routing: dict[str, Any] | None = None, **model: Any) -> BusHandler:
        catalogue = Catalogue()
        pins = {"prompt": {"name": "answer", "version": 1}, "model": MODEL.model_dump(), "redaction_policy": {"name": "r", "version": 1}}
        for name, address in zip((MODEL.name, "spare"), self.addresses, strict=True):
            body = {"provider": "openai", "provider_model": name, "base_url": address, "timeout_s": 2.0, "max_attempts": 2}
            catalogue.apply(registry_entry("model", name, body | (model if name == MODEL.name else {})))
        catalogue.apply(registry_entry("prompt", "answer", {"system": "Cite.", "user": "{passages}\n\n{question}"}))
        case = {"collections": ["bank-faq"], "budget": "b", "routing": {"fallbacks": [SPARE]} | (routing or {})}
        catalogue.apply(registry_entry("use_case", "bank-faq", case | pins))
        ports = Ports(
            catalogue=catalogue,
            calls=PostgresCalls(self.database),
            models={"openai": openai(self.client), "extractive": ExtractiveModel()},
            pacing=RealPacing(),
            clock=system_clock,
            meter=SilentMeter(),
            backoff=Backoff(0.01, 0.05),
            standings=Standings(BreakerRules(in_a_row=4, open_s=0.3, probes=1)),
        )
        return stage(self.database, ports, 64).handle

    async def rows(self, event: AnyEvent) -> list[tuple[Any, ...]]:
        query = "SELECT model_name, outcome, why, superseded FROM calls WHERE cause_id = $1 ORDER BY ordinal"
        async with self.database.reading() as connection:
            return [tuple(row) for row in await connection.fetch(query, event.id)]


@pytest.fixture
async def scene(database: Database) -> AsyncIterator[Scene]:
    first, spare = Provider(latency_s=0.0), Provider(latency_s=0.0)
    async with serving(first) as one, serving(spare) as other, httpx.AsyncClient(timeout=None) as client:  # the deadline is generation's
        yield Scene(database, first, spare, (f"{one}/v1", f"{other}/v1"), client)


def asking(**more: Any) -> AnyEvent:
    quotes = tuple(
        ModelQuote.model_validate({"model": ref, "worst_micros": 1, "price_source": "test"}) for ref in (MODEL.model_dump(), SPARE)
    )
    return authorised(reservation=Reservation(reservation_id="r", budget="b", amount_micros=2, price=PRICE, quotes=quotes), **more)


def silent(provider: Provider) -> None:
    """It answers nobody any more."""
    provider.latency_s = 3600.0


class TestFallbacks:
    async def test_a_provider_that_hangs_costs_its_share_and_the_next_answers(self, scene: Scene) -> None:
        silent(scene.first)
        event, began = asking(), time.monotonic()
        data = generated(await scene.handler()(delivered(event)))
        assert data.answer == FEE and data.answered_by is not None and data.answered_by.name == "spare"
        assert 1.0 <= time.monotonic() - began < 2.0
        assert await scene.rows(event) == [(MODEL.name, "timeout", "first", False), ("spare", "answered", "fallback", False)]
        assert (scene.first.counts[event.id], scene.spare.counts[event.id]) == (1, 1)

    async def test_a_redelivery_tells_the_same_and_asks_nobody(self, scene: Scene) -> None:
        silent(scene.first)
        event = asking()
        first, second = [await scene.handler()(delivered(event)) for _ in range(2)]
        assert [encode(one) for one in first] == [encode(one) for one in second]
        assert scene.spare.counts[event.id] == 1

    async def test_a_crash_before_publication_still_tells_the_decision_that_was_made(self, scene: Scene) -> None:
        silent(scene.first)
        event = asking()
        first = generated(await scene.handler()(delivered(event)))
        async with scene.database.transaction() as connection:
            await connection.execute("DELETE FROM journal WHERE cause_id LIKE '%' || $1", event.id)
        second = generated(await scene.handler({"prefer": "latency"})(delivered(event)))
        assert (second.answer, second.attempts, second.route, second.citations) == (
            first.answer,
            first.attempts,
            first.route,
            first.citations,
        )

    async def test_a_refused_event_is_not_asked_again(self, scene: Scene) -> None:
        scene.addresses = ("http://127.0.0.1:9/v1", "http://127.0.0.1:9/v1")
        event = asking()
        first, second = [await scene.handler()(delivered(event)) for _ in range(2)]
        assert refused(first).code == "model_unavailable" and [encode(one) for one in first] == [encode(one) for one in second]
        assert len(await scene.rows(event)) == 4


class TestHedging:
    async def test_the_rivals_answer_wins_and_the_silent_call_is_given_up(self, scene: Scene) -> None:
        silent(scene.first)
        event, began = asking(), time.monotonic()
        data = generated(await scene.handler({"hedge_after_s": 0.1})(delivered(event)))
        assert data.answer == FEE and time.monotonic() - began < 0.9
        assert [(one.model.name, one.outcome, one.superseded) for one in data.attempts] == [
            (MODEL.name, "unknown", True), ("spare", "answered", False),
        ]  # fmt: skip
        assert await scene.rows(event) == [(MODEL.name, "unknown", "first", True), ("spare", "answered", "hedge", False)]

    async def test_many_races_at_once_give_one_answer_each(self, scene: Scene) -> None:
        scene.first.latency_s, scene.spare.latency_s = 0.11, 0.01
        handle, events = scene.handler({"hedge_after_s": 0.1}), [asking() for _ in range(60)]
        answers = [generated(outputs) for outputs in await asyncio.gather(*(handle(delivered(event)) for event in events))]
        assert all(sum(one.outcome == "answered" and not one.superseded for one in data.attempts) == 1 for data in answers)
        for event, data in zip(events, answers, strict=True):
            # one that is given up before its request was read never came to the provider
            assert 2 >= len(data.attempts) >= scene.first.counts[event.id] + scene.spare.counts[event.id]


class TestCircuits:
    async def test_a_broken_endpoint_is_left_alone_and_comes_back(self, scene: Scene) -> None:
        handle, address = scene.handler(), scene.addresses[0]
        scene.addresses = ("http://127.0.0.1:9/v1", scene.addresses[1])
        broken = scene.handler()
        for _ in range(2):
            assert _by(generated(await broken(delivered(asking())))) == "spare"
        data = generated(await broken(delivered(asking())))
        assert [one.model.name for one in data.attempts] == ["spare"]
        assert data.route is not None and [one.passed_over for one in data.route.candidates] == [None, "its circuit is open"]
        scene.addresses = (address, scene.addresses[1])
        assert _by(generated(await handle(delivered(asking())))) == MODEL.name


class TestSensitivity:
    async def test_restricted_text_stays_at_home(self, scene: Scene) -> None:
        event = asking(sensitivity="restricted")
        data = refused(await scene.handler(clearance="restricted")(delivered(event)))
        assert "restricted" in data.requester_message and not scene.first.counts and not scene.spare.counts
        local = scene.handler(clearance="restricted", region="local")
        assert _by(generated(await local(delivered(asking(sensitivity="restricted"))))) == MODEL.name

    async def test_the_model_that_answers_is_cited_by_the_passages_that_it_was_shown(self, scene: Scene) -> None:
        silent(scene.first)
        other = Passage.model_validate(PASSAGE.model_dump() | {"passage_id": "p2", "text": "x" * 4000})
        data = generated(await scene.handler(context_tokens=200)(delivered(asking(passages=(PASSAGE, other)))))
        assert data.citations[0].passage_id == PASSAGE.passage_id and _by(data) == "spare"


def _by(data: InteractionGenerated) -> str:
    assert data.answered_by is not None
    return data.answered_by.name
