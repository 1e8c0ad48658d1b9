"""Fits the weights of `chancery_prompting.tokens` to real tokenizers, and tells how far the estimate is off. Development only.

    uv run --with bpe-openai --with mistral-common --with scipy python libs/prompting/training/fit_tokens.py DATA_FOLDER

DATA_FOLDER as `shared/data`: judgments (tab144), tables (tatqa), questions (banking77) may be trained on; filings (financebench) are only
measured. Half of each kind is fitted, the other half is measured.
"""

import json
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy
from chancery_prompting.tokens import WEIGHTS, features
from scipy.optimize import nnls

ROOT = Path(__file__).resolve().parents[3]
LONGEST, MOST = 6_000, 150
MEASURED_ONLY = {"filings"}
EAST_ASIAN = {"o200k_base": 0.78, "cl100k_base": 1.17, "tekken": 0.87}
"""Tokens a character, measured on Chinese sentences alone: among the other texts only broken glyphs stand there."""


def lines(path: Path) -> Iterator[dict]:
    """Records of a JSON Lines file."""
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def corpora(data: Path) -> dict[str, list[str]]:
    """Texts by kind."""
    questions = [record["text"] for record in lines(data / "banking77/data.jsonl")]
    found = {
        "filings": [record["text"] for record in lines(data / "financebench/pages.jsonl")],
        "judgments": [record["text"] for record in lines(data / "tab144/data.jsonl")],
        "questions": ["\n".join(questions[at : at + 20]) for at in range(0, len(questions), 20)],
        "tables": [json.dumps(record) for record in lines(data / "tatqa/data.jsonl")],
        "json": [path.read_text("utf-8") for path in (ROOT / "libs/contracts/schemas").glob("*.json")],
        "code": [path.read_text("utf-8") for path in (ROOT / "services").rglob("*.py")],
    }
    foreign = list(strings(json.loads((ROOT / "tests/quality/foreign_sentences.json").read_text("utf-8"))))
    found["foreign"] = ["\n".join(foreign[at : at + 3]) for at in range(0, len(foreign), 3)]
    generator = random.Random(1)  # noqa: S311
    return {kind: [text[:LONGEST] for text in generator.sample(texts, min(MOST, len(texts)))] for kind, texts in found.items()}


def strings(node: object) -> Iterator[str]:
    """Every text in a JSON document."""
    if isinstance(node, str):
        yield node
    for one in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from strings(one)


def counters() -> dict[str, Callable[[str], int]]:
    """Real ones, by family."""
    import bpe_openai
    import mistral_common
    from mistral_common.tokens.tokenizers.tekken import Tekkenizer

    tekken = Tekkenizer.from_file(str(Path(mistral_common.__file__).parent / "data/tekken_240911.json"))
    found: dict[str, Callable[[str], int]] = {"tekken": lambda text: len(tekken.encode(text, bos=False, eos=False))}
    for name in ("o200k_base", "cl100k_base"):
        encoding = bpe_openai.get_encoding(name)
        found[name] = lambda text, encoding=encoding: len(encoding.encode_ordinary(text))
    return found


def main() -> None:
    """Prints weights and errors, of the fit and of what is in the code."""
    texts = [(kind, text) for kind, found in corpora(Path(sys.argv[1])).items() for text in found]
    matrix = numpy.array([features(text) for _, text in texts], float)
    kinds = numpy.array([kind for kind, _ in texts])
    train = (numpy.arange(len(texts)) % 2 == 0) & ~numpy.isin(kinds, list(MEASURED_ONLY))
    for family, count in counters().items():
        truth = numpy.array([count(text) for _, text in texts], float)
        weight = 1 / numpy.sqrt(numpy.maximum(truth, 1))
        rest, known = numpy.delete(matrix, -2, axis=1), EAST_ASIAN[family] * matrix[:, -2]
        fitted, _ = nnls((rest * weight[:, None])[train], ((truth - known) * weight)[train])
        fitted = numpy.insert(fitted, -1, EAST_ASIAN[family])
        print(family, [round(float(one), 2) for one in fitted])
        used = matrix @ (fitted if "--fitted" in sys.argv else numpy.array(WEIGHTS[family].row()))
        for kind in sorted(set(kinds)):
            held = (kinds == kind) & ~train
            error = (used[held] - truth[held]) / truth[held]
            plain = numpy.array([len(text) / 4 for _, text in texts])[held] / truth[held] - 1
            print(
                f"  {kind:10} n={held.sum():3} bias {error.mean():+.3f} mean {abs(error).mean():.3f} "
                f"worst {abs(error).max():.3f} | characters/4: mean {abs(plain).mean():.3f} worst {abs(plain).max():.3f}"
            )


if __name__ == "__main__":
    main()
