"""English passes with names from everywhere in it; other languages do not, wherever they stand."""

import json
import time

import pytest
from chancery_redaction.adapters.language import LanguageCheck

ENGLISH = (
    "What is the daily transfer limit?",
    "bye bye!",
    "adios ai",
    "Please pay Jürgen Groß, Königsallee 12, 40212 Düsseldorf.",
    "Her maiden name is Møller",
    "Tomomi Nishiyama lives at 86036 Rua do Arenque 1634, Goiânia",
    "858 begunje na gorenjskem slovenia",
    "eva kleist lives at 255 hersnapvej 18, københavn k",
    "The α of 0.05 and 3 µs at 20 ℃ cost €5 — or ½ of it.",
    "IBAN: GB29NWBK60161331926819",
    "julieta.souza@cuvox.example",
    "https://www.überweisung.example/konto/anmelden",
    "x = [row for row in rows if row]",
    "",
    "…",
    "GR 0605 210",
)


@pytest.fixture(scope="module")
def check():
    return LanguageCheck()


@pytest.mark.parametrize("text", ENGLISH)
def test_english_passes(check, text):
    assert not check.uncovered_now([text], ("en",))


def test_no_paragraph_of_another_language_passes_alone_or_inside_an_english_letter(check, root):
    for language, written in json.loads((root / "tests/quality/foreign_sentences.json").read_text("utf-8")).items():
        assert check.uncovered_now([written["long"]], ("en",)), language
        assert check.uncovered_now(["What should we answer?", f"Our customer writes:\n{written['long']}\nThank you."], ("en",)), language


def test_words_of_another_script_never_pass(check):
    for name in ("Πλατεία", "Лебедева", "欧阳", "ليلى", "יעל", "सुनीता", "小野寺", "남궁", "มาลี", "გიორგი"):
        assert check.uncovered_now([f"Please pay {name} for the flowers."], ("en",))


def test_a_language_that_the_policy_covers_passes(check):
    german = "Bitte sperren Sie meine Karte sofort, ich habe sie gestern verloren."
    assert check.uncovered_now([german], ("en",))
    assert not check.uncovered_now([german], ("en", "de"))
    assert check.uncovered_now(["Veuillez bloquer ma carte tout de suite, je vous prie."], ("en", "de"))


def test_capitals_hide_no_language(check):
    assert check.uncovered_now(["BITTE SPERREN SIE MEINE KARTE SOFORT, ICH HABE SIE VERLOREN."], ("en",))
    assert not check.uncovered_now(["PLEASE BLOCK MY CARD AT ONCE, I HAVE LOST IT."], ("en",))


@pytest.mark.parametrize("piece", ["a", "a-", "a ", "a.", "é ", "a@", "ab'", ".a", "mein konto ", "1a ", "\u0301", "Ж"])
def test_the_worst_text_takes_less_than_a_second(check, piece):
    started = time.process_time()
    check.uncovered_now([piece * (100_000 // len(piece))], ("en",))
    assert time.process_time() - started < 1
