"""The whole service over real Kafka: events in, checkpoints out."""

import asyncio
from pathlib import Path
from uuid import uuid4

import httpx
from chancery_audit.main import build
from chancery_audit.settings import AuditSettings
from chancery_bus import KafkaAddress, Publisher, TopicReader, ensure_topics, topic_specs
from chancery_contracts.areas import CheckpointPublished
from chancery_contracts.event import AnyEvent
from chancery_contracts.topics import CHECKPOINTS
from chancery_runtime.application import Application
from chancery_testing.builders import redacted, requested
from chancery_testing.waiting import eventually

TENANT = f"t-{uuid4().hex[:8]}"


async def test_what_is_published_is_on_record_and_its_head_is_published(kafka_bootstrap: str, database_url: str, tmp_path: Path) -> None:
    await ensure_topics(kafka_bootstrap, topic_specs([TENANT]))
    publisher = await Publisher.start(KafkaAddress(kafka_bootstrap))
    reader = await TopicReader.start(KafkaAddress(kafka_bootstrap), [CHECKPOINTS.full_name()], from_end=True)
    settings = AuditSettings(
        kafka_bootstrap=kafka_bootstrap, database_url=database_url, operator_token="operator", http_port=1,
        keyring_path=tmp_path / "keyring.json", audit_checkpoint_s=0.1,
    )  # fmt: skip
    application = Application("audit", settings)
    await build(application)
    seen: list[AnyEvent] = []

    async def follow() -> None:
        async for received in reader.follow():
            seen.append(received.event)  # noqa: PERF401  # a comprehension would end never

    tasks = [asyncio.create_task(loop.run()) for loop in application.loops]
    following = asyncio.create_task(follow())
    try:
        await eventually(lambda: all(runner.assigned.is_set() for runner in application.runners), within_s=30)
        event = requested(tenant=TENANT)
        await publisher.publish(event)
        await publisher.publish(event.follow(redacted().data, stage="redaction", time=event.time))
        await eventually(lambda: _size(seen) == 2, within_s=30)
        transport = httpx.ASGITransport(application.http)
        headers = {"Authorization": "Bearer operator"}
        async with httpx.AsyncClient(transport=transport, base_url="http://audit", headers=headers) as http:
            verified = (await http.get("/v1/verify", params={"tenant": TENANT})).json()
            found = (await http.get(f"/v1/interactions/{event.id}", params={"tenant": TENANT})).json()
        assert (verified["ok"], verified["verified"]) == (True, 2)
        assert {one["data_state"] for one in found["entries"]} == {"hidden", "shown"}
    finally:
        for runner in application.runners:
            runner.stop()
        await asyncio.wait(tasks[: len(application.runners)], timeout=15)
        for task in [*tasks, following]:
            task.cancel()
        await asyncio.gather(*tasks, following, return_exceptions=True)
        await application.close()
        await reader.close()
        await publisher.close()


def _size(seen: list[AnyEvent]) -> int:
    heads = [event.data.size for event in seen if isinstance(event.data, CheckpointPublished) and event.tenant == TENANT]
    return max(heads, default=0)
