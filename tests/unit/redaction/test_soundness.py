"""What a detector answers is sound, or it is a failure."""

from chancery_redaction.domain.soundness import unsound
from chancery_redaction.domain.spans import Span, settle
from hypothesis import given
from hypothesis import strategies as st

SPANS = st.builds(Span, st.just("PERSON"), st.integers(-3, 25), st.integers(-3, 25), st.floats(0, 1))


@given(st.lists(SPANS))
def test_an_answer_is_sound_exactly_where_its_spans_cut_the_text_in_order(spans):
    bounds = [offset for span in spans for offset in (span.start, span.end)]
    in_order = bounds == sorted(bounds) and all(span.start < span.end for span in spans)
    within = all(0 <= offset <= 20 for offset in bounds)
    assert (unsound(["x" * 20], [spans]) is None) == (in_order and within)


def _within(start, length, score):
    return Span("PERSON", start, min(20, start + length), score)


@given(st.lists(st.builds(_within, st.integers(0, 19), st.integers(1, 20), st.floats(0, 1))))
def test_what_is_settled_is_sound(spans):
    assert unsound(["x" * 20], [settle(spans)]) is None


def test_what_is_wrong_is_said_without_the_datum():
    for found in ([], None, [None], [["Ann"]], [[Span("person ann", 0, 3, 0.9)]], [[Span("PERSON", 0, 3, float("nan"))]]):
        fault = unsound(["Ann Lee"], found)
        assert fault
        assert "ann" not in fault.casefold()
