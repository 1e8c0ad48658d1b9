"""How many English requests are refused for their language (none should be), and how many of other languages are let through.

English: questions to a bank, small talk, judgments with foreign names in them, and sentences with names and addresses of all locales.
Others: sentences of our own, alone, in one request behind an English one, and as a paragraph inside an English letter.
"""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chancery_redaction.adapters.language import LanguageCheck
from chancery_redaction.domain.languages import foreign_script
from chancery_testing.figures import Figure

SETS = {
    "banking77": "text", "clinc150": "text", "nlupp_banking": "text", "presidio_synth": "text", "tab144": "text",
    "financebench": "question",
}  # fmt: skip
FOREIGN = Path(__file__).with_name("foreign_sentences.json")
ENGLISH = ("Please tell me the fee for a replacement card.", "I forward a letter from our customer:", "What should we answer?")


def measure(data_dir: Path, sample: int | None = None) -> list[dict[str, Any]]:
    """Figures; `sample`: only so many texts of each set."""
    check = LanguageCheck()
    return [figure.as_dict() for figure in (*_english(check, data_dir, sample), *_foreign(check), _speed(check, data_dir))]


def texts(data_dir: Path, name: str) -> list[str]:
    """Of one set."""
    file = data_dir / name / ("questions.jsonl" if name == "financebench" else "data.jsonl")
    return [json.loads(line)[SETS[name]] for line in file.read_text("utf-8").splitlines()]


def _english(check: LanguageCheck, data_dir: Path, sample: int | None) -> Iterator[Figure]:
    refused = total = scripts = 0
    for name in SETS:
        rows = texts(data_dir, name)[:sample]
        latin = [text for text in rows if not foreign_script(text)]
        wrong = sum(check.uncovered_now([text], ("en",)) for text in latin)
        refused, total, scripts = refused + wrong, total + len(latin), scripts + len(rows) - len(latin)
        yield Figure(f"languages: English texts of {name} refused", wrong, f"of {len(latin)}")
    words = f"of {total}; {scripts} more hold words of another script, and are refused"
    yield Figure("languages: English texts refused", refused, words, 0, "lower")


def _foreign(check: LanguageCheck) -> Iterator[Figure]:
    kinds: dict[str, list[bool]] = {
        "short sentences": [],
        "paragraphs": [],
        "paragraphs inside an English letter": [],
        "behind English": [],
    }
    for written in json.loads(FOREIGN.read_text("utf-8")).values():
        kinds["short sentences"] += [check.uncovered_now([text], ("en",)) for text in written["short"]]
        kinds["behind English"] += [check.uncovered_now([ENGLISH[0], text], ("en",)) for text in written["short"]]
        kinds["paragraphs"].append(check.uncovered_now([written["long"]], ("en",)))
        kinds["paragraphs inside an English letter"].append(
            check.uncovered_now([f"{ENGLISH[1]}\n\n{written['long']}\n\n{ENGLISH[2]}"], ("en",))
        )
    for kind, found in kinds.items():
        yield Figure(f"languages: foreign {kind} refused", sum(found) / len(found), f"{len(found)} in 24 languages", 0.95)


def _speed(check: LanguageCheck, data_dir: Path) -> Figure:
    rows = texts(data_dir, "tab144")[:20]
    started = time.perf_counter()
    check.uncovered_now(rows, ("en",))
    seconds = time.perf_counter() - started
    return Figure("languages: characters a second", sum(map(len, rows)) / seconds, "judgments, one core")
