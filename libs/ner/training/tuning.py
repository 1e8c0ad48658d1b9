"""Sets the thresholds on what the folds read in texts that they were not shown, and writes what ships beside the weights.

Reads `work/fold-*/read.json`; writes `profiles.json`, `results.json` and `read.json` (all folds' spans and scores, no text).
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from chancery_ner.entity import Candidate, Entity
from chancery_ner.labels import GENERAL, LEGAL
from chancery_ner.profiles import Profile, apply
from corpora import Row, rows
from fitting import Recipe
from train import digest, fold_of

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path.insert(0, str(ROOT / "tests" / "quality"))

from redaction_metrics import Spans, by_type, masked, total  # noqa: E402

STEPS = (0.4, 0.45, 0.5, 0.55, 0.6, 0.7, 0.8, 0.9)
SCORES = (0.1, 0.2, 0.3, 0.45, 0.6)
IDENTIFIES = (0.03, 0.05, 0.065, 0.08, 0.1, 0.13, 0.17, 0.22, 0.3, 0.4, 0.55)
"""Few steps: the thresholds shall hold for other texts too."""
ALWAYS = ("PERSON", "CODE", "DATE_TIME", "QUANTITY")
"""Nearly always masked where annotated: only the score decides, not whether they identify."""
LEAST = 0.755
"""Word precision of `legal-recall`."""
OURS = {"POSTAL_ADDRESS": "LOCATION"}

Read = dict[str, dict[str, list[Candidate]]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, default=HERE / "work")
    parser.add_argument("--into", type=Path, help="the package's data folder; none: nothing is shipped")
    arguments = parser.parse_args()
    packed = gathered(sorted(arguments.work.glob("fold-*/read.json")))
    judgments, sentences = rows(arguments.data / "tab144"), rows(arguments.data / "presidio_synth")
    legal, general = Bench(judgments, unpacked(packed["tab144"])), Bench(sentences, unpacked(packed["presidio_synth"]))
    profiles = {
        "general": tuned_general(general, 4.0),
        "general-precision": tuned_general(general, 0.25),
        "legal-recall": tuned_legal(legal, LEAST, 0.08),
        "legal-precision": tuned_legal(legal, 0.85, 0.3),
    }
    results = {
        "trained_at_commit": _commit(),
        "recipe": asdict(Recipe()),
        "folds": len(list(arguments.work.glob("fold-*/read.json"))),
        "profiles": {name: measured(profile, legal, general) for name, profile in profiles.items()},
        "nested": {
            "general": nested(general, lambda bench: tuned_general(bench, 4.0)),
            "legal-recall": nested(legal, lambda bench: tuned_legal(bench, LEAST, 0.08)),
        },
        "by_type": {name: _plain(score) for name, score in sorted(by_type(general.rows, general.find(profiles["general"])).items())},
        "trained_on": sorted({digest(row["text"]) for row in (*judgments, *sentences)}),
    }
    (HERE / "results.json").write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    (HERE / "read.json").write_text(json.dumps(packed, separators=(",", ":")) + "\n", "utf-8")
    print(json.dumps(results["profiles"], indent=1))
    if arguments.into:
        ship(arguments.work / "all", profiles, arguments.into)


class Bench:
    """Texts of one set and what was read in them."""

    def __init__(self, texts: Iterable[Row], read: Read) -> None:
        self.rows = [row for row in texts if digest(row["text"]) in read]
        self.read = {row["text"]: read[digest(row["text"])] for row in self.rows}

    def only(self, wanted: Callable[[Row], bool]) -> Bench:
        """A bench of some of the texts."""
        return Bench([row for row in self.rows if wanted(row)], {digest(text): heads for text, heads in self.read.items()})

    def find(self, profile: Profile) -> Callable[[str], Spans]:
        def found(text: str) -> Spans:
            return {(one.start, one.end, OURS.get(one.label, one.label)) for one in self.entities(text, profile) if one.identifying}

        return found

    def entities(self, text: str, profile: Profile) -> list[Entity]:
        return apply(text, self.read[text].get(profile.head, []), profile)


def gathered(files: Iterable[Path]) -> dict[str, dict[str, Any]]:
    """All folds' texts: each was read by the fold that was not shown it."""
    merged: dict[str, dict[str, Any]] = {"tab144": {}, "presidio_synth": {}}
    for file in files:
        for name, read in json.loads(file.read_text("utf-8")).items():
            merged[name] |= read
    return merged


