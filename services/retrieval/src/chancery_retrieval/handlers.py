"""What retrieval does: indexes documents, withdraws them, grounds questions. The table at the end is all of it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from chancery_contracts.areas import DocumentIndexed, DocumentPublished, DocumentWithdrawn
from chancery_contracts.base import Payload
from chancery_contracts.bodies import UseCaseBody
from chancery_contracts.event import AnyEvent, Event
from chancery_contracts.failures import Poison, Retry
from chancery_contracts.interactions import AccessDecision, InjectionFinding, InteractionGrounded, InteractionRedacted, Passage, Stage

from chancery_retrieval.domain.chunking import chunk_document
from chancery_retrieval.domain.fusion import Fused
from chancery_retrieval.domain.passages import Candidate, Chunk, DocumentVersion, Indexed, IndexedPassage, Scope
from chancery_retrieval.domain.querying import Query, query_of
from chancery_retrieval.domain.summaries import named_document, spread
from chancery_retrieval.domain.versions import version_of
from chancery_retrieval.ports import Found, GroundingPorts, IndexingPorts, Ports, Withdrawal

STAGE: Stage = "retrieval"
ACCESS_RULE = "same tenant, collections of the use case, and no matter or the request's own"
SUMMARY_BREADTH = 2
"""A summary is given up to this many times `top_k` passages of its document."""
Screened = tuple[Chunk, tuple[InjectionFinding, ...]]


async def index_document(event: Event[DocumentPublished], ports: Ports) -> Sequence[AnyEvent]:
    """Cuts, screens, embeds and stores a version, unless it stands there already or a newer one does."""
    indexing = ports.indexing
    _check_text(event.data, indexing)
    document = version_of(event)
    standing = await indexing.index.standing(document)
    indexed = standing.indexed
    if standing.wanted:
        screened = await asyncio.to_thread(_cut, event.data, indexing)
        vectors = await indexing.embedder.embed_passages([chunk.indexed_text for chunk, _ in screened])
        passages = [
            IndexedPassage(_passage_id(document, number), number, chunk, vector, findings)
            for number, ((chunk, findings), vector) in enumerate(zip(screened, vectors, strict=True))
        ]
        indexed = await indexing.index.put(document, passages, indexing.clock())
    return [] if indexed is None else [_indexed(event, indexed, indexing.embedder.name)]


async def withdraw_document(event: Event[DocumentWithdrawn], ports: Ports) -> Sequence[AnyEvent]:
    """Takes a document out of search."""
    withdrawal = Withdrawal(event.id, event.data.reason, ports.indexing.clock())
    await ports.indexing.index.withdraw(event.tenant, event.data.document_id, withdrawal)
    return []


async def ground(event: Event[InteractionRedacted], ports: Ports) -> Sequence[AnyEvent]:
    """Finds the passages for a question that its requester may see."""
    grounding = ports.grounding
    use_case = _use_case(event, grounding)
    scope = Scope(event.tenant, use_case.collections, event.matter)
    query = query_of(event.data.messages)
    found = await _summary(scope, query, use_case, grounding) or await find(scope, query, use_case.top_k, grounding)
    data = InteractionGrounded(
        **{name: getattr(event.data, name) for name in InteractionRedacted.model_fields},
        passages=tuple(_passage(fused, candidate) for fused, candidate in found.passages),
        access=AccessDecision(rule=ACCESS_RULE, collections=scope.collections, matter=scope.matter),
        corpus_snapshot=found.snapshot,
    )
    return [event.follow(data, stage=STAGE, time=grounding.clock())]


async def find(scope: Scope, query: Query, limit: int, ports: GroundingPorts) -> Found:
    """The best passages; none for a question without words."""
    if query.empty:
        return await ports.search.nothing(scope)
    vector = await ports.embedder.embed_query(query.text)
    return await ports.search.best(scope, query, vector, limit)


async def _summary(scope: Scope, query: Query, use_case: UseCaseBody, ports: GroundingPorts) -> Found | None:
    """A spread of the document that the question names; None where it names none, or where no summary is asked."""
    if use_case.task != "summary" or query.empty:
        return None
    named = named_document(query.text, await ports.search.titles(scope, query))
    if named is None:
        return None
    title, share = named
    whole = await ports.search.whole(scope, title)
    chosen = spread(whole.passages, SUMMARY_BREADTH * use_case.top_k)
    return Found(tuple((Fused(one.key, share, None, None), one) for one in chosen), whole.snapshot) if chosen else None


def _use_case(event: Event[InteractionRedacted], ports: GroundingPorts) -> UseCaseBody:
    use_case = ports.use_case(event.tenant, event.data.use_case)
    if use_case is None:
        # Redaction has pinned it, so it exists: our copy of the registry lags behind.
        raise Retry("the pinned use case is not in the registry yet", code="unknown_use_case")
    if use_case.matter_required and event.matter is None:
        raise Poison("the use case works inside a matter and the request names none", code="matter_required")
    return use_case


def _check_text(data: DocumentPublished, ports: IndexingPorts) -> None:
    if len(data.text) > ports.limits.characters:
        raise Poison(f"the document has {len(data.text)} characters, {ports.limits.characters} are allowed")
    if "\x00" in data.text or "\x00" in data.title:
        raise Poison("the document holds NUL characters: it is not text")


def _cut(data: DocumentPublished, ports: IndexingPorts) -> list[Screened]:
    markdown = data.media_type == "text/markdown"
    chunks = chunk_document(data.text, title=data.title, markdown=markdown, count=ports.embedder.count_tokens)
    if len(chunks) > ports.limits.passages:
        raise Poison(f"the document makes {len(chunks)} passages, {ports.limits.passages} are allowed")
    return [(chunk, ports.screen(chunk.text)) for chunk in chunks]


def _passage_id(document: DocumentVersion, ordinal: int) -> str:
    return f"{document.document_id}:v{document.version}:{ordinal:04d}"


def _indexed(event: Event[DocumentPublished], indexed: Indexed, model: str) -> AnyEvent:
    data = DocumentIndexed(
        document_id=event.data.document_id, version=event.data.version, collection=event.data.collection,
        passages=indexed.passages, embedding_model=model, injections=indexed.injections,
    )  # fmt: skip
    return event.follow(data, stage=STAGE, time=indexed.indexed_at)


def _passage(fused: Fused, candidate: Candidate) -> Passage:
    return Passage(
        passage_id=candidate.passage_id, document_id=candidate.document_id, document_version=candidate.document_version,
        title=candidate.title, start=candidate.start, end=candidate.end, text=candidate.text,
        score=round(fused.score, 6), vector_rank=fused.vector_rank, text_rank=fused.text_rank, injections=candidate.injections,
    )  # fmt: skip


Handler = Callable[[Event[Any], Ports], Awaitable[Sequence[AnyEvent]]]
HANDLERS: dict[type[Payload], Handler] = {
    DocumentPublished: index_document,
    DocumentWithdrawn: withdraw_document,
    InteractionRedacted: ground,
}
