"""A person's spellings are found as whole words, in texts and in JSON as it was written."""

import json

import pytest
from chancery_contracts.phrases import ERASED, Phrases, as_written
from hypothesis import given
from hypothesis import strategies as st

NAMES = st.lists(st.text(st.characters(categories=("Lu", "Ll")), min_size=2, max_size=8), min_size=1, max_size=3).map(" ".join)
AROUND = st.text(max_size=30)
NUMBERS = st.text("0123456789 .,;\n", max_size=30)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Ann Lee", "ANN  lee"), ("Ann Lee", "Ann\nLee"), ("Ann Lee", "(Ann Lee)"), ("Ann O'Neil", "Ann O’Neil"),
        ("Jean-Luc", "jean\u2011luc"), ('Ann "Nan" Lee', "Ann “Nan” Lee"), ('Ann "Nan" Lee', as_written(['Ann "Nan" Lee'])),
        ("Zo\u00eb", "Zoe\u0308"), ("GB29 NWBK 6016 1331 9268 19", "gb29nwbk60161331926819"), ("07700 900471", "07700-900 471"),
        ("a.lee@bank.example", "<A.Lee@bank.example>"), ("a.lee@bank.example", "to a.lee@bank.example."),
    ],
)  # fmt: skip
def test_a_spelling_is_found(value, text):
    assert Phrases([value]).occur(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [("Ann Lee", "Joann Lee"), ("Ann Lee", "Ann Leeds"), ("Ann Lee", "Ann and Lee"), ("07700 900471", "107700900471"), ("Lee", "sleek")],
)
def test_another_word_is_not(value, text):
    assert not Phrases([value]).occur(text)


def test_nobody_is_found_nowhere():
    assert not Phrases([]).occur("Ann Lee")


@given(name=NAMES, before=NUMBERS, after=NUMBERS)
def test_what_is_erased_goes_and_all_else_stays(name, before, after):
    assert Phrases([name]).erased(f"{before} {name} {after}") == f"{before} {ERASED} {after}"


@given(name=NAMES, before=AROUND, after=AROUND)
def test_what_is_erased_is_not_found_any_more(name, before, after):
    phrases = Phrases([name])
    assert phrases.occur(f"{before} {name} {after}")
    assert not phrases.occur(phrases.erased(f"{before} {name} {after}"))


@given(
    name=NAMES.filter(lambda name: name.casefold() not in {"messages", "content", "number", "none", "null"}), before=AROUND, after=AROUND
)
def test_json_as_written_tells_what_its_strings_tell(name, before, after):
    phrases = Phrases([name.replace(" ", "\n")])
    document = {"messages": [{"content": f"{before}\n{name}\n{after}"}], "number": 3, "none": None}
    assert phrases.occur(as_written(document))
    assert [member for member, _ in phrases.texts(document)] == ["messages.0.content"]
    cleared = phrases.erased_json(document)
    assert not phrases.occur(as_written(cleared)) and json.loads(json.dumps(cleared))["number"] == 3


def test_the_longest_spelling_goes_whole():
    assert Phrases(["Ann", "Ann Lee"]).erased("Ann Lee and Ann") == f"{ERASED} and {ERASED}"
