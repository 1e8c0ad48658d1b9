"""The whole service over real Kafka: documents and questions in, passages out; and its HTTP side."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from chancery_bus import KafkaAddress, Publisher, TopicReader, ensure_topics, topic_specs
from chancery_contracts.base import VersionRef
from chancery_contracts.event import AnyEvent
from chancery_contracts.interactions import InteractionGrounded
from chancery_contracts.topics import DOCUMENTS, GROUNDED
from chancery_retrieval.main import build
from chancery_retrieval.settings import RetrievalSettings
from chancery_runtime.application import Application
from chancery_testing.builders import document, redacted, registry_entry
from chancery_testing.waiting import eventually

TENANT = f"t-{uuid4().hex[:8]}"
TOKEN = {"Authorization": "Bearer operator"}


@dataclass
class Running:
    """The service, what it published, and ways to talk to it."""

    publisher: Publisher
    http: httpx.AsyncClient
    seen: list[AnyEvent]

    async def published(self, cause: AnyEvent) -> AnyEvent:
        def answer() -> AnyEvent | None:
            return next((event for event in self.seen if event.causation == cause.id), None)

        found = await eventually(answer, within_s=30)
        assert found is not None
        return found


@pytest.fixture(scope="module")
async def running(kafka_bootstrap: str, database_url: str, embedding_files: tuple[Path, Path]) -> AsyncIterator[Running]:
    await ensure_topics(kafka_bootstrap, topic_specs([TENANT]))
    address = KafkaAddress(kafka_bootstrap)
    publisher = await Publisher.start(address)
    body: dict[str, Any] = {
        "prompt": {"name": "p", "version": 1}, "model": {"name": "m", "version": 1}, "collections": ["bank-faq"],
        "budget": "b", "redaction_policy": {"name": "r", "version": 1},
    }  # fmt: skip
    await publisher.publish(registry_entry("use_case", "bank-faq", body, tenant=TENANT))
    reader = await TopicReader.start(address, [DOCUMENTS.full_name(), GROUNDED.full_name()], from_end=True)
    settings = RetrievalSettings(
        kafka_bootstrap=kafka_bootstrap, database_url=database_url, operator_token="operator", environment="development",
        embedding_model_path=embedding_files[0], embedding_tokenizer_path=embedding_files[1],
    )  # fmt: skip
    application = Application("retrieval", settings)
    await build(settings, application)
    seen: list[AnyEvent] = []
    tasks = [asyncio.create_task(loop.run()) for loop in application.loops] + [asyncio.create_task(_follow(reader, seen))]
    await eventually(lambda: all(runner.assigned.is_set() for runner in application.runners), within_s=30)
    transport = httpx.ASGITransport(application.http)
    async with httpx.AsyncClient(transport=transport, base_url="http://retrieval") as http:
        yield Running(publisher, http, seen)
    for runner in application.runners:
        runner.stop()
    await asyncio.wait(tasks[: len(application.runners)], timeout=15)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await application.close()
    await reader.close()
    await publisher.close()


async def _follow(reader: TopicReader, seen: list[AnyEvent]) -> None:
    async for received in reader.follow():
        seen.append(received.event)  # noqa: PERF401  # a comprehension would end never


async def test_a_document_is_indexed_and_a_question_is_grounded_in_it(running: Running) -> None:
    published = document("## What is the fee for a replacement card?\n\nIt is £5.", "cards", tenant=TENANT, title="Cards")
    await running.publisher.publish(published)
    indexed = await running.published(published)
    assert indexed.data.model_dump()["passages"] == 1
    asked = redacted(tenant=TENANT, use_case=VersionRef(name="bank-faq", version=1))
    await running.publisher.publish(asked)
    grounded = await running.published(asked)
    assert isinstance(grounded.data, InteractionGrounded)
    assert grounded.data.passages[0].text.endswith("It is £5.")


async def test_operators_see_what_is_indexed_and_what_would_be_found(running: Running) -> None:
    published = document("A CHAPS payment costs £25.", "chaps", tenant=TENANT, matter="m-1", title="CHAPS")
    await running.publisher.publish(published)
    await running.published(published)
    listed = (await running.http.get("/v1/documents", params={"tenant": TENANT}, headers=TOKEN)).json()["documents"]
    assert {"document_id": "chaps", "matter": "m-1", "passages": 1, "version": 1}.items() <= listed[-1].items()
    query = {"tenant": TENANT, "q": "CHAPS payment", "collections": "bank-faq,other"}
    outside = (await running.http.get("/v1/search", params=query, headers=TOKEN)).json()["results"]
    inside = (await running.http.get("/v1/search", params=query | {"matter": "m-1"}, headers=TOKEN)).json()["results"]
    assert "chaps" not in [result["passage"]["document_id"] for result in outside]
    assert inside[0]["passage"]["document_id"] == "chaps"


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/v1/documents", {}, 401),
        ("/v1/search?tenant=t&q=x&collections=c", {"Authorization": "Bearer wrong"}, 401),
        ("/v1/search?tenant=t&q=x", TOKEN, 422),
        ("/v1/search?tenant=NO%20TENANT&q=x&collections=c", TOKEN, 422),
        ("/v1/search?tenant=t&q=x&collections=c%27%3B--", TOKEN, 422),
        ("/v1/search?tenant=t&q=x&collections=c&limit=0", TOKEN, 422),
        ("/v1/documents?limit=x", TOKEN, 422),
        ("/v1/nothing", TOKEN, 404),
    ],
)
async def test_bad_input_is_a_problem_document(running: Running, path: str, headers: dict[str, str], status: int) -> None:
    answer = await running.http.get(path, headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status


async def test_odd_questions_over_http_find_something_or_nothing(running: Running) -> None:
    for odd in ("' OR 1=1 --", "\x00", "\\", "<PERSON_7K2M>", "🙂", "a" * 4_000):
        answer = await running.http.get("/v1/search", params={"tenant": TENANT, "q": odd, "collections": "bank-faq"}, headers=TOKEN)
        assert answer.status_code == 200


async def test_health_tells_that_it_is_ready(running: Running) -> None:
    assert (await running.http.get("/health")).json()["ready"] is True
