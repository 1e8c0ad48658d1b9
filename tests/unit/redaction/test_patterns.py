"""Patterns with a checksum find what is valid and leave what is not; none takes long on bad text."""

import time

import pytest
from chancery_redaction.domain.patterns import FINDERS, find_patterns, iban_valid, luhn
from hypothesis import given
from hypothesis import strategies as st

ALL = frozenset(FINDERS)


def _found(text):
    return {(span.entity_type, text[span.start : span.end]) for span in find_patterns(text, ALL)}


@given(st.text(alphabet="0123456789", min_size=14, max_size=15), st.sampled_from("45"))
def test_a_valid_card_is_found_and_one_with_a_wrong_digit_is_not(body, first):
    digits = first + body[:14]
    check = next(str(digit) for digit in range(10) if luhn(digits + str(digit)))
    wrong = str((int(check) + 1) % 10)
    assert ("CREDIT_CARD", digits + check) in _found(f"my card {digits}{check} was stolen")
    assert not any(kind == "CREDIT_CARD" for kind, _ in _found(f"my card {digits}{wrong} was stolen"))


@given(st.text(alphabet="0123456789", min_size=14, max_size=14))
def test_a_valid_iban_is_found_with_and_without_spaces(body):
    bban = f"NWBK{body}"
    check = next(f"{number:02d}" for number in range(2, 99) if iban_valid(f"GB{number:02d}{bban}"))
    iban = f"GB{check}{bban}"
    spaced = " ".join(iban[at : at + 4] for at in range(0, len(iban), 4))
    assert ("IBAN_CODE", iban) in _found(f"pay to {iban} today")
    assert ("IBAN_CODE", spaced) in _found(f"pay to {spaced} today")


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("write to ann.lee@mail.example now", "EMAIL_ADDRESS", "ann.lee@mail.example"),
        ("sort code 20-45-67", "UK_ACCOUNT", "20-45-67"),
        ("account number 31926819", "UK_ACCOUNT", "31926819"),
        ("I was born on 14 March 1984", "DATE_OF_BIRTH", "14 March 1984"),
        ("my NINO is QQ 12 34 56 C".replace("QQ", "AB"), "UK_NINO", "AB 12 34 56 C"),
        ("I live at 14 Mill Lane, Bristol BS1 4DJ.", "POSTAL_ADDRESS", "14 Mill Lane, Bristol BS1 4DJ"),
    ],
)
def test_each_kind_is_found(text, kind, value):
    assert (kind, value) in _found(text)


@pytest.mark.parametrize("text", ["The fee is £25.00 from 1 March 2026.", "Clause 14.2.1 of the 2025 agreement", "EBITDA of 4,600,000"])
def test_figures_dates_and_clauses_are_left_alone(text):
    assert _found(text) == set()


@pytest.mark.parametrize("piece", ["1", "1 ", "GB29 ", "a@", "a.", "AB1 ", "12 Aa ", "born 1 ", "account ", "20-"])
def test_a_hundred_kilobytes_of_the_worst_take_under_a_second(piece):
    text = (piece * 100_000)[:100_000]
    started = time.process_time()
    find_patterns(text, ALL)
    assert time.process_time() - started < 1
