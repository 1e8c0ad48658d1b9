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
        ("Ann Lee", "Ann\u200bLee"), ("Ann Lee", "A\u200bnn L\u00adee"), ("Ann Lee", "\uff21\uff4e\uff4e\u3000\uff2c\uff45\uff45"),
        ("Ann\u200b Lee", "Ann Lee"), ("07700 900471", "\uff10\uff17\uff17\uff10\uff10\u2013900\u200b471"), ("Ann Lee", "Ann&nbsp;Lee"),
        ("Ann O'Neil", "Ann O&#39;Neil"), ("Smith & Lee", "Smith &amp; Lee"), ("Ann Lee", as_written(["Ann\u200bLee"])),
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


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("To A\u200bnn Lee, \uff21.", f"To {ERASED}, \uff21."), ("Ann\u200bLee and Ann Lee", f"{ERASED} and {ERASED}"),
        ("\u200bAnn Lee\u200b", f"\u200b{ERASED}\u200b"), ("Joann\u200bLeeds", "Joann\u200bLeeds"),
        ("Jo\u200bann Leeds", "Jo\u200bann Leeds"),
    ],
)  # fmt: skip
def test_what_nobody_sees_hides_no_phrase_and_else_stays(text, left):
    phrases = Phrases(["Ann Lee"])
    assert phrases.erased(text) == left
    assert phrases.occur(text) == (left != text) and not phrases.occur(left)


def test_nobody_is_found_nowhere():
    assert not Phrases([]).occur("Ann Lee")


@given(name=NAMES, before=NUMBERS, after=NUMBERS)
def test_what_is_erased_goes_and_all_else_stays(name, before, after):
    assert Phrases([name]).erased(f"{before} {name} {after}") == f"{before} {ERASED} {after}"


@given(name=NAMES, hidden=st.lists(st.sampled_from("\u200b\u00ad\u2060\ufe0f"), min_size=1, max_size=4), at=st.integers(1, 5), after=AROUND)
def test_what_is_hidden_inside_of_a_word_is_found_and_goes(name, hidden, at, after):
    phrases = Phrases([name])
    at = min(at, len(name.split()[0]) - 1)
    text = f"{name[:at]}{''.join(hidden)}{name[at:]} {after}"
    assert phrases.occur(text) and not phrases.occur(phrases.erased(text))


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
