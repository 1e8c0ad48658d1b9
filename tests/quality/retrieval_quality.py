"""Does retrieval find the right page? FinanceBench's questions over SEC filings (Islam et al. 2023, arXiv 2311.11944), against BM25.

The real chunker, model, index and fusion, over PostgreSQL; BM25 (k1 1.2, b 0.75) over whole pages in the same run. A page ranks by
its best passage. Run alone: `python tests/quality/retrieval_quality.py <data folder> [filings]`. Needs CHANCERY_DATABASE_URL, or
starts the embedded servers. Vectors are cached under the system's temporary folder: the first full run takes 10 to 25 minutes.
"""

import asyncio
import hashlib
import json
import math
import os
import re
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from chancery_contracts.areas import DocumentPublished
from chancery_contracts.event import Event, system_clock
from chancery_contracts.interactions import Message
from chancery_embedding import OnnxEmbedder
from chancery_generation.adapters.meaning import EmbeddedMeanings
from chancery_generation.domain.extractive.answer import answer
from chancery_generation.domain.extractive.meaning import comparisons
from chancery_retrieval.adapters.postgres_index import PostgresIndex
from chancery_retrieval.adapters.postgres_search import PostgresSearch, SearchSettings
from chancery_retrieval.domain.passages import Scope, Vector
from chancery_retrieval.domain.querying import query_from
from chancery_retrieval.handlers import _passage, find, index_document
from chancery_retrieval.ports import DocumentLimits, GroundingPorts, IndexingPorts, Ports
from chancery_storage import Database, plan_afresh
from extractive_quality import figure_case

CACHE = Path(tempfile.gettempdir()) / "chancery-retrieval-quality.sqlite"
CUTS = (1, 5, 10)
DEEP = 200
"""Passages asked for, all that the fused searches bring, so that ten pages are among them."""
SIDE_BY_SIDE = 8
"""Pages indexed at once, so that every thread of the embedder has work."""
GIVEN = 8
"""Passages that an answer is made from, as in the sample use case for reports."""


@dataclass(frozen=True)
class Page:
    filing: str
    number: int
    text: str


@dataclass(frozen=True)
class Question:
    text: str
    filing: str
    pages: frozenset[tuple[str, int]]


class CachedEmbedder:
    """The real model; vectors of passages are kept in a file, by text."""

    def __init__(self, model: OnnxEmbedder, path: Path = CACHE) -> None:
        self._model = model
        self._rows = sqlite3.connect(path)
        self._rows.execute("CREATE TABLE IF NOT EXISTS vectors (key TEXT PRIMARY KEY, vector BLOB)")
        self.name = model.name

    def count_tokens(self, text: str) -> int:
        return self._model.count_tokens(text)

    async def embed_query(self, text: str) -> Vector:
        return await self._model.embed_query(text)

    async def embed_passages(self, texts: Sequence[str]) -> list[Vector]:
        keys = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
        found = {key: self._find(key) for key in keys}
        missing = {key: text for key, text in zip(keys, texts, strict=True) if found[key] is None}
        made = dict(zip(missing, await self._model.embed_passages(list(missing.values())), strict=True))
        self._rows.executemany(
            "INSERT OR REPLACE INTO vectors VALUES (?, ?)", [(key, np.array(vector, np.float32).tobytes()) for key, vector in made.items()]
        )
        self._rows.commit()
        return [found[key] or made[key] for key in keys]

    def _find(self, key: str) -> Vector | None:
        row = self._rows.execute("SELECT vector FROM vectors WHERE key = ?", (key,)).fetchone()
        return None if row is None else [float(number) for number in np.frombuffer(row[0], np.float32)]


class BM25:
    """The peer: k1 1.2, b 0.75, words in lower case, the question as it is."""

    def __init__(self, pages: Sequence[Page]) -> None:
        self._pages = pages
        self._counts = [Counter(_words(page.text)) for page in pages]
        self._lengths = [sum(count.values()) for count in self._counts]

    def rank(self, question: str, filing: str | None) -> list[tuple[str, int]]:
        """Pages, best first; of one filing with statistics of that filing."""
        chosen = [i for i, page in enumerate(self._pages) if filing is None or page.filing == filing]
        mean = sum(self._lengths[i] for i in chosen) / len(chosen)
        scores = dict.fromkeys(chosen, 0.0)
        for word in set(_words(question)):
            having = [i for i in chosen if word in self._counts[i]]
            idf = math.log(1 + (len(chosen) - len(having) + 0.5) / (len(having) + 0.5))
            for i in having:
                count = self._counts[i][word]
                scores[i] += idf * count * 2.2 / (count + 1.2 * (0.25 + 0.75 * self._lengths[i] / mean))
        best = sorted(chosen, key=lambda i: -scores[i])[:10]
        return [(self._pages[i].filing, self._pages[i].number) for i in best]


