"""What is searched for."""

from chancery_contracts.interactions import Message
from chancery_retrieval.domain.querying import MAX_QUERY_CHARACTERS, query_from, query_of


def user(text: str) -> Message:
    return Message(role="user", content=text)


class TestQueryOf:
    def test_the_last_user_turn_counts(self) -> None:
        turns = (
            user("How do I open an account?"),
            Message(role="assistant", content="In the app."),
            user("What does the Plus Account cost?"),
        )
        assert query_of(turns).text == "What does the Plus Account cost?"

    def test_pseudonyms_are_no_words_to_search_for(self) -> None:
        assert query_of((user("Did <PERSON_7K2M> pay <IBAN_CODE_ABCD> the fee?"),)).text == "Did   pay   the fee?"

    def test_a_very_short_turn_is_read_with_the_one_before(self) -> None:
        assert query_of((user("What does a card payment cost?"), user("And abroad?"))).text == "What does a card payment cost?\nAnd abroad?"

    def test_a_first_short_turn_stands_alone(self) -> None:
        assert query_of((user("Fees?"),)).text == "Fees?"

    def test_only_pseudonyms_leave_nothing_to_search_for(self) -> None:
        assert query_of((user("<PERSON_7K2M> ?"),)).empty

    def test_no_user_turn_is_an_empty_query(self) -> None:
        assert query_of((Message(role="system", content="Be brief."),)).empty

    def test_of_an_overlong_text_the_end_is_kept(self) -> None:
        query = query_from("pasted " * 5_000 + "What is the notice period?")
        assert len(query.text) <= MAX_QUERY_CHARACTERS
        assert query.text.endswith("What is the notice period?")

    def test_a_nul_never_reaches_the_database(self) -> None:
        assert "\x00" not in query_from("fee\x00s").text
