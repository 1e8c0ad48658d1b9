"""The form of a number against what the model says of it."""

import pytest
from chancery_ner import Candidate, Profile, apply

ALL = Profile(
    "general", dict.fromkeys(("PHONE_NUMBER", "CREDIT_CARD", "IBAN_CODE", "US_SSN", "US_DRIVER_LICENSE", "IP_ADDRESS", "ORGANIZATION"), 0.5)
)


@pytest.mark.parametrize(
    ("said", "value", "label"),
    [
        ("PHONE_NUMBER", "41.173.96.26", "IP_ADDRESS"),
        ("PHONE_NUMBER", "4753972916425284", "CREDIT_CARD"),
        ("IBAN_CODE", "4119 2684 6946 2942", "CREDIT_CARD"),
        ("US_SSN", "2270-66-1551", "US_DRIVER_LICENSE"),
        ("US_SSN", "460-89-9847", "US_SSN"),
        ("PHONE_NUMBER", "+447700208815", "PHONE_NUMBER"),
        ("PHONE_NUMBER", "020 7946 0018", "PHONE_NUMBER"),
        ("IBAN_CODE", "GB59IFUE40226315499137", "IBAN_CODE"),
        ("ORGANIZATION", "The Firm", "ORGANIZATION"),
    ],
)
def test_a_number_has_the_type_of_its_form(said: str, value: str, label: str) -> None:
    assert [one.label for one in apply(value, [Candidate(said, 0, len(value), 0.9, 1.0)], ALL)] == [label]


def test_a_lone_article_is_nothing() -> None:
    assert apply("The end", [Candidate("ORGANIZATION", 0, 3, 0.9, 1.0)], ALL) == []
