"""An experiment over real Kafka and PostgreSQL: instances of cost assign, the registry counts, its guard stops the worse variant."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from chancery_bus import KafkaAddress, Publisher, TopicReader, ensure_topics, topic_specs
from chancery_contracts import VersionRef
from chancery_contracts.event import AnyEvent
from chancery_contracts.interactions import Attempt, InteractionAuthorised, InteractionGenerated
from chancery_contracts.topics import AUTHORISED
from chancery_cost import main as cost
from chancery_cost.settings import CostSettings
from chancery_registry import main as registry
from chancery_registry.settings import RegistrySettings
from chancery_runtime.application import Application
from chancery_testing import builders
from chancery_testing.builders import registry_entry
from chancery_testing.governing import Pen
from chancery_testing.waiting import eventually
from pydantic import SecretStr

TENANT = f"t-{uuid4().hex[:8]}"
TOKEN = {"Authorization": "Bearer operator"}
CASE = VersionRef(name="faq", version=1)
BODY: dict[str, Any] = {
    "use_case": "faq", "salt": "s", "window_s": 0, "max_sample": 400,
    "variants": [{"name": "control", "weight": 1}, {"name": "b", "weight": 1}],
    "guard_rails": [{"metric": {"measure": "cost_micros", "better": "lower", "cap": 1_000}, "max_worsening": 50}],
}  # fmt: skip


@dataclass
class World:
    """What runs, and what stands for everybody that does not."""

    kafka: str
    database_url: str
    publisher: Publisher
    http: httpx.AsyncClient
    authorised: list[AnyEvent] = field(default_factory=list)

    async def ask(self, conversations: Sequence[str]) -> dict[str, str]:
        """A question in each; the variant that each got, by conversation."""
        events = [
            builders.grounded(use_case=CASE, tenant=TENANT, conversation=name, time=datetime.now(UTC), interaction=f"i-{uuid4().hex}")
            for name in conversations
        ]
        await asyncio.gather(*(self.publisher.publish(event) for event in events))
        asked = {event.interaction for event in events}

        def answered() -> list[AnyEvent]:
            found = {event.interaction: event for event in self.authorised if event.interaction in asked}
            return list(found.values()) if len(found) == len(asked) else []

        found = await eventually(answered, within_s=60)
        return {str(event.conversation): _data(event).assignment.variant for event in found}  # type: ignore[union-attr]

    def outcome(self, event: AnyEvent, number: int) -> list[AnyEvent]:
        """Money first, the answer after it, both twice. Of `b` most are withheld."""
        data = _data(event)
        assert data.assignment is not None
        bad = number % 10 < (8 if data.assignment.variant == "b" else 1)
        attempts = (Attempt(ordinal=1, model=data.model, outcome="answered", latency_ms=20),)
        fields = {name: getattr(builders.generated().data, name) for name in InteractionGenerated.model_fields} | dict(data)
        answer = fields | {"attempts": attempts, "verdict": "withhold" if bad else "release"}
        about = {"tenant": TENANT, "interaction": event.interaction, "conversation": event.conversation, "time": datetime.now(UTC)}
        paid, checked = builders.settled(10, **about), builders.validated(**(answer | about))
        return [paid, paid, checked, checked]

    async def report(self) -> dict[str, Any]:
        answer = await self.http.get("/v1/registry/experiment/test/report", params={"tenant": TENANT}, headers=TOKEN)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


def _data(event: AnyEvent) -> InteractionAuthorised:
    assert isinstance(event.data, InteractionAuthorised)
    return event.data


class Started:
    """Applications whose loops run."""

    def __init__(self) -> None:
        self._running: list[tuple[Application, list[asyncio.Task[None]]]] = []

    async def start(self, application: Application) -> None:
        tasks = [asyncio.ensure_future(loop.run()) for loop in application.loops]
        self._running.append((application, tasks))
        await eventually(lambda: all(runner.assigned.is_set() for runner in application.runners), within_s=60)

    async def stop(self) -> None:
        for application, tasks in self._running:
            for runner in application.runners:
                runner.stop()
            await asyncio.wait(tasks, timeout=3)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await application.close()
        self._running.clear()


async def _cost(world: World) -> Application:
    settings = CostSettings(
        kafka_bootstrap=world.kafka, database_url=SecretStr(world.database_url), operator_token=SecretStr("operator"), http_port=1
    )
    application = Application("cost", settings)
    await cost.build(application)
    return application


async def _found(publisher: Publisher) -> None:
    """What requests run under, and the experiment, drafted and approved yesterday."""
    pins = {"prompt": {"name": "p", "version": 1}, "model": {"name": "m", "version": 1}, "redaction_policy": {"name": "r", "version": 1}}
    price = {"input_micros_per_mtok": 1_000_000, "output_micros_per_mtok": 1_000_000}
    bodies: list[tuple[Any, str, dict[str, Any]]] = [
        ("model", "m", {"provider": "openai", "provider_model": "x", "price": price}),
        ("budget", "b", {"limit_micros": 10**12}),
        ("use_case", "faq", {"collections": ["bank-faq"], "budget": "b", **pins}),
    ]
    for kind, name, body in bodies:
        await publisher.publish(registry_entry(kind, name, body, tenant=TENANT))
    pen = Pen("experiment", "test", TENANT, at=datetime.now(UTC) - timedelta(days=1))
    for change in [*pen.approved(BODY), pen.activate()]:
        await publisher.publish(change)


@pytest.fixture(scope="module")
async def world(kafka_bootstrap: str, database_url: str) -> AsyncIterator[World]:
    await ensure_topics(kafka_bootstrap, topic_specs([TENANT]))
    address, started = KafkaAddress(kafka_bootstrap), Started()
    publisher = await Publisher.start(address)
    await _found(publisher)
    settings = RegistrySettings(
        kafka_bootstrap=kafka_bootstrap, database_url=SecretStr(database_url), operator_token=SecretStr("operator"),
        http_port=1, registry_lead_s=0.2, registry_guard_interval_s=0.2,
    )  # fmt: skip
    application = Application("registry", settings)
    await registry.build(application)
    await started.start(application)
    transport = httpx.ASGITransport(application.http)
    async with httpx.AsyncClient(transport=transport, base_url="http://registry") as http:
        world = World(kafka_bootstrap, database_url, publisher, http)
        reader = await TopicReader.start(address, [AUTHORISED.full_name()], from_end=True)
        following = asyncio.ensure_future(_follow(reader, world.authorised))
        yield world
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await reader.close()
    await started.stop()
    await publisher.close()


async def _follow(reader: TopicReader, seen: list[AnyEvent]) -> None:
    async for received in reader.follow():
        if received.event.tenant == TENANT:
            seen.append(received.event)  # noqa: PERF401  # a comprehension would end never


@pytest.mark.timeout(300)
async def test_the_worse_variant_is_stopped_and_its_conversations_go_to_the_control(world: World) -> None:
    conversations = [f"c{number}" for number in range(240)]
    first, second = Started(), Started()
    await first.start(await _cost(world))
    await second.start(await _cost(world))
    before = await world.ask(conversations)
    assert 80 < list(before.values()).count("b") < 160

    # Sticky: another question in each, over an instance less, and then over none of the old ones.
    await first.stop()
    assert await world.ask(conversations[:40]) == {name: before[name] for name in conversations[:40]}
    third = Started()
    await third.start(await _cost(world))
    await second.stop()
    assert await world.ask(conversations[:40]) == {name: before[name] for name in conversations[:40]}

    ended = [event for number, one in enumerate(list(world.authorised)) for event in world.outcome(one, number)]
    for event in ended:
        await world.publisher.publish(event)

    async def stopped() -> bool:
        return any(arm["stopped"] for arm in (await world.report())["arms"])

    await eventually(stopped, within_s=60, every_s=0.2)
    report = await world.report()
    assert report["findings"] == {"b": "worse"} and report["trustworthy"] and report["may_stop"]
    assert {arm["variant"]: (arm["weight"], arm["stopped"]) for arm in report["arms"]} == {"control": (2, False), "b": (0, True)}

    after = await world.ask(conversations[:60])
    assert set(after.values()) == {"control"}

    thing = (await world.http.get("/v1/registry/experiment/test", params={"tenant": TENANT}, headers=TOKEN)).json()
    stops = [one for one in thing["history"] if one["type"] == "chancery.registry.variant-stopped.v1"]
    assert [(one["actor"], one["outcome"]) for one in stops] == [("guard", "counted")]

    await _again_counts_nothing(world, ended)
    await _a_stop_by_hand_is_refused_now(world)
    await _metrics(world, len({event.interaction for event in ended}))
    await third.stop()


async def _again_counts_nothing(world: World, ended: list[AnyEvent]) -> None:
    """Everything once more, backwards; one more conversation shows that all before it was read."""

    async def counted() -> int:
        return int((await world.report())["units"])

    await eventually(lambda: _is(counted(), 240), within_s=60, every_s=0.2)
    for event in reversed(ended):
        await world.publisher.publish(event)
    await world.ask(["one-more"])
    for event in world.outcome(world.authorised[-1], 9):
        await world.publisher.publish(event)
    await eventually(lambda: _is(counted(), 241), within_s=60, every_s=0.2)


async def _is(found: Any, wanted: int) -> bool:
    return bool(await found >= wanted)


async def _a_stop_by_hand_is_refused_now(world: World) -> None:
    url, about = "/v1/registry/experiment/test/stops", {"params": {"tenant": TENANT}, "headers": TOKEN}
    again = await world.http.post(url, json={"variant": "b", "reason": "by hand"}, **about)
    control = await world.http.post(url, json={"variant": "control", "reason": "by hand"}, **about)
    unknown = await world.http.post("/v1/registry/experiment/none/stops", json={"variant": "b", "reason": "x"}, **about)
    assert [one.status_code for one in (again, control, unknown)] == [409, 409, 404]


async def _metrics(world: World, interactions: int) -> None:
    """Each interaction once, each charge once, for this tenant and for no other."""
    about = {"headers": TOKEN, "params": {"tenant": TENANT}}
    [version] = (await world.http.get("/v1/registry/model/m/metrics", **about)).json()["versions"]
    assert version["interactions"] >= interactions and version["latency_ms_p50"] == 20
    assert version["cost_micros"] == {"USD": 10 * version["interactions"]}
    assert version["released"] + version["withheld"] == version["interactions"]
    assert list(version["checks"]) == ["citations_resolve"]
    usage = (await world.http.get("/v1/registry/usage", **about)).json()["usage"]
    assert [(one["model"], one["use_case"]) for one in usage if one["currency"]] == [("m", "faq")]
    nobody = await world.http.get("/v1/registry/model/m/metrics", params={"tenant": "nobody"}, headers=TOKEN)
    assert nobody.json()["versions"] == []
    assert (await world.http.get("/v1/registry/experiment/test/report", params={"tenant": "nobody"}, headers=TOKEN)).status_code == 404
    assert (await world.http.get("/v1/registry/usage", params={"tenant": TENANT})).status_code == 401
