"""The two metrics of redaction, over any finder of spans: by span for sentences, by masked entity for judgments."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

Spans = set[tuple[int, int, str]]
Find = Callable[[str], Spans]
Row = dict[str, Any]
IOU = 0.75

TRUTH = {"STREET_ADDRESS": "LOCATION", "GPE": "LOCATION", "ZIP_CODE": "LOCATION", "DOMAIN_NAME": "URL"}
"""The same thing has one name here, whoever names it."""


@dataclass
class Score:
    """Spans found, missed and made up."""

    true: int = 0
    predicted: int = 0
    hit_true: int = 0
    hit_predicted: int = 0

    @property
    def recall(self) -> float:
        return self.hit_true / self.true if self.true else 0.0

    @property
    def precision(self) -> float:
        return self.hit_predicted / self.predicted if self.predicted else 0.0

    @property
    def f2(self) -> float:
        weighted = 4 * self.precision + self.recall
        return 5 * self.precision * self.recall / weighted if weighted else 0.0


def by_type(rows: Iterable[Row], find: Find, *, join: bool = False) -> dict[str, Score]:
    """Of sentences: a span counts where the type agrees and the overlap is at least `IOU`. `join`: see `joined`."""
    scores: dict[str, Score] = {}
    for row in rows:
        truth = {(s["start_position"], s["end_position"], TRUTH.get(s["entity_type"], s["entity_type"])) for s in row["spans"]}
        found = find(row["text"])
        if join:
            truth, found = joined(truth, row["text"]), joined(found, row["text"])
        for spans, others, field in ((truth, found, "true"), (found, truth, "predicted")):
            for span in spans:
                score = scores.setdefault(span[2], Score())
                setattr(score, field, getattr(score, field) + 1)
                if any(span[2] == other[2] and overlap(span, other) >= IOU for other in others):
                    setattr(score, f"hit_{field}", getattr(score, f"hit_{field}") + 1)
    return scores


def joined(spans: Spans, text: str) -> Spans:
    """Pieces of one type with no letter and no digit between them are one, as in presidio-research's `SpanEvaluator`."""
    whole: list[tuple[int, int, str]] = []
    for start, end, kind in sorted(spans):
        if whole and whole[-1][2] == kind and not any(char.isalnum() for char in text[whole[-1][1] : start]):
            whole[-1] = (whole[-1][0], max(whole[-1][1], end), kind)
        else:
            whole.append((start, end, kind))
    return set(whole)


def total(scores: dict[str, Score], types: frozenset[str] | None) -> Score:
    """Over types that the data have: what else is predicted cannot be judged by them."""
    summed = Score()
    for name, score in scores.items():
        if score.true and (types is None or name in types):
            summed.true += score.true
            summed.predicted += score.predicted
            summed.hit_true += score.hit_true
            summed.hit_predicted += score.hit_predicted
    return summed


def overlap(one: tuple[int, int, str], other: tuple[int, int, str]) -> float:
    """Intersection over union of two spans."""
    common = min(one[1], other[1]) - max(one[0], other[0])
    return max(0, common) / (max(one[1], other[1]) - min(one[0], other[0]))


def masked(rows: Sequence[Row], find: Find) -> dict[str, float]:
    """Of judgments: recall of entities masked in every mention, every letter and digit; precision by masked word."""
    whole: Counter[str] = Counter()
    hidden: Counter[str] = Counter()
    words = right = 0
    for row in rows:
        text = row["text"]
        covered = bytearray(len(text))
        for start, end, _ in find(text):
            covered[start:end] = b"\1" * (end - start)
        wanted = bytearray(len(text))
        entities: dict[str, list[Row]] = {}
        for mention in row["entities"]:
            if mention["identifier_type"] in ("DIRECT", "QUASI"):
                wanted[mention["start_offset"] : mention["end_offset"]] = b"\1" * (mention["end_offset"] - mention["start_offset"])
                entities.setdefault(mention["entity_id"], []).append(mention)
        for mentions in entities.values():
            kind = "DIRECT" if any(one["identifier_type"] == "DIRECT" for one in mentions) else "QUASI"
            whole[kind] += 1
            hidden[kind] += all(_hidden(text, covered, one) for one in mentions)
        for word in re.finditer(r"\w+", text):
            if covered[word.start()]:
                words += 1
                right += wanted[word.start()]
    return {kind: hidden[kind] / max(1, whole[kind]) for kind in ("DIRECT", "QUASI")} | {"precision": right / max(1, words)}


def _hidden(text: str, covered: bytearray, mention: Row) -> bool:
    return all(covered[at] or not text[at].isalnum() for at in range(mention["start_offset"], mention["end_offset"]))