def measure(data_dir: Path, filings: int | None = None) -> list[dict[str, Any]]:
    """Page hit@1/5/10 and MRR@10 in the question's filing and over all; `filings` takes only the shortest so many that are asked about."""
    return asyncio.run(_measure(data_dir / "financebench", filings))


async def _measure(folder: Path, filings: int | None) -> list[dict[str, Any]]:
    pages, questions = load(folder, filings)
    bm25 = BM25(pages)
    figures: list[dict[str, Any]] = []
    async with indexed(pages) as ports:
        for label, everywhere in (("in filing", False), ("all filings", True)):
            ours, peer = [], []
            for question in questions:
                scope = sorted({page.filing for page in pages}) if everywhere else [question.filing]
                ours.append(await _rank(question, scope, ports))
                peer.append(bm25.rank(question.text, None if everywhere else question.filing))
            figures += _figures(label, _metrics(questions, ours), _metrics(questions, peer), len(questions))
        figures += await _answers(folder, {page.filing for page in pages}, ports)
    return figures


async def _answers(folder: Path, filings: set[str], ports: Ports) -> list[dict[str, Any]]:
    """From the question to the answer, in the filing: does the extractive model cite an evidence page, and give the figure?"""
    meanings = EmbeddedMeanings(ports.grounding.embedder)  # type: ignore[arg-type]  # the one with vectors on file
    cited = right = asked = 0
    for row in _rows(folder / "questions.jsonl"):
        case = figure_case(row) if row["pages_present"] and row["doc_name"] in filings else None
        if case is None:
            continue
        found = await find(Scope("quality", (row["doc_name"],), None), query_from(case.question), GIVEN, ports.grounding)
        passages = tuple(_passage(fused, candidate) for fused, candidate in found.passages)
        messages = (Message(role="user", content=case.question),)
        given = answer(messages, passages, meanings=await meanings.compare(comparisons(messages, passages)))
        evidence = {f"{one.get('evidence_doc_name') or one.get('doc_name')}.{one['evidence_page_num']}" for one in row["evidence"]}
        names = {passage.passage_id: passage.document_id for passage in passages}
        on_page = any(names[citation.passage_id] in evidence for citation in given.citations)
        asked, cited = asked + 1, cited + on_page
        right += on_page and case.found_in(given.text)
    if not asked:
        return []
    peer = "no published figure for an extractive model; GPT-4 Turbo, one store a filing, 0.50 over all questions (its paper)"
    return [
        {"name": f"financebench {what}, in filing", "value": round(hits / asked, 3), "unit": f"share of {asked} questions with a figure",
         "target": "-", "holds": True, "peer": peer}
        for what, hits in (("right page cited", cited), ("right page and figure in the extractive answer", right))
    ]  # fmt: skip


def load(folder: Path, filings: int | None) -> tuple[list[Page], list[Question]]:
    """Pages, and the questions all of whose evidence is among them."""
    pages = [Page(row["doc_name"], row["page"], row["text"].replace("\x00", " ")) for row in _rows(folder / "pages.jsonl")]
    sizes = Counter(page.filing for page in pages)
    rows = [row for row in _rows(folder / "questions.jsonl") if row["pages_present"]]
    asked = sizes.keys() if filings is None else sizes.keys() & {row["doc_name"] for row in rows}
    kept = set(sorted(asked, key=lambda name: (sizes[name], name))[:filings])
    questions = []
    for row in rows:
        evidence = {(one.get("evidence_doc_name") or one.get("doc_name"), one["evidence_page_num"]) for one in row["evidence"]}
        if {filing for filing, _ in evidence} | {row["doc_name"]} <= kept:
            questions.append(Question(row["question"], row["doc_name"], frozenset(evidence)))
    if not questions:
        raise ValueError(f"no question of {folder} has all its evidence among the pages of {len(kept)} filings")
    return [page for page in pages if page.filing in kept], questions


