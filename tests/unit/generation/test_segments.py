"""Passages are cut into units that can be quoted."""

from itertools import pairwise

from chancery_generation.domain.extractive.segments import sentence_spans, units_of
from hypothesis import given
from hypothesis import strategies as st


def texts(passage: str) -> list[str]:
    return [unit.text for unit in units_of(passage)]


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


class TestSentences:
    def test_abbreviations_and_initials_do_not_end_a_sentence(self) -> None:
        text = "See Smith v. Jones, e.g. at no. 5, by J. R. Hartley of Acme Ltd. and others. The rest follows."
        assert len(sentences(text)) == 2

    def test_a_clause_number_does_not_end_a_sentence(self) -> None:
        assert sentences("4.2. The Bank may end this agreement. 4.3. So may you.") == [
            "4.2. The Bank may end this agreement.",
            "4.3. So may you.",
        ]

    def test_a_figure_before_the_full_stop_ends_it(self) -> None:
        assert len(sentences("The fee for the second year is 25. Nothing else is due.")) == 2

    @given(st.text(max_size=400))
    def test_spans_are_in_order_and_hold_all_but_white_space(self, text: str) -> None:
        spans = list(sentence_spans(text))
        assert all(start < end for start, end in spans)
        assert all(before[1] <= after[0] for before, after in pairwise(spans))
        assert "".join("".join(text[start:end].split()) for start, end in spans) == "".join(text.split())


class TestUnits:
    def test_headings_are_context_and_not_units(self) -> None:
        (unit,) = units_of("## Fees\n\n### Cards\n\nA replacement costs £5.")
        assert unit.headings == ("Fees", "Cards")
        assert unit.text == "A replacement costs £5."

    def test_a_row_says_its_columns(self) -> None:
        assert texts("| Service | Fee |\n|---|---:|\n| Card | £5 |\n| Copy | **free** |") == [
            "Service: Card; Fee: £5",
            "Service: Copy; Fee: free",
        ]

    def test_items_are_units_of_their_own_without_their_bullets(self) -> None:
        units = units_of("You may:\n- call us, or\n- write to us.\n\n(a) The first limb.")
        assert [(unit.kind, unit.text) for unit in units] == [
            ("sentence", "You may:"),
            ("item", "call us, or"),
            ("item", "write to us."),
            ("item", "(a) The first limb."),
        ]

    def test_wrapped_lines_are_one_sentence(self) -> None:
        assert texts("The notice\nperiod is\n60 days.") == ["The notice period is 60 days."]

    @given(st.text(alphabet="ab |#-.\n1:*", max_size=200))
    def test_every_unit_lies_inside_the_passage(self, text: str) -> None:
        for unit in units_of(text):
            assert 0 <= unit.start < unit.end <= len(text)
