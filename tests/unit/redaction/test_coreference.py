"""Shorter mentions of a person are found over all texts of a request, and say whom they mean where it can be one only."""

from chancery_redaction.domain.coreference import refer
from chancery_redaction.domain.spans import Span, settle


def _persons(texts, *names):
    """What is found when NER has found these names, each where it first stands."""
    found = [[] for _ in texts]
    for name in names:
        at = next(number for number, text in enumerate(texts) if name in text)
        start = texts[at].index(name)
        found[at].append(Span("PERSON", start, start + len(name), 0.8))
    return [[(text[one.start : one.end], one.of) for one in settle(spans)] for text, spans in zip(texts, refer(texts, found), strict=True)]


def test_later_and_earlier_mentions_by_surname_are_found():
    [found] = _persons(["Smith wrote first. Then Ann Smith came; SMITH's letter lay there."], "Ann Smith")
    assert found == [("Smith", "Ann Smith"), ("Ann Smith", None), ("SMITH", "Ann Smith")]


def test_mentions_are_found_in_the_other_messages():
    assert _persons(["I am Ann Smith.", "Mr Smith?", "No smithy here."], "Ann Smith")[1:] == [[("Smith", "Ann Smith")], []]


def test_initials_and_first_names_are_found():
    [_, found] = _persons(["Ann Mary Okafor", "A. Okafor, A.M. Okafor, A.M.O. and Ann; AMO and a.m. are none."], "Ann Mary Okafor")
    assert [text for text, _ in found] == ["A. Okafor", "A.M. Okafor", "A.M.O.", "Ann"]
    assert {of for _, of in found} == {"Ann Mary Okafor"}


def test_a_name_of_two_persons_is_masked_and_means_neither():
    [_, found] = _persons(["Ann Smith met Bob Smith.", "Smith and Ann and B. Smith"], "Ann Smith", "Bob Smith")
    assert found == [("Smith", None), ("Ann", "Ann Smith"), ("B. Smith", "Bob Smith")]


def test_what_ner_found_as_a_short_name_says_whom_it_means():
    [found] = _persons(["Dr Ann Smith and A. Smith and Mr Smith"], "Dr Ann Smith", "A. Smith", "Mr Smith")
    assert found == [("Dr Ann Smith", None), ("A. Smith", "Dr Ann Smith"), ("Mr Smith", "Dr Ann Smith")]


def test_a_full_name_that_ner_missed_elsewhere_is_found():
    [_, found] = _persons(["Ann Smith", "cc: ANN SMITH"], "Ann Smith")
    assert found == [("ANN SMITH", None)]


def test_surnames_of_several_words_are_one():
    [_, found] = _persons(["Robert van den Berg", "Mr van den Berg: no. Van den Berg: yes. Berg: yes."], "Robert van den Berg")
    assert [text for text, _ in found] == ["Van den Berg", "Berg"] or [text for text, _ in found] == ["Berg", "Van den Berg", "Berg"]
    assert {of for _, of in found} == {"Robert van den Berg"}


def test_common_words_are_not_persons():
    [_, found] = _persons(["Mark Price and Grace Law", "Mark this. Price is 3. Law of the land."], "Mark Price", "Grace Law")
    assert found == []


def test_what_is_found_otherwise_keeps_its_type():
    texts = ["Ann Smith", "write to smith@mail.example or Smith"]
    email = Span("EMAIL_ADDRESS", 9, 27, 1.0)
    spans = refer(texts, [[Span("PERSON", 0, 9, 0.8)], [email]])[1]
    assert email in spans
    assert [one for one in spans if one.entity_type == "PERSON" and one.start < 27] == []
