"""A hundred kilobytes of the worst text that is found for each pattern takes under a second."""

import time

import pytest
from chancery_redaction.domain.coreference import refer
from chancery_redaction.domain.recognizers import RECOGNIZERS, TYPES, recognize
from chancery_redaction.domain.spans import Span, settle
from unit.redaction.worst_texts import worst_texts

SECONDS = 1.0


def _seconds(work, text):
    started = time.process_time()
    work(text)
    return time.process_time() - started


@pytest.mark.parametrize("recognizer", RECOGNIZERS, ids=lambda one: f"{one.entity_type}-{RECOGNIZERS.index(one)}")
def test_each_pattern_is_done_with_its_worst_text_in_a_second(recognizer):
    worst = max(worst_texts(recognizer.pattern), key=lambda text: _seconds(lambda one: list(recognizer.find(one)), text[:10_000]))
    taken = min(_seconds(lambda one: list(recognizer.find(one)), worst) for _ in range(2))
    assert taken < SECONDS, worst[:80]


@pytest.mark.parametrize("piece", ["1", "1 ", "GB29 ", "a@", "a.", "AB1 ", "12 Aa ", "born 1 ", "account ", "20-", "Aa ", "case no. 1 "])
def test_all_patterns_together_are_done_in_a_second(piece):
    text = (piece * 100_000)[:100_000]
    assert min(_seconds(lambda one: recognize(one, TYPES, frozenset({"en", "de"})), text) for _ in range(2)) < SECONDS


def test_settling_and_referring_take_time_by_the_length_alone():
    text = "Ann Lee, " * 11_000
    spans = [Span("PERSON", at, at + 7, 0.9) for at in range(0, len(text) - 9, 9)] + [Span("AGE", at, at + 1, 0.5) for at in range(99_000)]
    assert min(_seconds(lambda one: settle(refer([one], [spans])[0]), text) for _ in range(2)) < SECONDS
