"""Whatever a provider's habit, buckets are disjoint."""

from chancery_contracts.interactions import TokenUsage
from chancery_generation.domain.usage import (
    anthropic_usage,
    bedrock_usage,
    cohere_usage,
    count_tokens,
    normalise_usage,
    ollama_usage,
    total,
    used,
)  # fmt: skip
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


class TestOtherHabits:
    def test_anthropic_leaves_its_cache_out_of_the_input(self) -> None:
        raw = {
            "input_tokens": 10, "cache_read_input_tokens": 30, "cache_creation_input_tokens": 5, "output_tokens": 20,
            "output_tokens_details": {"thinking_tokens": 8},
        }  # fmt: skip
        wanted = TokenUsage(input_uncached=10, input_cache_read=30, input_cache_write=5, output=12, output_reasoning=8)
        assert anthropic_usage(raw) == wanted

    def test_bedrock_says_by_its_total_whether_its_cache_is_inside(self) -> None:
        counts = {"inputTokens": 100, "outputTokens": 20, "cacheReadInputTokens": 30, "cacheWriteInputTokens": 10}
        beside = TokenUsage(input_uncached=100, input_cache_read=30, input_cache_write=10, output=20)
        assert bedrock_usage(counts | {"totalTokens": 160}) == beside == bedrock_usage(counts)
        assert bedrock_usage(counts | {"totalTokens": 120}).input_uncached == 60

    def test_cohere_bills_units(self) -> None:
        raw = {"billed_units": {"input_tokens": 5.0, "output_tokens": 7.0}, "tokens": {"input_tokens": 71.0, "output_tokens": 7.0}}
        assert cohere_usage(raw) == TokenUsage(input_uncached=5, output=7)
        assert cohere_usage({"tokens": raw["tokens"]}).input_uncached == 71

    def test_ollama_may_leave_the_prompt_out(self) -> None:
        assert ollama_usage({"eval_count": 7}) == TokenUsage(output=7)

    @given(st.dictionaries(st.sampled_from(["input_tokens", "inputTokens", "billed_units", "eval_count", "totalTokens"]), st.floats()))
    def test_nonsense_is_no_count(self, raw: dict[str, float]) -> None:
        for reading in (anthropic_usage, bedrock_usage, cohere_usage, ollama_usage, normalise_usage):
            reading(raw)
            assert not used(reading([raw]))
