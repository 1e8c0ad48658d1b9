"""Tables whose cells stand below one another, as text extraction leaves them."""

from itertools import pairwise

from chancery_generation.domain.extractive.segments import units_of
from hypothesis import given
from hypothesis import strategies as st

STATEMENT = """Statement of Cash Flows
(Millions)

2025

2024

Cash flows from investing activities

Purchases of property, plant and equipment

$
(1,204)
$
(987)
Proceeds from the sale of a business, net of
cash that was sold with it

31

—
See the notes.
17
"""

LINES = ["Net income", "Cash:", "1,204", "$", "(3)", "2025", "—", "", "It rose.", "# Head", "| a | 1 |"]


def rows(text: str) -> dict[str, tuple[str, ...]]:
    return {unit.text: unit.headings for unit in units_of(text) if unit.kind == "row"}


class TestStackedRows:
    def test_a_label_takes_the_cells_below_it_under_the_headers_of_their_columns(self) -> None:
        assert "Purchases of property, plant and equipment; 2025: (1,204); 2024: (987)" in rows(STATEMENT)

    def test_a_label_over_two_lines_is_one(self) -> None:
        assert "Proceeds from the sale of a business, net of cash that was sold with it; 2025: 31; 2024: —" in rows(STATEMENT)

    def test_a_line_alone_above_a_row_is_its_heading(self) -> None:
        assert rows(STATEMENT)["Purchases of property, plant and equipment; 2025: (1,204); 2024: (987)"][-1] == (
            "Cash flows from investing activities"
        )

    def test_the_number_of_a_page_is_no_cell(self) -> None:
        assert not any("17" in text for text in rows(STATEMENT))

    def test_a_row_with_another_number_of_cells_has_no_headers(self) -> None:
        assert "Total: 1,204; 987; 31" in rows("2025\n2024\n\nTotal\n1,204\n987\n31\n")

    def test_a_sentence_before_figures_is_none(self) -> None:
        assert rows("Our profit rose again in the year.\n1,204\n987\n") == {}

    @given(
        st.lists(
            st.sampled_from(["Net income", "Cash:", "1,204", "$", "(3)", "2025", "—", "", "It rose.", "# Head", "| a | 1 |"]), max_size=30
        )
    )
    def test_units_are_in_order_and_inside_the_text(self, lines: list[str]) -> None:
        text = "\n".join(lines)
        units = units_of(text)
        assert all(0 <= unit.start < unit.end <= len(text) for unit in units)
        assert all(one.start <= other.start for one, other in pairwise(units))
