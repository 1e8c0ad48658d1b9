"""Rare words select, common ones only rank."""

from chancery_retrieval.domain.words import RAREST_FACTOR, SELECTED_AT_MOST, WORDS_AT_MOST, weigh
from hypothesis import given
from hypothesis import strategies as st

WORDS = st.dictionaries(st.text(min_size=1, max_size=8), st.integers(1, 200_000), max_size=40)


class TestWeigh:
    def test_in_a_small_corpus_every_word_selects(self) -> None:
        assert weigh([("card", 90), ("fee", 100)], 120).selecting == ("'card'", "'fee'")

    def test_a_common_word_ranks_but_does_not_select(self) -> None:
        words = weigh([("compani", 90_000), ("dividend", 40)], 100_000)
        assert words.selecting == ("'dividend'",)
        assert words.weights["'dividend'"] > words.weights["'compani'"] > 0

    def test_only_common_words_select_nothing(self) -> None:
        assert weigh([("compani", 90_000)], 100_000).selecting == ()

    def test_quotes_and_backslashes_are_quoted(self) -> None:
        assert weigh([("o'b\\c", 1)], 10).selecting == ("'o''b\\\\c'",)

    @given(words=WORDS)
    def test_the_work_is_bounded_whatever_is_asked(self, words: dict[str, int]) -> None:
        weighed = weigh(list(words.items()), 200_000)
        selected = sum(count for lexeme, count in words.items() if weigh([(lexeme, 1)], 1).selecting[0] in weighed.selecting)
        assert selected <= SELECTED_AT_MOST * RAREST_FACTOR
        assert len(weighed.weights) <= WORDS_AT_MOST
        assert set(weighed.selecting) <= set(weighed.weights)
