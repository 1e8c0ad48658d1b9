"""Whatever a provider's habit, buckets are disjoint."""

from chancery_contracts.interactions import TokenUsage
from chancery_generation.domain.usage import count_tokens, normalise_usage, total, used
from hypothesis import given
from hypothesis import strategies as st


class TestNormalising:
    def test_cached_and_reasoning_are_taken_out_of_their_wholes(self) -> None:
        raw = {
            "prompt_tokens": 100, "completion_tokens": 50,
            "prompt_tokens_details": {"cached_tokens": 30}, "completion_tokens_details": {"reasoning_tokens": 20},
        }  # fmt: skip
        assert normalise_usage(raw) == TokenUsage(input_uncached=70, input_cache_read=30, output=30, output_reasoning=20)

    def test_a_part_larger_than_its_whole_stands_beside_it(self) -> None:
        raw = {"prompt_tokens": 10, "prompt_tokens_details": {"cached_tokens": 90}}
        assert normalise_usage(raw) == TokenUsage(input_uncached=10, input_cache_read=90)

    def test_nonsense_counts_nothing(self) -> None:
        nonsense: tuple[object, ...] = (
            None,
            [],
            "x",
            {"prompt_tokens": -5},
            {"prompt_tokens": "7"},
            {"prompt_tokens": True},
            {"prompt_tokens_details": 3},
        )
        for raw in nonsense:
            assert not used(normalise_usage(raw))

    @given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**9))
    def test_the_buckets_add_up(self, uncached: int, cached: int, said: int, thought: int) -> None:
        raw = {
            "prompt_tokens": uncached + cached, "completion_tokens": said + thought,
            "prompt_tokens_details": {"cached_tokens": cached}, "completion_tokens_details": {"reasoning_tokens": thought},
        }  # fmt: skip
        usage = normalise_usage(raw)
        assert (usage.input_uncached, usage.input_cache_read, usage.output, usage.output_reasoning) == (uncached, cached, said, thought)


def test_totals_are_by_bucket() -> None:
    assert total([TokenUsage(output=1, input_uncached=2), TokenUsage(output=3)]) == TokenUsage(output=4, input_uncached=2)


def test_a_token_is_four_characters_begun() -> None:
    assert [count_tokens(text) for text in ("", "a", "abcd", "abcde")] == [0, 1, 1, 2]
