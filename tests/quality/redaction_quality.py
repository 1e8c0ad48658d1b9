"""How much personal data is found? Ours against stock Presidio, in the same run.

`presidio_synth`: precision, recall and F2 by span; a span counts where the type agrees and the overlap (intersection over union of
characters) is at least 0.75. `tab144` (Pilán et al. 2022, doi 10.1162/coli_a_00458): an entity counts only where every mention of it is
masked, in every letter and digit; precision is by masked word.

Texts that the shipped weights were trained on (known by their SHA-256) say nothing about texts to come: for them the figures with a
target are those of cross-validation (what each fold of the training read in texts that it was not shown, `libs/ner/training/read.json`,
decided by today's code), and what the weights do on them is printed without one. Texts not seen in training are measured directly.
Run alone: `python <this file> <folder> [sample]`.
"""

import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chancery_ner import TokenClassifier
from chancery_testing.figures import Figure
from redaction_finders import LEGAL_TYPES, SYNTH_TYPES, Entities, Folds, ours, shipped, stock
from redaction_metrics import Find, Row, Score, by_type, masked, total

TRAINING = Path(__file__).resolve().parents[2] / "libs" / "ner" / "training"
LEGAL_PROFILES = ("legal-recall", "legal-precision")
"""The targets are those of the first."""
POLICY = frozenset({"PERSON", "EMAIL_ADDRESS", "PHONE_NUMBER", "IBAN_CODE", "CREDIT_CARD", "US_SSN"})
"""Types of the default policy that the data have too."""
TARGETS = {"F2": 0.92, "DIRECT": 0.98, "QUASI": 0.93, "precision": 0.75}


def measure(data_dir: Path, sample: int | None = None) -> list[dict[str, Any]]:
    """Figures of both sets; `sample`: only so many texts of each."""
    model, peer, folds = TokenClassifier.load(), stock(), Folds(TRAINING)
    figures: list[Figure] = []
    sentences, judgments = _rows(data_dir / "presidio_synth", sample), _rows(data_dir / "tab144", sample)
    for reader in _readers(model, folds):
        some = [[row for row in rows if folds.seen(row["text"]) == reader.seen] for rows in (sentences, judgments)]
        figures += _synth(some[0], ours(reader.entities("general"), SYNTH_TYPES, "default"), peer, reader)
        for profile in LEGAL_PROFILES:
            figures += _tab(some[1], ours(reader.entities(profile), LEGAL_TYPES, "judgment"), peer, reader, profile)
    return [figure.as_dict() for figure in figures]


@dataclass(frozen=True)
class Reader:
    """Who reads which texts, and whether what comes out may meet a target."""

    name: str
    seen: bool
    counts: bool
    entities: Callable[[str], Entities]


def _readers(model: TokenClassifier, folds: Folds) -> list[Reader]:
    return [
        Reader("unseen", False, True, lambda profile: shipped(model, profile)),
        Reader(
            f"cross-validated, {folds.number} folds of {folds.commit}", True, True, lambda profile: folds.entities(model.profiles[profile])
        ),
        Reader("seen in training", True, False, lambda profile: shipped(model, profile)),
    ]


def _synth(rows: list[Row], find: Find, peer: Find, reader: Reader) -> Iterable[Figure]:
    if not rows:
        return
    mine, theirs = by_type(rows, find), by_type(rows, peer)
    target = TARGETS["F2"] if reader.counts else None
    for label, types, aim in (("all types", None, target), ("types of the default policy", POLICY, None)):
        name = f"presidio_synth {label}, F2, {reader.name}"
        yield _synth_figure(name, total(mine, types), total(theirs, types), f"{len(rows)} sentences", aim)
    both = total(by_type(rows, find, join=True), None), total(by_type(rows, peer, join=True), None)
    yield _synth_figure(f"presidio_synth all types, pieces joined, F2, {reader.name}", *both, f"{len(rows)} sentences", target)
    for kind in sorted(kind for kind, score in mine.items() if score.true):
        name = f"presidio_synth {kind}, F2, {reader.name}"
        yield _synth_figure(name, mine[kind], theirs.get(kind, Score()), f"{mine[kind].true} spans", None)


def _synth_figure(name: str, mine: Score, theirs: Score, words: str, target: float | None) -> Figure:
    against = f"stock Presidio {theirs.f2:.3f} (precision {theirs.precision:.2f}, recall {theirs.recall:.2f})"
    return Figure(name, mine.f2, f"{words}; precision {mine.precision:.2f}, recall {mine.recall:.2f}", target, peer=against)


def _tab(rows: list[Row], find: Find, peer: Find, reader: Reader, profile: str) -> Iterable[Figure]:
    if not rows:
        return
    mine, theirs = masked(rows, find), masked(rows, peer)
    for label in ("DIRECT", "QUASI", "precision"):
        name = "word precision" if label == "precision" else f"{label} entity recall"
        target = TARGETS[label] if reader.counts and profile == LEGAL_PROFILES[0] else None
        words = f"{len(rows)} judgments"
        yield Figure(f"tab144 {name}, {profile}, {reader.name}", mine[label], words, target, peer=f"stock Presidio {theirs[label]:.3f}")


def _rows(folder: Path, sample: int | None) -> list[Row]:
    lines = (folder / "data.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines[:sample]]


if __name__ == "__main__":
    for one in measure(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else None):
        print(json.dumps(one))
