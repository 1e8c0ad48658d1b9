"""The shipped weights: they load, their offsets are exact, and they get plain sentences of law and finance right."""

import unicodedata
from concurrent.futures import ThreadPoolExecutor

import pytest
from chancery_ner import TokenClassifier
from hypothesis import given, settings
from hypothesis import strategies as st

MODEL = TokenClassifier.load()


def persons(text: str, profile: str = "general") -> list[str]:
    return [text[one.start : one.end] for one in MODEL.find(text, profile) if one.label == "PERSON"]


def labelled(text: str, profile: str = "general") -> set[tuple[str, str]]:
    return {(one.label, text[one.start : one.end]) for one in MODEL.find(text, profile)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("My name is Margaret Okafor and I'd like to close my account.", ["Margaret Okafor"]),
        ("Dear Mr Whitcombe, thank you for your letter about the mortgage.", ["Whitcombe"]),
        ("The defendant, Tomasz Wiśniewski, was represented by Helen Carmody of Baker McKenzie.", ["Tomasz Wiśniewski", "Helen Carmody"]),
        ("From: Priya Raman\nTo: Daniel Ortega\nSubject: closing checklist", ["Priya Raman", "Daniel Ortega"]),
        ('{"customer": "Aoife Brennan", "amount": 1200}', ["Aoife Brennan"]),
        ("Hi Lukas, did the wire arrive?", ["Lukas"]),
    ],
)
def test_persons_are_found(text: str, expected: list[str]) -> None:
    assert persons(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Goldman Sachs and Morgan Stanley advised JPMorgan Chase on the sale.",
        "The Borrower shall repay the Loan to Wells Fargo on the Termination Date.",
        "Net sales increased 4.2% to $1,284 million, driven by Fixed Income and Wealth Management.",
        "Under the Companies Act 2006 and the Sarbanes-Oxley Act the Board must approve the accounts.",
        "What is the interest rate on the Fixed Rate Saver?",
        "Total current assets 4,512 3,998\nGoodwill 1,002 1,002",
        "DO NOT SHARE YOUR ONE TIME PASSCODE WITH ANYONE",
    ],
)
def test_firms_statutes_and_figures_are_no_persons(text: str) -> None:
    assert persons(text) == []


def test_places_firms_and_dates_have_their_types() -> None:
    found = labelled("Anna Kowalska of Ernst & Young moved from Warsaw to Dublin on 3 March 2021.")
    assert {("PERSON", "Anna Kowalska"), ("LOCATION", "Warsaw"), ("LOCATION", "Dublin"), ("DATE_TIME", "3 March 2021")} <= found
    assert ("PERSON", "Ernst & Young") not in found


def test_a_judgment_is_masked_with_titles_codes_and_dates() -> None:
    text = "The case originated in an application (no. 48553/99) by a Polish national, Mr Jan Nowak, on 12 May 1998. "
    text += "Mr Nowak was born in 1951."
    hidden = {text[one.start : one.end] for one in MODEL.find(text, "legal-recall") if one.identifying}
    assert {"48553/99", "Mr Jan Nowak", "12 May 1998", "1951"} <= hidden
    assert any("Nowak" in value and value != "Mr Jan Nowak" for value in hidden)


def test_the_precise_profile_masks_no_more_than_the_other() -> None:
    text = "The Ankara Assize Court heard Mr Demir, a teacher, on 4 June 2003 and the Court of Cassation upheld the judgment. " * 3
    sizes = [
        sum(one.end - one.start for one in MODEL.find(text, profile) if one.identifying) for profile in ("legal-recall", "legal-precision")
    ]
    assert sizes[1] <= sizes[0]


@pytest.mark.parametrize("text", ["", " ", "\n\n\r\n", "\u200b", "…", "🙂"])
def test_texts_without_words_have_no_entities(text: str) -> None:
    assert MODEL.find(text) == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("🙂🙂 My name is Zoë Müller, thanks 🙏", "Zoë Müller"),
        ("Hello,\r\n\r\nmy name is Zoë Müller.\r\nThanks", "Zoë Müller"),
        (unicodedata.normalize("NFD", "My name is Zoë Müller, thanks"), unicodedata.normalize("NFD", "Zoë Müller")),
        ("👨‍👩‍👧 agreed. My name is Zoë Müller.", "Zoë Müller"),
    ],
)
def test_offsets_are_exact_characters(text: str, name: str) -> None:
    assert name in persons(text)


def test_an_accent_written_apart_at_the_end_of_a_name_is_covered() -> None:
    text = unicodedata.normalize("NFD", "My name is André.")
    (one,) = [one for one in MODEL.find(text) if one.label == "PERSON"]
    assert text[one.start : one.end] == unicodedata.normalize("NFD", "André")


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=400))
def test_any_text_gives_ordered_spans_inside_it(text: str) -> None:
    for profile in MODEL.profiles:
        last = 0
        for one in MODEL.find(text, profile):
            assert last <= one.start < one.end <= len(text)
            assert 0.0 <= one.score <= 1.0
            last = one.end


def test_the_same_text_gives_the_same_from_many_threads() -> None:
    texts = [f"Dear Mr Nowak, Anna Berg of {firm} will call you on 3 May 2021." for firm in ("UBS", "Monzo", "Aviva")] * 8
    alone = [MODEL.find(text) for text in texts]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(MODEL.find, texts)) == alone


def test_an_unknown_profile_is_refused() -> None:
    with pytest.raises(KeyError):
        MODEL.find("text", "no-such-profile")