def unpacked(packed: Mapping[str, Any]) -> Read:
    return {key: {head: [Candidate(*span) for span in spans] for head, spans in heads.items()} for key, heads in packed.items()}


def nested(bench: Bench, tune: Callable[[Bench], Profile]) -> dict[str, float]:
    """Each fold's texts at thresholds that were set on the other folds: what tuning on the same texts flatters is not in these figures."""
    profiles = {fold: tune(bench.only(lambda row, fold=fold: fold_of(row) != fold)) for fold in {fold_of(row) for row in bench.rows}}
    chosen = {row["text"]: profiles[fold_of(row)] for row in bench.rows}

    def find(text: str) -> Spans:
        return bench.find(chosen[text])(text)

    if next(iter(profiles.values())).head == "legal":
        return {name: round(value, 4) for name, value in masked(bench.rows, find).items()}
    return _plain(total(by_type(bench.rows, find), None))


def measured(profile: Profile, legal: Bench, general: Bench) -> dict[str, float]:
    """Both metrics where the profile's head is meant for them."""
    if profile.head == "legal":
        return {name: round(value, 4) for name, value in masked(legal.rows, legal.find(profile)).items()}
    return _plain(total(by_type(general.rows, general.find(profile)), None))


def _plain(score: Any) -> dict[str, float]:
    return {"true": score.true, "precision": round(score.precision, 4), "recall": round(score.recall, 4), "f2": round(score.f2, 4)}


def tuned_general(bench: Bench, weight: float) -> Profile:
    """Each type's threshold for itself: the one of the best F (weight of recall: 4 is F2). Types with few examples get a middle one."""
    scores = {}
    for label in GENERAL:
        tried = [(_f(bench, label, step, weight), -abs(step - 0.5), step) for step in STEPS]
        scores[label] = max(tried)[2]
    return Profile("general", scores)


def _f(bench: Bench, label: str, step: float, weight: float) -> float:
    name = OURS.get(label, label)
    group = [one for one in GENERAL if OURS.get(one, one) == name]
    profile = Profile("general", dict.fromkeys(group, step))
    score = by_type(bench.rows, bench.find(profile)).get(name)
    if score is None or score.true < 20 or not score.precision + score.recall:
        return 0.0
    return round((1 + weight) * score.precision * score.recall / (weight * score.precision + score.recall), 3)


def tuned_legal(bench: Bench, precision: float, start: float) -> Profile:
    """Most recall of QUASI, then of DIRECT, at this precision: one threshold after the other, until none gets better."""
    scores = dict.fromkeys(LEGAL, 0.2)
    identifies = {label: 0.0 if label in ALWAYS else start for label in LEGAL}
    best, before = _worth(bench, scores, identifies, precision), float("-inf")
    while best > before:
        before = best
        for label in LEGAL:
            best = _climb(bench, scores, identifies, precision, label, best)
    return Profile("legal", scores, identifies)


def _climb(bench: Bench, scores: dict[str, float], identifies: dict[str, float], precision: float, label: str, best: float) -> float:
    tables = ((scores, SCORES),) if label in ALWAYS else ((identifies, IDENTIFIES), (scores, SCORES))
    for table, steps in tables:
        for step in steps:
            kept, table[label] = table[label], step
            worth = _worth(bench, scores, identifies, precision)
            if worth > best + 1e-4:
                best = worth
            else:
                table[label] = kept
    return best


def _worth(bench: Bench, scores: Mapping[str, float], identifies: Mapping[str, float], precision: float) -> float:
    figures = masked(bench.rows, bench.find(Profile("legal", dict(scores), dict(identifies))))
    return (
        figures["QUASI"]
        + 2 * min(0.0, figures["DIRECT"] - 0.99)
        + 10 * min(0.0, figures["precision"] - precision)
        + 0.02 * figures["precision"]
    )


def ship(trained: Path, profiles: Mapping[str, Profile], into: Path) -> None:
    into.mkdir(parents=True, exist_ok=True)
    for name in ("model.onnx", "tokenizer.json"):
        shutil.copyfile(trained / name, into / name)
    body = {name: asdict(profile) for name, profile in profiles.items()}
    (into / "profiles.json").write_text(json.dumps({"profiles": body}, indent=1) + "\n", "utf-8")


def _commit() -> str:
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False, cwd=HERE)
    return done.stdout.strip()


if __name__ == "__main__":
    main()
