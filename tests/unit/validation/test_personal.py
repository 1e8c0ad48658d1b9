"""Personal data are found by form and checksum."""

import pytest
from chancery_validation.domain.personal import personal_data
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("write to j.trevithick@example.com", "e-mail address"),
        ("IBAN GB29 NWBK 6016 1331 9268 19", "IBAN"),
        ("IBAN DE89370400440532013000", "IBAN"),
        ("card 4111 1111 1111 1111", "card number"),
        ("ring +44 7700 900642", "telephone number"),
        ("ring 07700 900318", "telephone number"),
        ("NI number AB 12 34 56 C", "national insurance number"),
        ("SSN 123-45-6789", "social security number"),
    ],
)
def test_found(text: str, kind: str) -> None:
    assert [datum.kind for datum in personal_data(text)] == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "card 4111 1111 1111 1112",
        "IBAN GB29 NWBK 6016 1331 9268 18",
        "£1,234,567.00 on 31/12/2025 at 14:30",
        "from 2,130 to 1,948 in 2024 and 2025",
        "clause 4.2, 160 tokens, 0.84% of accounts",
        "912-12-3456",
    ],
)
def test_not_taken_for_one(text: str) -> None:
    assert personal_data(text) == []


@given(st.text(alphabet="0123456789 +-()@.aAB", max_size=300))
def test_any_text_is_read(text: str) -> None:
    for datum in personal_data(text):
        assert datum.text in text
