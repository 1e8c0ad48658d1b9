"""Trains what ships: `uv run --group train python libs/ner/training/train.py --data DIR`, about twenty minutes on two quiet cores.

Each fold is trained without its judgments and templates and read with the very file it exports; `tuning` then sets the thresholds on what
was read; the weights that ship are trained on everything by the same recipe. One step alone: `--only fold-0`, `--only all`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import base
import torch
from chancery_ner.classifier import TokenClassifier
from chancery_ner.entity import Candidate
from corpora import Row, judgment, rows, sentence
from examples import Example, example
from export import export
from fitting import Recipe, fit
from network import Network
from tokenizers import Tokenizer
from values import Values
from writing import fill, joined, noisy, rewritten, templates

HERE = Path(__file__).resolve().parent
DATA = HERE.parent / "src" / "chancery_ner" / "data"
FOLDS = 4
WRITTEN_TIMES = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds tab144 and presidio_synth")
    parser.add_argument("--work", type=Path, default=HERE / "work", help="where folds and downloads go")
    parser.add_argument(
        "--only", help="fold-N or all: one training alone; read: let the folds' files read again, after a change of the reader"
    )
    parser.add_argument("--jobs", type=int, default=2, help="trainings at once, one thread each")
    arguments = parser.parse_args()
    if os.environ.get("PYTHONHASHSEED") != "0":
        # Faker goes over sets of strings: without this every process writes other examples, whatever the seed.
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, "PYTHONHASHSEED": "0"})
    if arguments.only == "read":
        for number in range(FOLDS):
            read(number, arguments.data, arguments.work)
        return
    if arguments.only:
        train(arguments.only, arguments.data, arguments.work)
        return
    steps = [*(f"fold-{number}" for number in range(FOLDS)), "all"]
    for at in range(0, len(steps), arguments.jobs):
        command = [sys.executable, __file__, "--data", str(arguments.data), "--work", str(arguments.work), "--only"]
        running = [subprocess.Popen([*command, step]) for step in steps[at : at + arguments.jobs]]
        if any(process.wait() for process in running):
            sys.exit("a training failed: see above")
    subprocess.run([sys.executable, HERE / "tuning.py", "--data", arguments.data, "--work", arguments.work, "--into", DATA], check=True)


def fold_of(row: Row) -> int:
    """A judgment, or a template with all its sentences, is in one fold."""
    group = str(row["doc_id"]) if "doc_id" in row else f"template-{row['template_id']}"
    return int(hashlib.sha256(group.encode()).hexdigest(), 16) % FOLDS


def digest(text: str) -> str:
    """By what a text is known again without being kept."""
    return hashlib.sha256(text.encode()).hexdigest()


def train(step: str, data: Path, work: Path) -> None:
    """One network: exported to `work/step`; of a fold also what it reads in the texts that it was not shown."""
    torch.set_num_threads(1)
    recipe = Recipe()
    torch.manual_seed(recipe.seed)
    model, vocabulary = base.fetch(base.BASES[recipe.base], work / "base")
    held = -1 if step == "all" else int(step.removeprefix("fold-"))
    judgments, sentences = rows(data / "tab144"), rows(data / "presidio_synth")
    tokenizer = _tokenizer(vocabulary)
    network = Network(recipe.layers)
    base.load(network.base, model)
    shown = [[row for row in each if fold_of(row) != held] for each in (judgments, sentences)]
    fit(network, recipe, Epochs(tokenizer, shown[0], shown[1], recipe.seed))
    folder = work / step
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(network.state_dict(), folder / "network.pt")
    export(network, folder / "model.onnx")
    (folder / "tokenizer.json").write_text(tokenizer.to_str(), "utf-8")
    (folder / "profiles.json").write_text('{"profiles": {}}\n', "utf-8")
    (folder / "recipe.json").write_text(json.dumps(asdict(recipe), indent=2) + "\n", "utf-8")
    if held >= 0:
        read(held, data, work)


def _tokenizer(vocabulary: Path) -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(vocabulary))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


class Epochs:
    """The examples of each epoch: the annotated ones, and newly written ones."""

    def __init__(self, tokenizer: Tokenizer, judgments: list[Row], sentences: list[Row], seed: int) -> None:
        self._tokenizer = tokenizer
        self._sentences = sentences
        self._fixed = [example(tokenizer, one) for one in [*map(judgment, judgments), *map(sentence, sentences)]]
        self._values = Values(seed)
        self._rng = random.Random(seed)
        self._templates = templates(HERE / "templates.txt")

    def __call__(self, number: int) -> list[Example]:
        values = self._values
        fresh = [rewritten(f"again-{number}", row, values) for row in self._sentences]
        fresh += [fill(f"own-{number}", template, values) for template in self._templates for _ in range(WRITTEN_TIMES)]
        self._rng.shuffle(fresh)
        pairs = [joined(fresh[at : at + 2], f"pair-{number}", self._rng.choice((" ", "\n", "\n\n"))) for at in range(0, len(fresh) // 4, 2)]
        alone = fresh[len(fresh) // 4 // 2 * 2 :]
        return [*self._fixed, *(example(self._tokenizer, noisy(one, values)) for one in [*pairs, *alone])]


def read(held: int, data: Path, work: Path) -> None:
    """What a fold's exported file reads in the texts that it was not shown."""
    folder = work / f"fold-{held}"
    judgments, sentences = ([row for row in rows(data / name) if fold_of(row) == held] for name in ("tab144", "presidio_synth"))
    classifier = TokenClassifier.load(1, folder)
    found = {
        "tab144": {digest(row["text"]): _packed(classifier.candidates(row["text"], ("legal", "general"))) for row in judgments},
        "presidio_synth": {digest(row["text"]): _packed(classifier.candidates(row["text"], ("general",))) for row in sentences},
    }
    (folder / "read.json").write_text(json.dumps(found, separators=(",", ":")) + "\n", "utf-8")


def _packed(found: dict[str, list[Candidate]]) -> dict[str, list[list[object]]]:
    return {
        head: [[one.label, one.start, one.end, round(one.score, 3), round(one.identifies, 3)] for one in spans]
        for head, spans in found.items()
    }


if __name__ == "__main__":
    main()
