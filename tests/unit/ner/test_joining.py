"""Spans of judgments that are one value, and the thresholds of a profile."""

import pytest
from chancery_ner import Candidate, Profile, apply


def candidates(text: str, *marked: tuple[str, str, float]) -> list[Candidate]:
    found, at = [], 0
    for label, value, identifies in marked:
        start = text.index(value, at)
        at = start + len(value)
        found.append(Candidate(label, start, at, 0.9, identifies))
    return found


LABELS = ("PERSON", "CODE", "LOCATION", "ORGANIZATION", "DEMOGRAPHIC", "DATE_TIME", "QUANTITY", "MISC")
LEGAL = Profile("legal", dict.fromkeys(LABELS, 0.5), {"ORGANIZATION": 0.4})


def hidden(text: str, *marked: tuple[str, str, float]) -> list[str]:
    return [text[one.start : one.end] for one in apply(text, candidates(text, *marked), LEGAL) if one.identifying]


@pytest.mark.parametrize(
    ("text", "marked", "expected"),
    [
        ("He owed PLN 40 [approx. EUR 10] then.", [("QUANTITY", "PLN 40", 1.0), ("QUANTITY", "EUR 10", 1.0)], ["PLN 40 [approx. EUR 10"]),
        (
            "Heard on 8 February and 1 April 1999.",
            [("DATE_TIME", "8 February", 1.0), ("DATE_TIME", "1 April 1999", 1.0)],
            ["8 February and 1 April 1999"],
        ),
        (
            "On 8 May 1998 and 1 April 1999.",
            [("DATE_TIME", "8 May 1998", 1.0), ("DATE_TIME", "1 April 1999", 1.0)],
            ["8 May 1998", "1 April 1999"],
        ),
        ("A Turkish national came.", [("DEMOGRAPHIC", "Turkish", 1.0)], ["Turkish national"]),
        (
            "The Mersin Civil Court of First Instance ruled.",
            [("ORGANIZATION", "Mersin Civil Court", 0.9)],
            ["Mersin Civil Court of First Instance"],
        ),
    ],
)
def test_what_is_one_value_is_one_span(text: str, marked: list[tuple[str, str, float]], expected: list[str]) -> None:
    assert hidden(text, *marked) == expected


def test_a_tail_that_belongs_to_another_span_stays_there() -> None:
    text = "The Court of First Instance sat."
    found = apply(text, candidates(text, ("ORGANIZATION", "Court", 0.9), ("MISC", "First Instance", 0.9)), LEGAL)
    assert [text[one.start : one.end] for one in found] == ["Court", "First Instance"]


def test_equal_values_identify_together_by_their_mean() -> None:
    text = "The Labour Court sat. Then the Labour Court ruled."
    assert hidden(text, ("ORGANIZATION", "Labour Court", 0.7), ("ORGANIZATION", "Labour Court", 0.2)) == ["Labour Court", "Labour Court"]
    assert hidden(text, ("ORGANIZATION", "Labour Court", 0.5), ("ORGANIZATION", "Labour Court", 0.2)) == []


def test_what_is_below_its_score_or_unlisted_is_not_found() -> None:
    text = "Ann met Bob"
    low = [Candidate("PERSON", 0, 3, 0.4, 1.0), Candidate("TITLE", 8, 11, 0.9, 1.0)]
    assert apply(text, low, LEGAL) == []


def test_scores_begin_at_a_half_at_the_threshold() -> None:
    text = "Ann met Bob and Eve"
    found = [Candidate("PERSON", 0, 3, 0.5, 1.0), Candidate("PERSON", 8, 11, 0.75, 1.0), Candidate("PERSON", 16, 19, 1.0, 1.0)]
    assert [one.score for one in apply(text, found, LEGAL)] == [0.5, 0.75, 1.0]
