"""What a model takes for a person and is a firm, an acronym or a piece of an identifier is taken back; persons stay."""

import pytest
from chancery_redaction.domain.plausible import plausible
from chancery_redaction.domain.spans import Span


def _stays(text, value, kind="PERSON"):
    start = text.index(value)
    return bool(plausible(text, [Span(kind, start, start + len(value), 0.9)]))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Halvard Foods Limited sells fish", "Halvard"),
        ("Skagen Ferskvann AS sells fish", "Skagen Ferskvann"),
        ("Brightwater Ltd. Then Brightwater pays.", "Brightwater pays"[:11]),
        ("file brightwater-fenwick-dpa.md", "brightwater-fenwick-dpa"),
        ("tenant: aldgate-law", "aldgate"),
        ("compounded SONIA plus 2%", "SONIA"),
        ("FCA Immingham (Incoterms)", "FCA Immingham"),
        ("pay by BIC MRDNGB2L today", "MRDNGB2L"),
        ("the Mark is used", "Mark"),
        ("<PERSON_7K2M> wrote", "PERSON_7K2M"),
        ("Meridian Bank wrote", "Meridian"),
        ("Halvard, Inc. sells fish", "Halvard"),
    ],
)
def test_what_is_no_person_is_taken_back(text, value):
    assert not _stays(text, value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Ann Lee wrote", "Ann Lee"),
        ("my name is ann lee", "ann lee"),
        ("ANN LEE wrote", "ANN LEE"),
        ("J.P. Okafor wrote", "J.P. Okafor"),
        ("Mr Halvard of Halvard Foods Limited", "Halvard"),
        ("Sigrid Halvard-Moss signed", "Sigrid Halvard-Moss"),
        ("Joanna Trevellick, director of Penrose Limited", "Joanna Trevellick"),
        ("Joanna Trevellick, Penrose Bank, signed", "Joanna Trevellick"),
        ("Joanna Trevellick, Group Head of Risk", "Joanna Trevellick"),
        ("the claimant van der Berg said", "van der Berg"),
        ("counsel for de Souza replied", "de Souza"),
        ("Claimant: LEIGH, Ann", "LEIGH, Ann"),
        ("TREVELLICK Joanna appeared", "TREVELLICK Joanna"),
    ],
)
def test_persons_stay(text, value):
    assert _stays(text, value)


def test_figures_are_no_telephones_and_no_addresses():
    assert not _stays("see page 159", "159", "PHONE_NUMBER")
    assert not _stays("clause 15.3 says", "15.3", "POSTAL_ADDRESS")
    assert _stays("at Halvard House, Hull", "Halvard House, Hull", "POSTAL_ADDRESS")
    assert _stays("my zip code is 45402", "45402", "POSTAL_ADDRESS")
    assert _stays("to 14 hollow quay, hull", "14 hollow quay, hull", "POSTAL_ADDRESS")
    assert not _stays("it rose by 45402", "45402", "POSTAL_ADDRESS")
