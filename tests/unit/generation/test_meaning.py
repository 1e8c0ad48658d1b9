"""Meaning beside words: what may be compared, and what comes of it."""

from chancery_contracts.interactions import Message, Passage
from chancery_generation.domain.extractive.answer import answer
from chancery_generation.domain.extractive.meaning import SHORTLIST, Meanings, comparisons

CARDS = """## What should I do if my card is lost or stolen?

Freeze it in the app at once. Call 08081 570 222 at any hour.

## How do I change my address?

Open Profile and enter the postcode.
"""


def passage(text: str) -> Passage:
    return Passage(passage_id="d@1#1", document_id="d", document_version=1, title="FAQ", start=0, end=len(text), text=text, score=1.0)


def asked(text: str) -> tuple[Message, ...]:
    return (Message(role="user", content=text),)


def near(question: str, passages: tuple[Passage, ...], **cosines: float) -> Meanings:
    """Cosines by a word of the text; 0.5 for the others."""
    return Meanings(
        {
            (one.question, text): next((cosine for word, cosine in cosines.items() if word in text), 0.5)
            for one in comparisons(asked(question), passages)
            for text in one.texts
        }
    )


class TestMeaning:
    QUESTION = "My wallet got nicked, whom do I ring?"
    PASSAGES = (passage(CARDS),)

    def test_words_alone_do_not_find_it(self) -> None:
        assert answer(asked(self.QUESTION), self.PASSAGES).unanswerable

    def test_what_is_near_in_meaning_answers(self) -> None:
        given = answer(asked(self.QUESTION), self.PASSAGES, meanings=near(self.QUESTION, self.PASSAGES, Call=0.9))
        assert given.text == "Call 08081 570 222 at any hour."
        assert [citation.passage_id for citation in given.citations] == ["d@1#1"]

    def test_what_is_far_in_meaning_does_not(self) -> None:
        assert answer(asked(self.QUESTION), self.PASSAGES, meanings=near(self.QUESTION, self.PASSAGES, Call=0.6)).unanswerable

    def test_what_words_find_is_not_lost(self) -> None:
        question = "How do I change my address?"
        given = answer(asked(question), self.PASSAGES, meanings=near(question, self.PASSAGES))
        assert given.text.startswith("Open Profile")

    def test_a_text_is_compared_under_its_heading(self) -> None:
        (comparison,) = comparisons(asked(self.QUESTION), self.PASSAGES)
        assert "What should I do if my card is lost or stolen? Call 08081 570 222 at any hour." in comparison.texts

    def test_each_part_of_a_question_is_compared(self) -> None:
        two = comparisons(asked("What does a new card cost and how do I change my address?"), self.PASSAGES)
        assert [one.question for one in two] == ["What does a new card cost", "how do I change my address?"]

    def test_few_texts_are_compared_however_many_there_are(self) -> None:
        long = passage(" ".join(f"Rule number {number} says that cards are sent by post." for number in range(500)))
        (comparison,) = comparisons(asked("How are cards sent?"), (long,))
        assert len(comparison.texts) == SHORTLIST

    def test_without_passages_nothing_is_compared(self) -> None:
        assert comparisons(asked(self.QUESTION), ()) == []


class TestFixedNames:
    def test_accounts_call_one_thing_by_several_names(self) -> None:
        rows = "| Purchases of property, plant and equipment | (1,204) |\n| Interest paid | (40) |\n"
        text = f"## Cash flows\n\n| Item | 2025 |\n|---|---|\n{rows}"
        assert "(1,204)" in answer(asked("What was capex in 2025?"), (passage(text),)).text

    def test_where_to_look_is_not_what_is_asked_for(self) -> None:
        text = "## Statement\n\n| Item | 2025 |\n|---|---|\n| Net income | 88 |\n| Interest paid | (40) |\n"
        assert "88" in answer(asked("Using only details shown in the statement, what was the net income in 2025?"), (passage(text),)).text