@asynccontextmanager
async def indexed(pages: Sequence[Page], settings: SearchSettings | None = None) -> AsyncIterator[Ports]:
    """Every page as a document of its own, in a collection named for its filing."""
    async with fresh_database() as database:
        model = OnnxEmbedder.load(*model_files())
        embedder = CachedEmbedder(model)
        search = PostgresSearch(database, settings or SearchSettings(), lambda _: None)
        limits = DocumentLimits(1_000_000, 10_000)
        ports = Ports(
            IndexingPorts(embedder, PostgresIndex(database, lambda _: None), lambda _: (), system_clock, limits),
            GroundingPorts(embedder, search, lambda *_: None, system_clock),
        )
        for start in range(0, len(pages), SIDE_BY_SIDE):
            await asyncio.gather(*(index_document(_published(page), ports) for page in pages[start : start + SIDE_BY_SIDE]))
        async with database.transaction() as connection:
            await connection.execute("ANALYZE")
        yield ports
        await model.close()


def _published(page: Page) -> Event[DocumentPublished]:
    name = f"{page.filing}.{page.number}"
    data = DocumentPublished(
        document_id=name, version=1, collection=page.filing, title=page.filing.replace("_", " "), media_type="text/plain", text=page.text
    )
    return Event(id=name, source="quality", time=system_clock(), tenant="quality", data=data)


async def _rank(question: Question, collections: list[str], ports: Ports) -> list[tuple[str, int]]:
    found = await find(Scope("quality", tuple(collections), None), query_from(question.text), DEEP, ports.grounding)
    names = dict.fromkeys(candidate.document_id for _, candidate in found.passages)
    return [(name.rpartition(".")[0], int(name.rpartition(".")[2])) for name in list(names)[:10]]


def _metrics(questions: Sequence[Question], ranked: Sequence[list[tuple[str, int]]]) -> dict[str, float]:
    firsts = [
        next((rank for rank, page in enumerate(pages, start=1) if page in question.pages), None)
        for question, pages in zip(questions, ranked, strict=True)
    ]
    metrics = {f"hit@{cut}": sum(1 for first in firsts if first is not None and first <= cut) / len(firsts) for cut in CUTS}
    return metrics | {"MRR@10": sum(1 / first for first in firsts if first is not None) / len(firsts)}


def _figures(label: str, ours: dict[str, float], peer: dict[str, float], questions: int) -> Iterable[dict[str, Any]]:
    for metric, value in ours.items():
        yield {
            "name": f"financebench page {metric}, {label}", "value": round(value, 3), "unit": f"share of {questions} questions",
            "target": f"> {peer[metric]:.3f}", "holds": value > peer[metric], "peer": f"BM25 {peer[metric]:.3f}",
        }  # fmt: skip


@asynccontextmanager
async def fresh_database() -> AsyncIterator[Database]:
    """A schema of its own, emptied before; of the configured database or of an embedded one."""
    with ExitStack() as exits:
        url = os.environ.get("CHANCERY_DATABASE_URL")
        if url is None:
            from chancery_local import embedded_servers

            folder = exits.enter_context(tempfile.TemporaryDirectory())
            url = str(exits.enter_context(embedded_servers(Path(folder))).database_url)
        database = await Database.open(url, schema="retrieval_quality", setup=plan_afresh)
        async with database.transaction() as connection:
            await connection.execute("DROP SCHEMA retrieval_quality CASCADE; CREATE SCHEMA retrieval_quality")
        await database.migrate("chancery_retrieval")
        yield database
        await database.close()


def model_files() -> tuple[Path, Path]:
    model, tokenizer = os.environ.get("CHANCERY_EMBEDDING_MODEL_PATH"), os.environ.get("CHANCERY_EMBEDDING_TOKENIZER_PATH")
    if model and tokenizer:
        return Path(model), Path(tokenizer)
    from chancery_local.artifacts import default_cache, embedding_model

    files = embedding_model(default_cache())
    return files.model, files.tokenizer


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


if __name__ == "__main__":
    for figure in measure(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else None):
        print(json.dumps(figure))
