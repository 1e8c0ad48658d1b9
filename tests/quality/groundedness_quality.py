"""Does validation tell grounded from ungrounded? QAGS (Wang et al. 2020, arXiv 2004.04228) by sentence; FinanceBench's model answers.

Nothing is trained or fitted on either. QAGS: the score of check `grounded` of each sentence of a summary against its article.
FinanceBench (Islam et al. 2023, arXiv 2311.11944): answers of 16 model configurations, judged by people; each is checked against
the question's evidence pages as if it cited them all; refusals are left out. An answer is flagged if `numbers_supported`,
`names_supported` or `grounded` fails at its default threshold. Run alone: `python tests/quality/groundedness_quality.py <data folder>`.
"""

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from chancery_contracts.interactions import Citation, Message, Passage
from chancery_testing.builders import PASSAGE, generated
from chancery_validation.domain.checks import VALIDATORS, run_checks
from chancery_validation.domain.evidence import read_evidence
from chancery_validation.domain.grounding import grounding

FLAGGING = ("numbers_supported", "names_supported", "grounded")


def measure(data_dir: Path) -> list[dict[str, Any]]:
    """Figures of both sets."""
    return [*_qags(data_dir / "qags"), *_financebench(data_dir / "financebench")]


def _qags(folder: Path) -> Iterable[dict[str, Any]]:
    threshold = next(validator.threshold for validator in VALIDATORS if validator.name == "grounded")
    rows = _rows(folder / "data.jsonl")
    for label, prefix in (("all", ""), ("CNN/DM", "cnndm"), ("XSum", "xsum")):
        pairs = [
            (grounding(sentence["sentence"], [row["article"]]), bool(sentence["supported"]))
            for row in rows
            if row["id"].startswith(prefix)
            for sentence in row["sentences"]
        ]
        yield _figure(f"qags {label}, ROC-AUC by sentence", roc_auc(pairs), f"{len(pairs)} sentences", "> 0.5 (chance)", 0.5)
        balanced = balanced_accuracy([(score >= threshold, good) for score, good in pairs])
        yield _figure(f"qags {label}, balanced accuracy at {threshold}", balanced, f"{len(pairs)} sentences", "> 0.5 (chance)", 0.5)


def _financebench(folder: Path) -> Iterable[dict[str, Any]]:
    evidence = {row["financebench_id"]: _passages(row) for row in _rows(folder / "questions.jsonl")}
    judged = [row for row in _rows(folder / "answers.jsonl") if row["human_label"] != "Refusal" and row["financebench_id"] in evidence]
    outcomes: dict[str, list[tuple[bool, bool]]] = {name: [] for name in (*FLAGGING, "any of them")}
    for row in judged:
        passed = _passed(row, evidence[row["financebench_id"]])
        wrong = row["human_label"] == "Incorrect Answer"
        for name in FLAGGING:
            outcomes[name].append((not passed[name], wrong))
        outcomes["any of them"].append((not all(passed.values()), wrong))
    for name, pairs in outcomes.items():
        found = sum(1 for flagged, wrong in pairs if flagged and wrong) / sum(1 for _, wrong in pairs if wrong)
        spared = sum(1 for flagged, wrong in pairs if not flagged and not wrong) / sum(1 for _, wrong in pairs if not wrong)
        unit = f"{len(pairs)} answers; wrong ones flagged {found:.2f}, right ones spared {spared:.2f}"
        yield _figure(f"financebench wrong answers flagged by {name}, balanced accuracy", balanced_accuracy(pairs), unit, "> 0.5", 0.5)


def _passages(question: dict[str, Any]) -> tuple[Passage, ...]:
    texts = [found["evidence_text_full_page"] or found["evidence_text"] for found in question["evidence"]]
    return tuple(PASSAGE.model_copy(update={"passage_id": f"e{n}", "title": "filing", "text": text}) for n, text in enumerate(texts))


def _passed(row: dict[str, Any], passages: tuple[Passage, ...]) -> dict[str, bool]:
    answer = str(row["model_answer"]).strip() or "-"
    citations = tuple(Citation(passage_id=passage.passage_id, start=0, end=len(answer)) for passage in passages)
    data = generated(answer=answer, passages=passages, citations=citations, messages=(Message(role="user", content=row["question"]),)).data
    return {check.name: check.passed for check in run_checks(read_evidence(data), {}) if check.name in FLAGGING}


def roc_auc(pairs: Sequence[tuple[float, bool]]) -> float:
    """Chance that a good one scores higher than a bad one; ties count half (Mann-Whitney)."""
    good = [score for score, label in pairs if label]
    bad = [score for score, label in pairs if not label]
    return sum((g > b) + 0.5 * (g == b) for g in good for b in bad) / (len(good) * len(bad))


def balanced_accuracy(pairs: Sequence[tuple[bool, bool]]) -> float:
    """Mean of the two recalls of (predicted, true)."""
    positives = [predicted for predicted, true in pairs if true]
    negatives = [predicted for predicted, true in pairs if not true]
    return (sum(positives) / len(positives) + sum(1 for predicted in negatives if not predicted) / len(negatives)) / 2


def _figure(name: str, value: float, unit: str, target: str, floor: float) -> dict[str, Any]:
    return {"name": name, "value": round(value, 3), "unit": unit, "target": target, "holds": value > floor}


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


if __name__ == "__main__":
    for figure in measure(Path(sys.argv[1])):
        print(json.dumps(figure))
