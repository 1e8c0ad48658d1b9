"""Generation and validation as `main` wires them, over real Kafka: from an authorised event to a verdict."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
from chancery_bus import KafkaAddress, Publisher, TopicReader, ensure_topics, topic_specs
from chancery_contracts import AnyEvent, VersionRef
from chancery_contracts.interactions import InteractionValidated
from chancery_contracts.topics import USAGE, VALIDATED
from chancery_generation import main as generation
from chancery_generation.settings import GenerationSettings
from chancery_runtime import Application
from chancery_testing.builders import FEE, authorised, registry_entry
from chancery_validation import main as validation
from chancery_validation.settings import ValidationSettings
from pydantic import SecretStr


@pytest.fixture(scope="module")
async def tenant(kafka_bootstrap: str) -> str:
    name = f"t{uuid4().hex[:8]}"
    await ensure_topics(kafka_bootstrap, topic_specs([name]))
    return name


@pytest.fixture(scope="module")
async def publisher(kafka_bootstrap: str) -> AsyncIterator[Publisher]:
    opened = await Publisher.start(KafkaAddress(kafka_bootstrap))
    yield opened
    await opened.close()


@asynccontextmanager
async def running(*applications: Application) -> AsyncIterator[None]:
    """Runs every loop of the applications; the stages have their partitions when the body begins."""
    tasks = [asyncio.ensure_future(loop.run()) for application in applications for loop in application.loops]
    try:
        for runner in (runner for application in applications for runner in application.runners):
            await asyncio.wait_for(runner.assigned.wait(), 30)
        yield
    finally:
        for runner in (runner for application in applications for runner in application.runners):
            runner.stop()
        await asyncio.wait(tasks, timeout=2)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for application in applications:
            await application.close()


async def publish_catalogue(publisher: Publisher, tenant: str) -> None:
    pins = {"prompt": {"name": "p", "version": 1}, "model": {"name": "m", "version": 1}, "redaction_policy": {"name": "r", "version": 1}}
    await publisher.publish(registry_entry("model", "m", {"provider": "extractive", "provider_model": "x"}, tenant=tenant))
    await publisher.publish(registry_entry("prompt", "p", {"system": "s", "user": "{passages} {question}"}, tenant=tenant))
    await publisher.publish(registry_entry("use_case", "faq", {"collections": ["bank-faq"], "budget": "b", **pins}, tenant=tenant))


async def first(address: KafkaAddress, topic: str, tenant: str) -> AnyEvent:
    reader = await TopicReader.start(address, [topic])
    try:
        async with asyncio.timeout(30):
            async for received in reader.follow():
                if received.event.tenant == tenant:
                    return received.event
    finally:
        await reader.close()
    raise AssertionError(topic)


async def test_an_authorised_question_gets_its_answer_and_its_verdict(
    kafka_bootstrap: str, database_url: str, tenant: str, publisher: Publisher
) -> None:
    address = KafkaAddress(kafka_bootstrap)
    await publish_catalogue(publisher, tenant)
    generating, judging = (
        settings(kafka_bootstrap=kafka_bootstrap, database_url=SecretStr(database_url))
        for settings in (GenerationSettings, ValidationSettings)
    )
    services = Application("generation", generating), Application("validation", judging)
    await generation.build(services[0], GenerationSettings(**generating.model_dump()), {})
    await validation.build(services[1])
    async with running(*services):
        asked = authorised(tenant=tenant, use_case=VersionRef(name="faq", version=1), model=VersionRef(name="m", version=1))
        await publisher.publish(asked)
        data = (await first(address, VALIDATED.full_name(), tenant)).data
        assert isinstance(data, InteractionValidated)
        assert (data.answer, data.verdict) == (FEE, "release")
        assert (await first(address, USAGE.full_name(), tenant)).causation == asked.id
        assert [await service.failing() for service in services] == [[], []]
