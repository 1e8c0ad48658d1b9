"""Builds retrieval and runs it."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

import structlog
from chancery_bus import TopicReader
from chancery_contracts.base import VersionRef
from chancery_contracts.bodies import UseCaseBody
from chancery_contracts.catalogue import Catalogue
from chancery_contracts.topics import PRIVACY
from chancery_embedding import OnnxEmbedder
from chancery_runtime.access import require_operator
from chancery_runtime.application import Application
from chancery_runtime.metrics import counter, histogram
from chancery_runtime.screening import find_injections
from chancery_runtime.service import run_service
from chancery_runtime.stages import around, before_storing
from chancery_runtime.subject_journals import JournalStore
from chancery_runtime.subject_service import answer_orders
from chancery_storage import Database, Journal, load_queries, plan_afresh

from chancery_retrieval.adapters.postgres_index import PostgresIndex
from chancery_retrieval.adapters.postgres_search import PostgresSearch, SearchSettings
from chancery_retrieval.adapters.subject_documents import SubjectDocuments
from chancery_retrieval.api import operator_routes
from chancery_retrieval.consumers import documents_stage, questions_stage
from chancery_retrieval.ports import DocumentLimits, GroundingPorts, IndexingPorts, Ports, Search
from chancery_retrieval.settings import RetrievalSettings

log = structlog.get_logger()
PACKAGE = "chancery_retrieval"
MAX_CONNECTIONS = 16
JOURNALS = ("retrieval.documents", "retrieval")
JOURNAL_KEPT = timedelta(days=8)
"""A day longer than the topics keep what is answered."""
PURGE_EVERY_S = 3_600.0


def main() -> None:
    """Runs until a signal."""
    settings = RetrievalSettings()
    run_service("retrieval", settings, partial(build, settings))


async def build(settings: RetrievalSettings, application: Application) -> None:
    """The composition root."""
    # First, because it fails at once and in clear words where the model's files are missing.
    embedder = OnnxEmbedder.load(settings.embedding_model_path, settings.embedding_tokenizer_path, settings.retrieval_embedding_threads)
    log.info("model_loaded", model=embedder.name, threads=settings.retrieval_embedding_threads)
    application.on_close(embedder.close)
    database = await application.database(schema="retrieval", package=PACKAGE, setup=plan_afresh, max_size=MAX_CONNECTIONS)
    await _build_subjects(application, database)
    ports = assemble(settings, application, database, embedder, await application.catalogue())
    documents = partial(around, database, Journal(database, JOURNALS[0]), clock=application.clock)
    questions = partial(before_storing, database, Journal(database, JOURNALS[1]), clock=application.clock)
    application.stage(documents_stage(ports, documents, settings.retrieval_documents_in_flight))
    application.stage(questions_stage(ports, questions))
    application.http.include_router(operator_routes(ports.grounding, require_operator(settings)))


async def _build_subjects(application: Application, database: Database) -> None:
    """What was erased for a person leaves the index again before anything is searched."""
    index = PostgresIndex(database, on_indexed=lambda _: None)
    documents = SubjectDocuments(database, load_queries(PACKAGE), index, application.clock)
    reader = await TopicReader.start(application.kafka, [PRIVACY.full_name(None, application.settings.namespace)])
    try:
        async for received in reader.until(await reader.ends()):
            await documents.learn(received.event)
    finally:
        await reader.close()
    if again := await documents.erase_again():
        log.warning("erased_again", documents=again, reason="a restored backup brought back what had been erased")
    await answer_orders(application, "retrieval", database, (documents, JournalStore(database)))
    application.background("journals", partial(_purge, application, [Journal(database, name) for name in JOURNALS]))


async def _purge(application: Application, journals: Sequence[Journal]) -> None:
    """What no redelivery can ask for any more: answers hold passages of documents."""
    while True:
        for journal in journals:
            while await journal.purge(application.clock() - JOURNAL_KEPT):
                pass
        await asyncio.sleep(PURGE_EVERY_S)


def assemble(
    settings: RetrievalSettings, application: Application, database: Database, embedder: OnnxEmbedder, catalogue: Catalogue
) -> Ports:
    """The handlers' ports over real adapters."""
    limits = DocumentLimits(settings.retrieval_max_document_characters, settings.retrieval_max_passages)
    passages_indexed = counter("chancery_retrieval_passages_indexed_total", "Passages put into the index")
    index = PostgresIndex(database, on_indexed=passages_indexed.inc)
    seconds = histogram("chancery_retrieval_search_seconds", "Searches of the index, embedding aside")
    search: Search = PostgresSearch(
        database,
        SearchSettings(candidates=settings.retrieval_candidates, exact_up_to=settings.retrieval_exact_up_to),
        observe_s=seconds.observe,
    )

    def use_case(tenant: str, ref: VersionRef) -> UseCaseBody | None:
        return catalogue.pinned(tenant, "use_case", ref, UseCaseBody)

    return Ports(
        IndexingPorts(embedder, index, find_injections, application.clock, limits),
        GroundingPorts(embedder, search, use_case, application.clock),
    )
