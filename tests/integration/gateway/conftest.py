"""The whole gateway over real Kafka and PostgreSQL, called by HTTP without a socket; the tests play the pipeline behind it."""

import asyncio
import hashlib
from dataclasses import dataclass
from uuid import uuid4

import httpx
import pytest
from chancery_bus import KafkaAddress, Publisher, TopicReader, ensure_topics, topic_specs
from chancery_contracts.base import Payload
from chancery_contracts.event import AnyEvent
from chancery_contracts.identifiers import completed_id
from chancery_contracts.interactions import InteractionCompleted
from chancery_contracts.topics import REQUESTED
from chancery_gateway.main import build
from chancery_gateway.settings import GatewaySettings
from chancery_runtime.application import Application
from chancery_testing import builders
from chancery_testing.waiting import eventually

PASSED = {
    "redaction": builders.redacted, "retrieval": builders.grounded, "cost": builders.authorised,
    "generation": builders.generated, "validation": builders.validated,
}  # fmt: skip
REF = {"name": "x", "version": 1}
USE_CASE = {"prompt": REF, "model": REF, "collections": ["c"], "budget": "b", "redaction_policy": REF}


@dataclass(frozen=True)
class Gate:
    """A running gateway, two tenants with a key each, and Kafka."""

    http: httpx.AsyncClient
    publisher: Publisher
    kafka: KafkaAddress
    tenant: str
    other: str

    def key(self, tenant: str | None = None) -> dict[str, str]:
        return {"Authorization": f"Bearer key-of-{tenant or self.tenant}"}

    async def post(self, body: dict[str, object], **headers: str) -> httpx.Response:
        return await self.http.post("/v1/interactions", json=body, headers=self.key() | headers)

    async def get(self, path: str, tenant: str | None = None) -> httpx.Response:
        return await self.http.get(f"/v1/interactions/{path}", headers=self.key(tenant))

    async def requests(self, interaction: str) -> list[AnyEvent]:
        """What the gateway has published for an interaction."""
        reader = await TopicReader.start(self.kafka, [REQUESTED.full_name(self.tenant)])
        found = [one.event async for one in reader.until(await reader.ends()) if one.event.interaction == interaction]
        await reader.close()
        return found

    async def play(self, interaction: str, *payloads: tuple[str, Payload]) -> list[AnyEvent]:
        """What the pipeline would publish: each payload with its stage, one after the other."""
        [event] = await self.requests(interaction)
        events = []
        for stage, data in payloads:
            done = isinstance(data, InteractionCompleted)
            event_id = completed_id(event.tenant, interaction, event.namespace) if done else None
            event = event.follow(data, stage=stage, time=event.time, event_id=event_id)
            await self.publisher.publish(event)
            events.append(event)
        return events

    async def complete(self, interaction: str, **fields: object) -> None:
        """Plays the pipeline to its end."""
        data = {"outcome": "released", "use_case": "u", "answer": "Free of charge.", "stage": "restore"} | fields
        before = [(stage, make().data) for stage, make in PASSED.items()]
        await self.play(interaction, *before, ("restore", InteractionCompleted.model_validate(data)))


@pytest.fixture(scope="module")
async def gate(kafka_bootstrap, database_url, tmp_path_factory):
    tenant, other = (f"t-{uuid4().hex[:8]}" for _ in range(2))
    await ensure_topics(kafka_bootstrap, topic_specs([tenant, other]))
    kafka = KafkaAddress(kafka_bootstrap)
    publisher = await Publisher.start(kafka)
    for name in (tenant, other):
        digest = hashlib.sha256(f"key-of-{name}".encode()).hexdigest()
        body = {"display_name": name, "api_key_sha256": [digest]}
        await publisher.publish(builders.registry_entry("tenant", name, body, tenant=name))
        await publisher.publish(builders.registry_entry("use_case", "u", USE_CASE, tenant=name))
    settings = GatewaySettings(
        kafka_bootstrap=kafka_bootstrap, database_url=database_url, operator_token="operator", http_port=1,
        keyring_path=tmp_path_factory.mktemp("keys") / "keyring.json", gateway_wait_s=20, gateway_grace_s=20,
    )  # fmt: skip
    application = Application("gateway", settings)
    await build(application)
    tasks = [asyncio.create_task(loop.run()) for loop in application.loops]
    await eventually(lambda: all(runner.assigned.is_set() for runner in application.runners), within_s=30)
    transport = httpx.ASGITransport(application.http, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway", timeout=60) as http:
        yield Gate(http, publisher, kafka, tenant, other)
    for runner in application.runners:
        runner.stop()
    await asyncio.wait(tasks, timeout=5, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await application.close()
    await publisher.close()
