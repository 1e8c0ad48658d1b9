"""Does the extractive model find what is asked in a table and the text around it? TAT-QA (Zhu et al. 2021, ACL).

Asked are the questions whose answer is one span: what must be computed cannot be extracted. Passages are the table, as Markdown, and the
paragraphs. A hit: the span stands in the answer. The baseline is the passage that shares most words with the question, cut to the length
of the answer, or to 160 characters. Run alone: `python tests/quality/tables_quality.py <data folder>`.
"""

import json
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from chancery_contracts.interactions import Message, Passage
from chancery_generation.domain.extractive.answer import answer
from chancery_generation.domain.extractive.words import stems
from chancery_testing.builders import PASSAGE

TYPICAL = 160
HEADER_ROWS = 3


def measure(data_dir: Path) -> list[dict[str, Any]]:
    """Span in the answer, of all questions and by where the answer stands; how often an answer was given."""
    outcomes = [outcome for row in _rows(data_dir / "tatqa" / "data.jsonl") for outcome in _asked(row)]
    places = sorted({place for place, _, _, _ in outcomes})
    figures = [_figure("all", outcomes), *(_figure(place, [o for o in outcomes if o[0] == place]) for place in places)]
    given = sum(o[1] for o in outcomes) / len(outcomes)
    share = {"value": round(given, 3), "unit": f"share of {len(outcomes)}", "target": "-", "holds": True}
    return [*figures, {"name": "tatqa extractive answers given"} | share]


def _asked(row: dict[str, Any]) -> Iterable[tuple[str, bool, bool, bool]]:
    """Where the answer stands, whether one was given, whether it holds the span, whether the baseline does."""
    texts = [_markdown(row["table"]["table"]), *(paragraph["text"] for paragraph in row["paragraphs"])]
    passages = tuple(PASSAGE.model_copy(update={"passage_id": f"p{n}", "title": "report", "text": text}) for n, text in enumerate(texts))
    for question in row["questions"]:
        if question["answer_type"] == "span" and len(question["answer"]) == 1:
            given = answer((Message(role="user", content=question["question"]),), passages)
            span, said = _plain(question["answer"][0]), "" if given.unanswerable else given.text
            snippet = _nearest(question["question"], passages)[: max(len(said), TYPICAL)]
            yield question["answer_from"], not given.unanswerable, span in _plain(said), span in _plain(snippet)


def _markdown(rows: list[list[str]]) -> str:
    """Header rows, those without a label, become one; at least the first is a header."""
    named = (number for number, cells in enumerate(rows) if number and cells[0].strip())
    head = min(next(named, 1), HEADER_ROWS)
    columns = [" ".join(cells[column] for cells in rows[:head]).strip() for column in range(len(rows[0]))]
    lines = [columns, ["---"] * len(columns), *rows[head:]]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |" for cells in lines)


def _nearest(question: str, passages: Sequence[Passage]) -> str:
    asked = set(stems(question))
    return max(passages, key=lambda passage: len(asked & set(stems(passage.text)))).text


def _plain(text: object) -> str:
    return re.sub(r"[\s$,]+", " ", str(text)).strip().lower()


def _figure(label: str, outcomes: Sequence[tuple[str, bool, bool, bool]]) -> dict[str, Any]:
    whole = len(outcomes)
    value, peer = (sum(o[column] for o in outcomes) / whole for column in (2, 3))
    return {
        "name": f"tatqa span in the extractive answer, {label}", "value": round(value, 3), "unit": f"share of {whole} questions",
        "target": f"> {peer:.3f}", "holds": value > peer, "peer": f"snippet of the same length {peer:.3f}",
    }  # fmt: skip


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


if __name__ == "__main__":
    for figure in measure(Path(sys.argv[1])):
        print(json.dumps(figure))
