"""Does the extractive model answer bank customers in their own words, and refuse what the FAQ does not hold?

Over the sample FAQ that ships with the product: the real chunker, embedding model and fusion over PostgreSQL find the passages, the
extractive model answers. The questions (`faq_paraphrases.txt`) were written by reading the FAQ; half of them, by a hash of the text, are
held back: nobody looked at how those fare while the model was changed. A hit: the answer holds the words or figure that answer it, and
cites a passage that holds them. Run alone: `python tests/quality/faq_quality.py`.
"""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from chancery_cli.documents import read_document
from chancery_contracts.event import system_clock
from chancery_contracts.interactions import Message, Passage
from chancery_embedding import OnnxEmbedder
from chancery_generation.adapters.meaning import EmbeddedMeanings
from chancery_generation.domain.completion import Answer
from chancery_generation.domain.extractive.answer import answer
from chancery_generation.domain.extractive.meaning import comparisons
from chancery_retrieval.adapters.postgres_index import PostgresIndex
from chancery_retrieval.adapters.postgres_search import PostgresSearch, SearchSettings
from chancery_retrieval.domain.passages import Scope
from chancery_retrieval.domain.querying import query_from
from chancery_retrieval.handlers import _passage, find, index_document
from chancery_retrieval.ports import DocumentLimits, GroundingPorts, IndexingPorts, Ports
from retrieval_quality import fresh_database, model_files

HERE = Path(__file__).resolve().parent
TENANT = "meridian-bank"
TOP_K = 6
"""As in the sample use case."""


@dataclass(frozen=True)
class Asked:
    """A question, and what its answer must hold; nothing: it has none."""

    question: str
    wanted: tuple[str, ...]

    @property
    def held_back(self) -> bool:
        """By a hash, so that nobody chose."""
        return hashlib.sha256(self.question.encode()).digest()[0] % 2 == 0

    def hit(self, given: Answer, passages: Sequence[Passage]) -> bool:
        """The words stand in the answer, and in a passage that it cites."""
        cited = {citation.passage_id for citation in given.citations}
        texts = [passage.text for passage in passages if passage.passage_id in cited]
        return any(_plain(word) in _plain(given.text) and any(_plain(word) in _plain(text) for text in texts) for word in self.wanted)


def measure(_: Path | None = None) -> list[dict[str, Any]]:
    """Hits, refusals where there is no answer, and the baseline: the best passage, cut to the length of the answer or to 300 characters."""
    return asyncio.run(_measure())


async def _measure() -> list[dict[str, Any]]:
    outcomes = [outcome async for outcome in outcomes_of(read_questions())]
    figures: list[dict[str, Any]] = []
    for label, some in (("", [o for o in outcomes if not o[0].held_back]), (", held back", [o for o in outcomes if o[0].held_back])):
        asked = [(one, given, passages) for one, given, passages in some if one.wanted]
        hits = sum(one.hit(given, passages) for one, given, passages in asked)
        peer = sum(_in_snippet(one, given, passages) for one, given, passages in asked) / len(asked)
        foreign = [given for one, given, _ in some if not one.wanted]
        refused = sum(given.unanswerable for given in foreign)
        figures += [
            {"name": f"faq paraphrase answered{label}", "value": round(hits / len(asked), 3), "unit": f"share of {len(asked)} questions",
             "target": f"> {peer:.3f}", "holds": hits / len(asked) > peer, "peer": f"snippet of the same length {peer:.3f}"},
            {"name": f"faq without an answer refused{label}", "value": round(refused / len(foreign), 3),
             "unit": f"share of {len(foreign)} questions", "target": "-", "holds": True},
        ]  # fmt: skip
    return figures


async def outcomes_of(asked: Sequence[Asked]) -> AsyncIterator[tuple[Asked, Answer, tuple[Passage, ...]]]:
    """Every question, what was answered, from what."""
    async with _indexed() as ports:
        meanings = EmbeddedMeanings(ports.indexing.embedder)
        for one in asked:
            found = await find(Scope(TENANT, ("bank-faq",), None), query_from(one.question), TOP_K, ports.grounding)
            passages = tuple(_passage(fused, candidate) for fused, candidate in found.passages)
            messages = (Message(role="user", content=one.question),)
            near = await meanings.compare(comparisons(messages, passages))
            yield one, answer(messages, passages, meanings=near), passages


def read_questions() -> list[Asked]:
    """The file's lines."""
    lines = [line for line in (HERE / "faq_paraphrases.txt").read_text("utf-8").splitlines() if line and not line.startswith("#")]
    split = [line.partition(" |") for line in lines]
    return [Asked(question, tuple(word.strip() for word in wanted.split(";") if word.strip())) for question, _, wanted in split]


@asynccontextmanager
async def _indexed() -> AsyncIterator[Ports]:
    folder = Path(str(files("chancery_cli"))) / "samples" / TENANT / "faq"
    async with fresh_database() as database:
        model = OnnxEmbedder.load(*model_files())
        indexing = IndexingPorts(
            model, PostgresIndex(database, lambda _: None), lambda _: (), system_clock, DocumentLimits(1_000_000, 10_000)
        )  # fmt: skip
        search = PostgresSearch(database, SearchSettings(), lambda _: None)
        ports = Ports(indexing, GroundingPorts(model, search, lambda *_: None, system_clock))
        for path in sorted(folder.glob("*.md")):
            await index_document(read_document(path, TENANT), ports)
        yield ports
        await model.close()


def _in_snippet(one: Asked, given: Answer, passages: Sequence[Passage]) -> bool:
    snippet = passages[0].text[: max(len(given.text), 300)] if passages else ""
    return any(_plain(word) in _plain(snippet) for word in one.wanted)


def _plain(text: str) -> str:
    return " ".join(text.replace("**", "").casefold().split())


if __name__ == "__main__":
    for figure in measure():
        print(json.dumps(figure))
