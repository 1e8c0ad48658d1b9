"""Are identifiers with check digits found, and are figures left alone?

Recall: 20,000 identifiers of 16 types, made by `identifiers_made.py` (which shares no code with the recognizers), each in running
text of ours between amounts, dates and clauses. Found means: exactly these characters, as this type, with every type asked for and the
default threshold. False positives: a million characters of annual reports (`financebench`), in which only figures, dates and numbers of
clauses stand, and what a company says of itself on its cover: its EIN, its telephone number. What the words around it say to be such a
number is told apart; all else counts as false. Run alone: `python <this file> <folder> [count]`.
"""

import json
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chancery_redaction.domain.recognizers import TYPES, recognize
from chancery_redaction.domain.spans import Span, settle
from chancery_testing.figures import Figure
from identifiers_made import MADE

COUNT = 20_000
CHARACTERS = 1_000_000
THRESHOLD = 0.4
SEED = 11
BEFORE = (
    "Dear Sirs, the invoice of 12 March 2026 over £1,204.50 is overdue.",
    "Under clause 14.2.1 the borrower repays EUR 250,000.00 in 12 instalments of 20,833.33.",
    "Revenue rose by 12.4% to $4,600 million (2024: 4,093).",
    "We met at 10:30 on 4 June; page 17 of 230 was missing.",
    "The tariff of section 3(b) was 0.75%, from 01/04/2025 on.",
)
AFTER = (
    "Please confirm by 30 April 2026.",
    "The balance of 3,417.20 follows in 14 days.",
    "See pages 12-19 and note 7 (2019: 1 345 678).",
    "Thank you for your patience over the last 3 weeks.",
)
NO_IDENTIFIERS = frozenset({"POSTAL_ADDRESS", "URL", "EMAIL_ADDRESS", "TITLE", "ROLE", "AGE", "DATE_OF_BIRTH"})
"""Not identifiers: places, sites, words."""
SAID = re.compile(r"employer\s+identification|telephone|phone|fax|commission\s+file|registrant|executive\s+offices", re.IGNORECASE)
NEAR = 120


def measure(data_dir: Path, sample: int | None = None) -> list[dict[str, Any]]:
    """Figures; `sample`: so many identifiers, and fifty characters of reports for each."""
    count = sample or COUNT
    figures = [*_recall(count), *_false(data_dir / "financebench" / "pages.jsonl", min(CHARACTERS, count * 50))]
    return [figure.as_dict() for figure in figures]


def _recall(count: int) -> Iterator[Figure]:
    draw = random.Random(SEED)
    made: Counter[str] = Counter()
    found: Counter[str] = Counter()
    masked = 0
    for number in range(count):
        kind = list(MADE)[number % len(MADE)]
        text, start, end = _in_running_text(draw, kind)
        spans = _spans(text)
        made[kind] += 1
        found[kind] += Span(kind, start, end, 0) in [Span(one.entity_type, one.start, one.end, 0) for one in spans]
        masked += all(any(one.start <= at < one.end for one in spans) for at in range(start, end) if text[at].isalnum())
    yield Figure("identifiers with check digits, recall", found.total() / count, f"of {count:,}, {len(MADE)} types", 0.999)
    yield Figure("identifiers with check digits, masked as whatever type", masked / count, f"of {count:,}", 0.999)
    for kind in MADE:
        yield Figure(f"{kind}, recall", found[kind] / made[kind], f"of {made[kind]:,}")


def _in_running_text(draw: random.Random, kind: str) -> tuple[str, int, int]:
    make, sentences = MADE[kind]
    value, sentence = make(draw), draw.choice(sentences)
    before = f"{draw.choice(BEFORE)} {sentence[: sentence.index('{}')]}"
    text = f"{before}{value}{sentence[sentence.index('{}') + 2 :]} {draw.choice(AFTER)}"
    return text, len(before), len(before) + len(value)


def _spans(text: str) -> list[Span]:
    return settle(span for span in recognize(text, TYPES, frozenset({"en"})) if span.score >= THRESHOLD)


def _false(path: Path, wanted: int) -> Iterator[Figure]:
    false: Counter[str] = Counter()
    said: Counter[str] = Counter()
    other: Counter[str] = Counter()
    read = 0
    for text in _pages(path):
        for span in _spans(text):
            near = text[max(0, span.start - NEAR) : span.end + NEAR]
            kinds = other if span.entity_type in NO_IDENTIFIERS else said if SAID.search(near) else false
            kinds[span.entity_type] += 1
        read += len(text)
        if read >= wanted:
            break
    words = f"per 100,000 characters of annual reports, of {read:,}; by type: {_told(false)}; said to be such a number: {_told(said)}"
    yield Figure("identifiers, false positives", false.total() * 100_000 / read, words, 5, "lower")
    all_words = "per 100,000 characters, those of the covers too"
    yield Figure("identifiers, found at all", (false + said).total() * 100_000 / read, all_words, 5, "lower")
    others = f"per 100,000 characters, most of them there; by type: {_told(other)}"
    yield Figure("places, sites, words, found", other.total() * 100_000 / read, others)


def _pages(path: Path) -> Iterator[str]:
    """In an order that mixes the companies."""
    lines = path.read_text("utf-8").splitlines()
    random.Random(SEED).shuffle(lines)
    return (json.loads(line)["text"] for line in lines)


def _told(counts: Counter[str]) -> str:
    return ", ".join(f"{kind} {count}" for kind, count in counts.most_common()) or "none"


if __name__ == "__main__":
    for one in measure(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else None):
        print(json.dumps(one))
