"""A name above an address is the addressee's; an address without one stays whole."""

import pytest
from chancery_ner.addressees import apart
from chancery_ner.entity import Candidate


def parts(text):
    return [(one.label, text[one.start : one.end]) for one in apart(text, Candidate("POSTAL_ADDRESS", 0, len(text), 0.9, 1.0))]


@pytest.mark.parametrize("name", ["Joanna Trevellick", "J. M. Trevellick", "Siân O'Hara-Moss"])
def test_the_first_line_is_a_person(name):
    block = f"{name}\n   14 Mill Lane\n   Bristol BS1 4DJ"
    assert parts(block) == [("PERSON", name), ("POSTAL_ADDRESS", "14 Mill Lane\n   Bristol BS1 4DJ")]


@pytest.mark.parametrize(
    "block",
    [
        "14 Mill Lane\nBristol BS1 4DJ",
        "Halvard House\n3 Quay",
        "Colorado Springs\nCO 80903",
        "Ann Lee\nBristol",
        "Ann Lee, 14 Mill Lane, Hull",
    ],
)
def test_an_address_without_a_name_in_front_stays(block):
    assert parts(block) == [("POSTAL_ADDRESS", block)]


def test_other_entities_stay():
    one = Candidate("ORGANIZATION", 0, 14, 0.9, 1.0)
    assert list(apart("Ann Lee\n14 Way", one)) == [one]
