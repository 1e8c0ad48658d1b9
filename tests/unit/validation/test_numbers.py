"""Numbers are compared as they are meant, not as they are written."""

from datetime import date
from decimal import Decimal

import pytest
from chancery_validation.domain.numbers import Day, Figure, claims, quantities, supported
from hypothesis import given
from hypothesis import strategies as st


def holds(claim: str, source: str) -> bool:
    found = claims(claim)
    assert found, "the claim should hold a number"
    return all(supported(each, [quantities(source)]) for each in found)


class TestForms:
    @pytest.mark.parametrize(
        ("claim", "source"),
        [
            ("£1,000.00", "1000"),
            ("£1.2m", "£1,200,000"),
            ("£1.2 million", "a sum of 1,200,000 pounds"),
            ("3 months", "three months"),
            ("12.5 per cent", "12.5%"),
            ("1.234,50 euros", "€1,234.50"),
            ("31 December 2025", "2025-12-31"),
            ("December 31st, 2025", "31/12/2025"),
            ("2025", "at 31 December 2025"),
            ("£444 million", "| £m | 2025 |\n| Profit | 444 |"),
            ("$1.58 billion", "net sales of $1,577 million"),
            ("(0.5)", "0.5"),
            ("FY2022", "fiscal year 2022"),
            ("3pm", "before 3pm"),
            ("clause 4.2", "under clause 4.2 of this agreement"),
            ("31 December 2024", "| £m | 31 December 2025 | 2024 |"),
            ("December 31, 2016", "at December 31, 2018, 2017 and 2016"),
            ("December 31, 2017", "December31,\n\n2018\n\n2017\nGoodwill"),
            ("$12,645 million", "(Dollarsinmillions,exceptpersharedata)\nProperty, net\n12,645"),
            ("$302,578,000", "(Inthousands,exceptsharedata)\nAccounts payable\n$\n302,578"),
        ],
    )
    def test_the_same(self, claim: str, source: str) -> None:
        assert holds(claim, source)

    @pytest.mark.parametrize(
        ("claim", "source"),
        [
            ("£5", "$5"),
            ("5%", "£5"),
            ("£444 billion", "| £m | 2025 |\n| Profit | 444 |"),
            ("£1.3m", "£1,200,000"),
            ("31 December 2025", "31 December 2024"),
            ("25 March 2030", "The term begins on 25 March 2025. It is reviewed in 2030."),
            ("25 March 2030", "On 25 March 2025, 2030 shares were allotted."),
            ("1 December 2025", "31 December 2025"),
            ("61 days", "60 days"),
            ("£1,235", "£1,234.60"),
            ("10", "100"),
        ],
    )
    def test_not_the_same(self, claim: str, source: str) -> None:
        assert not holds(claim, source)

    def test_list_numbers_claim_nothing(self) -> None:
        assert claims("1. First\n2) Second") == []

    def test_clause_numbers_of_three_parts_are_no_figures(self) -> None:
        assert claims("see 4.2.1") == []

    def test_a_huge_number_is_no_trouble(self) -> None:
        assert claims("9" * 5000) == []


class TestProperties:
    @given(st.integers(0, 10**12), st.sampled_from(["£", "$", "€", ""]))
    def test_separators_do_not_matter(self, value: int, sign: str) -> None:
        assert claims(f"{sign}{value:,}") == claims(f"{sign}{value}") == [Figure(Decimal(value).normalize(), sign)]

    @given(st.decimals(0, 10**6, places=2))
    def test_trailing_zeros_do_not_matter(self, value: Decimal) -> None:
        assert holds(f"{value:.2f}", f"{value:.4f}")

    @given(st.dates(date(1900, 1, 1), date(2099, 12, 31)))
    def test_every_way_to_write_a_date(self, day: date) -> None:
        ways = [day.isoformat(), f"{day.day} {day:%B} {day.year}", f"{day:%b} {day.day}, {day.year}", f"{day.day}/{day.month}/{day.year}"]
        for way in ways:
            (found,) = claims(way)
            assert isinstance(found, Day)
            assert all(holds(way, other) for other in ways)

    @given(st.text(max_size=200))
    def test_any_text_bears_itself_out(self, text: str) -> None:
        assert all(supported(claim, [quantities(text)]) for claim in claims(text))
