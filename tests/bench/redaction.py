"""How fast is personal data found? Ours against stock Presidio on the same texts, on one core, in the same run; and what memory does.

Stock: Presidio as it comes, with all its English recognizers and spaCy's small model. Ours: the detector as the service runs it, with
every type of its recognizers, names of persons, organisations and places. Texts: paragraphs of the samples between sentences made
unlike each other. They are taken in turns, a block each, so that what else the machine does falls on both; time is the process's.

Memory: resident size after a tenth of the texts, once all caches are warm, against its size after all of them. The worst texts come
from `tests/unit/redaction/worst_texts.py`, 100,000 characters for each pattern.
"""

import gc
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psutil
from chancery_contracts.bodies import RedactionPolicyBody
from chancery_redaction.adapters.entities import Model, make_entities
from chancery_redaction.adapters.searching import SearchingDetector
from chancery_redaction.domain.recognizers import RECOGNIZERS, TYPES
from chancery_testing.figures import Figure

MODEL: Model = "model"
CHARACTERS = 400_000
BLOCK = 20_000
TEXTS = 200_000
SHORT_TEXT = 100
"""Characters of each of them: memory grows by the words that are new, not by the length."""
WORST = 100_000
HERE = Path(__file__).resolve()
SAMPLES = HERE.parents[2] / "libs" / "cli" / "src" / "chancery_cli" / "samples"
NAMES = ("Ann Lee", "Robert Okafor", "Maria Duarte", "James Whitfield", "Helena Novak", "Tomasz Zielinski", "Priya Raman", "Owen Price")


def measure() -> list[Figure]:
    """Figures of speed, memory and the worst texts."""
    detector = SearchingDetector(make_entities(MODEL), threads=1)
    policy = RedactionPolicyBody(entity_types=tuple(sorted(TYPES | {"PERSON", "LOCATION", "ORGANIZATION", "DATE_TIME", "NRP"})))

    def ours(text: str) -> object:
        return detector.detect_all([text], policy)

    try:
        return [*_speed(ours), *_memory(ours), *_worst()]
    finally:
        detector.close()


def _speed(ours: Callable[[str], object]) -> Iterator[Figure]:
    stock = _stock()
    texts = list(_texts(random.Random(3), CHARACTERS))
    for find in (ours, stock):
        find(texts[0])
    seconds = {"ours": 0.0, "stock": 0.0}
    block: list[str] = []
    for text in texts:
        block.append(text)
        if sum(map(len, block)) >= BLOCK or text is texts[-1]:
            seconds["ours"] += _seconds(ours, block)
            seconds["stock"] += _seconds(stock, block)
            block = []
    total = sum(map(len, texts))
    speed, peer = total / seconds["ours"], total / seconds["stock"]
    words = f"characters/s of one core, {len(texts)} texts of {total // len(texts)} characters"
    yield Figure("whole detector", speed, words, 2 * peer, peer=f"stock Presidio {peer:,.0f}")
    yield Figure("whole detector, times stock Presidio", speed / peer, "ratio", 2)


def _seconds(find: Callable[[str], object], texts: Sequence[str]) -> float:
    started = time.process_time()
    for text in texts:
        find(text)
    return time.process_time() - started


def _memory(ours: Callable[[str], object]) -> Iterator[Figure]:
    draw, process = random.Random(5), psutil.Process()
    sizes = []
    for number in range(TEXTS):
        ours(_sentence(draw)[:SHORT_TEXT])
        if number + 1 in (max(1, TEXTS // 10), TEXTS):
            gc.collect()
            sizes.append(process.memory_info().rss)
    growth = abs(sizes[1] / sizes[0] - 1) * 100
    words = f"% of the resident size ({sizes[0] >> 20} MiB, then {sizes[1] >> 20}) between {TEXTS // 10:,} and {TEXTS:,} texts"
    yield Figure("memory, change", growth, words, 5, "lower")


def _worst() -> Iterator[Figure]:
    sys.path.insert(0, str(HERE.parents[1] / "unit" / "redaction"))
    from worst_texts import worst_texts

    slowest, name = 0.0, ""
    for one in RECOGNIZERS:
        for text in worst_texts(one.pattern, WORST):
            started = time.process_time()
            for _ in one.find(text):
                pass
            if time.process_time() - started > slowest:
                slowest, name = time.process_time() - started, one.entity_type
    yield Figure("worst text of any pattern", slowest, f"s of {WORST:,} characters ({name}), {len(RECOGNIZERS)} patterns", 1, "lower")


def _texts(draw: random.Random, characters: int) -> Iterator[str]:
    paragraphs = [part for path in sorted(SAMPLES.rglob("*.md")) for part in path.read_text("utf-8").split("\n\n") if len(part) > 80]
    made = 0
    while made < characters:
        text = " ".join([_sentence(draw), *draw.sample(paragraphs, 3), _sentence(draw)])
        made += len(text)
        yield text


def _sentence(draw: random.Random) -> str:
    """Of no two texts alike: a memory of words would grow."""
    name, number = draw.choice(NAMES), draw.randint(10_000_000, 99_999_999)
    unheard = "".join(draw.choice("abcdefghiklmnoprstuvwz") for _ in range(9)).title()
    return (
        f"Dear {name}, thank you for your letter on {unheard} Holdings. Your account {number} was charged £{number % 9_973}.50 "
        f"on {draw.randint(1, 28)} March 2026; call 020 7946 {number % 10_000:04d} or write to {unheard.lower()}@mail.example."
    )


def _stock() -> Callable[[str], object]:
    sys.path.insert(0, str(HERE.parents[1]))
    from stock_presidio import stock_analyzer

    analyzer = stock_analyzer()
    return lambda text: analyzer.analyze(text=text, language="en")
