"""Markers become citations."""

from chancery_contracts.interactions import Passage
from chancery_generation.domain.citing import read_answer
from hypothesis import given
from hypothesis import strategies as st

PASSAGES = tuple(
    Passage(passage_id=f"p{n}", document_id="d", document_version=1, title="T", start=0, end=1, text="x", score=1.0) for n in (1, 2, 3)
)


def cited(text: str) -> list[tuple[str, str]]:
    answer = read_answer(text, PASSAGES)
    return [(answer.text[c.start : c.end], c.passage_id) for c in answer.citations]


class TestMarkers:
    def test_before_and_after_the_full_stop(self) -> None:
        assert cited("The fee is £5 [1]. It is due in May. [2]") == [("The fee is £5.", "p1"), ("It is due in May.", "p2")]

    def test_several_at_once(self) -> None:
        assert [found for _, found in cited("The fee is £5 [1, 3][2].")] == ["p1", "p2", "p3"]

    def test_the_text_is_left_without_them(self) -> None:
        assert read_answer("The fee [1] is £5 [2].", PASSAGES).text == "The fee is £5."

    def test_a_number_that_is_no_passage_stays(self) -> None:
        text = "It was held in Smith v Jones [2019] UKSC 4."
        assert read_answer(text, PASSAGES).text == text
        assert cited(text) == []

    def test_a_link_is_no_marker(self) -> None:
        assert "[1](https://x)" in read_answer("See [1](https://x).", PASSAGES).text

    @given(st.text(alphabet="ab .[]123,\n", max_size=120))
    def test_spans_always_lie_in_the_text(self, text: str) -> None:
        answer = read_answer(text, PASSAGES)
        assert all(0 <= c.start < c.end <= len(answer.text) for c in answer.citations)


class TestUnanswerable:
    def test_the_agreed_words(self) -> None:
        assert read_answer("The documents do not hold an answer to this question.", PASSAGES).unanswerable

    def test_like_words(self) -> None:
        assert read_answer("The provided passages do not contain that figure.", PASSAGES).unanswerable

    def test_not_if_it_goes_on_to_claim_something(self) -> None:
        assert not read_answer("The documents do not hold an answer to this question. But the fee is £5 [1].", PASSAGES).unanswerable
        assert not read_answer("The documents do not hold an answer to this question. " + "It is so. " * 40, PASSAGES).unanswerable
