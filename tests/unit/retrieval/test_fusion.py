"""Reciprocal rank fusion."""

import pytest
from chancery_retrieval.domain.fusion import FusionWeights, fuse
from hypothesis import given
from hypothesis import strategies as st

KEYS = st.lists(st.integers(1, 30), unique=True, max_size=20)


class TestFuse:
    def test_what_both_searches_found_comes_first(self) -> None:
        best = fuse([1, 2, 3], [4, 2, 5], 3)[0]
        assert (best.key, best.vector_rank, best.text_rank) == (2, 2, 2)
        assert best.score == pytest.approx(1.33 / 62)

    def test_a_weight_of_nothing_leaves_the_other_order(self) -> None:
        assert [one.key for one in fuse([1, 2], [2, 1], 2, FusionWeights(text=0.0))] == [1, 2]

    def test_nothing_found_is_nothing_fused(self) -> None:
        assert fuse([], [], 5) == []

    @given(by_vector=KEYS, by_text=KEYS, limit=st.integers(1, 50))
    def test_each_found_passage_stands_once_best_first_and_no_other(self, by_vector: list[int], by_text: list[int], limit: int) -> None:
        fused = fuse(by_vector, by_text, limit)
        keys = [one.key for one in fused]
        assert len(keys) == len(set(keys)) == min(limit, len(set(by_vector) | set(by_text)))
        assert set(keys) <= set(by_vector) | set(by_text)
        assert [one.score for one in fused] == sorted((one.score for one in fused), reverse=True)
        assert all(one.vector_rank is None or by_vector[one.vector_rank - 1] == one.key for one in fused)
        assert all(one.text_rank is None or by_text[one.text_rank - 1] == one.key for one in fused)
