"""Does the extractive model find the figure? FinanceBench (Islam et al. 2023, arXiv 2311.11944): evidence pages in, answer out.

The pages that people named as evidence are cut into pieces of some 1,200 characters; the six best by BM25 are given as passages, as
retrieval would give them. Asked are the questions whose answer is a figure that stands on those pages: what must be computed cannot be
extracted. A hit: the answer holds a figure of the true one, as validation compares figures. The baseline is the best
piece cut to the length of the answer, or to 300 characters.
Nothing is trained or fitted on this set. Run alone: `python tests/quality/extractive_quality.py <data folder>`.
"""

import asyncio
import json
import math
import re
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from chancery_contracts.interactions import Message, Passage
from chancery_embedding import OnnxEmbedder
from chancery_generation.adapters.meaning import EmbeddedMeanings
from chancery_generation.domain.extractive.answer import answer
from chancery_generation.domain.extractive.meaning import comparisons
from chancery_generation.domain.extractive.words import stems
from chancery_local import default_cache, embedding_model
from chancery_testing.builders import PASSAGE
from chancery_validation.domain.numbers import Figure, claims, quantities, supported

PIECE = 1200
LEAST = 100
"""A smaller figure without a unit stands on a page by chance."""
TOP = 6
TYPICAL = 300
K1, B = 1.2, 0.75


@dataclass(frozen=True)
class Case:
    """A question with its true figures, and the pages that hold them, in pieces."""

    question: str
    title: str
    figures: list[Figure]
    pieces: list[str]

    def found_in(self, text: str) -> bool:
        """True if any of the figures stands there."""
        return any(supported(figure, [quantities(text)]) for figure in self.figures)


def measure(data_dir: Path) -> list[dict[str, Any]]:
    """Figure in the answer, how often an answer was given, and the time it took."""
    return asyncio.run(_measure(data_dir))


async def _measure(data_dir: Path) -> list[dict[str, Any]]:
    files = embedding_model(default_cache())
    meanings = EmbeddedMeanings(OnnxEmbedder.load(files.model, files.tokenizer))
    asked = [case for row in _rows(data_dir / "financebench" / "questions.jsonl") if (case := figure_case(row)) is not None]
    times: list[float] = []
    seen: list[float] = []
    outcomes: list[tuple[bool, bool, bool]] = []
    for case in asked:
        passages, messages = _best(case), (Message(role="user", content=case.question),)
        began = time.process_time()
        given = answer(messages, passages, meanings=await meanings.compare(comparisons(messages, passages)))
        times.append(time.process_time() - began)
        began = time.process_time()
        assert answer(messages, passages, meanings=await meanings.compare(comparisons(messages, passages))) == given
        seen.append(time.process_time() - began)
        snippet = passages[0].text[: max(len(given.text), TYPICAL)]
        outcomes.append((not given.unanswerable, not given.unanswerable and case.found_in(given.text), case.found_in(snippet)))
    given_ones = [outcome for outcome in outcomes if outcome[0]]
    return [
        *(
            _figure(f"financebench figure in the extractive answer, {label}", sum(o[1] for o in some), sum(o[2] for o in some), len(some))
            for label, some in (("of all", outcomes), ("where one is given", given_ones))
        ),
        {"name": "financebench extractive answers given", "value": round(len(given_ones) / len(asked), 3), "unit": f"share of {len(asked)}",
         "target": "-", "holds": True},
        *(
            {"name": f"extractive answer, CPU time p50, {label}", "value": round(1000 * median(some), 1), "unit": "ms",
             "target": f"< {most}", "holds": 1000 * median(some) < most}
            for label, some, most in (("new passages", times, 250), ("passages seen before", seen, 20))
        ),
    ]  # fmt: skip


def figure_case(row: dict[str, Any]) -> Case | None:
    """None where the answer holds no figure of the evidence. Years, and figures that the question tells, count for nothing."""
    pages = [found["evidence_text_full_page"] or found["evidence_text"] for found in row["evidence"]]
    sources, told = [quantities(page) for page in pages], [quantities(row["question"])]
    figures = [
        claim
        for claim in claims(str(row["answer"]))
        if isinstance(claim, Figure) and (claim.unit or claim.value >= LEAST) and not 1990 <= claim.value <= 2030
        and supported(claim, sources) and not supported(claim, told)
    ]  # fmt: skip
    if not figures:
        return None
    pieces = [piece for page in pages for piece in _pieces(page)]
    return Case(row["question"], row["doc_name"].replace("_", " "), figures, pieces)


def _pieces(page: str) -> list[str]:
    pieces = [""]
    for line in page.splitlines():
        if len(pieces[-1]) + len(line) > PIECE:
            pieces.append("")
        pieces[-1] += f"{line}\n"
    return [piece for piece in pieces if piece.strip()]


def _best(case: Case) -> tuple[Passage, ...]:
    question, pieces = case.question, case.pieces
    counts = [Counter(stems(piece)) for piece in pieces]
    frequency = Counter(word for count in counts for word in count)
    mean = sum(count.total() for count in counts) / len(counts) or 1.0

    def score(count: Counter[str]) -> float:
        norm = K1 * (1 - B + B * count.total() / mean)
        asked = (word for word in set(stems(question)) if count[word])
        return sum(
            math.log(1 + (len(counts) - frequency[w] + 0.5) / (frequency[w] + 0.5)) * count[w] * (K1 + 1) / (count[w] + norm) for w in asked
        )

    ranked = sorted(range(len(pieces)), key=lambda place: -score(counts[place]))[:TOP]
    return tuple(PASSAGE.model_copy(update={"passage_id": f"p{n}", "title": case.title, "text": pieces[n]}) for n in ranked)


def _figure(name: str, hits: int, baseline: int, whole: int) -> dict[str, Any]:
    """Against the baseline on the same questions."""
    peer = baseline / whole
    return {
        "name": name, "value": round(hits / whole, 3), "unit": f"share of {whole} questions", "target": f"> {peer:.3f}",
        "holds": hits > baseline, "peer": f"snippet of the same length {peer:.3f}",
    }  # fmt: skip


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(re.sub(r"\u00a0", " ", line)) for line in path.read_text("utf-8").splitlines()]


if __name__ == "__main__":
    for figure in measure(Path(sys.argv[1])):
        print(json.dumps(figure))
