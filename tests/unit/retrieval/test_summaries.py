"""Which document a summary is of, and its spread of passages."""

from chancery_retrieval.domain.passages import Candidate, Title
from chancery_retrieval.domain.summaries import named_document, spread


def title(text: str) -> Title:
    return Title(text.casefold().replace(" ", "-"), 1, text)


def passage(key: int, section: int) -> Candidate:
    return Candidate(key, f"p{key}", "doc", 1, "Doc", key * 10, key * 10 + 9, f"text {key}", section)


LEASE, LOAN, NDA = title("Office Lease – Harbour Court"), title("Facility Agreement 2024"), title("Mutual Non-Disclosure Agreement")


class TestNamedDocument:
    def test_the_title_in_the_question_decides(self) -> None:
        found = named_document("Please summarise the facility agreement of 2024 for the board", [LEASE, LOAN, NDA])
        assert found is not None
        assert found[0] == LOAN

    def test_one_shared_word_names_nothing(self) -> None:
        assert named_document("Which agreement applies?", [LOAN, NDA]) is None

    def test_two_that_fit_equally_are_none(self) -> None:
        assert named_document("Summarise the lease", [Title("a", 1, "Lease"), Title("b", 1, "The lease")]) is None

    def test_the_fuller_title_wins(self) -> None:
        found = named_document(
            "Summarise the facility agreement amendment", [title("Facility Agreement"), title("Facility Agreement Amendment")]
        )
        assert found is not None
        assert found[0].title == "Facility Agreement Amendment"


class TestSpread:
    def test_the_first_of_each_section_in_order_then_others(self) -> None:
        passages = [passage(key, key // 3) for key in range(9)]
        chosen = [one.key for one in spread(passages, 5)]
        assert chosen == sorted(chosen)
        assert {0, 3, 6} <= set(chosen)
        assert len(chosen) == 5

    def test_more_sections_than_room_are_taken_evenly(self) -> None:
        assert [one.key for one in spread([passage(key, key) for key in range(10)], 5)] == [0, 2, 4, 6, 8]

    def test_a_short_document_is_given_whole(self) -> None:
        passages = [passage(key, 0) for key in range(3)]
        assert spread(passages, 12) == passages

    def test_no_passages_no_spread(self) -> None:
        assert spread([], 4) == []
