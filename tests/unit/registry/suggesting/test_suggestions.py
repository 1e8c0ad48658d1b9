"""What is suggested on pasts with known answers, and what is not."""

import pytest
from chancery_contracts.base import VersionRef
from chancery_contracts.bodies import PromptBody
from chancery_contracts.interactions import TokenUsage
from chancery_prompting.tokens import tokenizer
from chancery_registry.domain.suggesting.context import repeated_history, repeated_passages
from chancery_registry.domain.suggesting.instructions import branches_never_taken, repeated_instructions, unused_inputs
from chancery_registry.domain.suggesting.models import cheaper_models, wilson
from chancery_registry.domain.suggesting.past import Price
from chancery_registry.domain.suggesting.prefixes import prefix_order
from chancery_registry.domain.suggesting.suggesting import suggestions
from hypothesis import given
from hypothesis import strategies as st
from unit.registry.suggesting.histories import DOLLAR, request

CHARACTERS = tokenizer("characters")
SAID = "Name the passage after each sentence."


def body(system: str = "", user: str = "{question}", **more: object) -> PromptBody:
    return PromptBody.model_validate({"system": system, "user": user} | more)


class TestRepeatedInstructions:
    def test_the_second_is_cut_and_its_tokens_are_saved_in_every_request(self) -> None:
        (found,) = repeated_instructions(body(f"{SAID}\nBe kind to them all.\n{SAID}"), [request(n) for n in range(10)], CHARACTERS)
        assert (found.place, found.text, found.requests) == ("system, line 3", SAID, 10)
        assert found.saving_micros == 10 * CHARACTERS.count(SAID) and found.share == round(found.saving_micros / 1000, 4)

    def test_near_ones_too(self) -> None:
        assert list(repeated_instructions(body(SAID, "Name the passage after each sentence, please.\n{question}"), [request()], CHARACTERS))

    @pytest.mark.parametrize(
        "other", ["Never name the passage after each sentence.", "Name the page of each document that you were given.", "Name it."]
    )
    def test_what_says_something_else_stays(self, other: str) -> None:
        assert not list(repeated_instructions(body(f"{SAID}\n{other}"), [request()], CHARACTERS))

    def test_other_figures_are_another_instruction(self) -> None:
        assert not list(
            repeated_instructions(body("Use at most 3 sentences in all.\nUse at most 5 sentences in all."), [request()], CHARACTERS)
        )

    def test_one_that_stands_in_a_branch_is_no_reason_to_cut_the_other(self) -> None:
        prompt = body("{% if flag %}" + SAID + "{% endif %}\n" + SAID, "x", engine="jinja", inputs={"flag": {"type": "boolean"}})
        assert not list(repeated_instructions(prompt, [request()], CHARACTERS))

    def test_one_in_a_branch_saves_only_where_it_was_sent(self) -> None:
        prompt = body(SAID + "\n{% if flag %}" + SAID + "{% endif %}", "x", engine="jinja", inputs={"flag": {"type": "boolean"}})
        (found,) = repeated_instructions(prompt, [request(0, branches=(0,)), request(1)], CHARACTERS)
        assert found.requests == 1 and found.saving_micros == CHARACTERS.count(SAID)


class TestUnusedInputs:
    PROMPT = body("", "Segment of the client: {segment}\nRegion: {region}\n{question}", inputs={"segment": {}, "region": {}})

    def test_a_line_whose_value_was_always_empty(self) -> None:
        pasts = [request(n, inputs_empty=("segment", "region") if n else ("segment",)) for n in range(4)]
        (found,) = unused_inputs(self.PROMPT, pasts, CHARACTERS)
        assert (found.place, found.saving_micros) == ("user, line 1", 4 * CHARACTERS.count("Segment of the client: "))

    def test_once_given_is_used(self) -> None:
        assert not list(unused_inputs(self.PROMPT, [request()], CHARACTERS))

    def test_without_a_past_nothing_is_known(self) -> None:
        assert not list(unused_inputs(self.PROMPT, [], CHARACTERS))


class TestBranches:
    PROMPT = body("{% if flag %}One thing.{% else %}Another.{% endif %}", "x", engine="jinja", inputs={"flag": {"type": "boolean"}})

    def test_never_taken_costs_nothing_and_is_told(self) -> None:
        (found,) = branches_never_taken(self.PROMPT, [request(n, branches=(1,)) for n in range(3)])
        assert (found.text, found.saving_micros, found.requests) == ("One thing.", 0, 3)

    def test_both_taken(self) -> None:
        assert not list(branches_never_taken(self.PROMPT, [request(0, branches=(0,)), request(1, branches=(1,))]))


class TestContext:
    def test_passages_that_the_conversation_was_shown_before(self) -> None:
        pasts = [
            request(0, conversation="c", passages=[("a", 100), ("b", 50)]), request(1, conversation="c", passages=[("a", 100), ("d", 70)]),
            request(2, conversation="other", passages=[("a", 100)]), request(3, passages=[("a", 100)]),
        ]  # fmt: skip
        (found,) = repeated_passages(pasts)
        assert (found.saving_micros, found.requests, found.at_most) == (100, 1, True)

    def test_history_that_the_request_before_had(self) -> None:
        (found,) = repeated_history([request(n, conversation="c", history=100 * n) for n in range(4)])
        assert (found.saving_micros, found.requests) == (100 + 200, 2)

    def test_no_conversation_no_suggestion(self) -> None:
        assert not list(repeated_history([request(n, history=100) for n in range(4)]))


class TestPrefixOrder:
    PROMPT = body("Rules.", "{question}\nMore rules.")

    def test_the_fixed_text_behind_a_value_could_be_cached(self) -> None:
        pasts = [request(n, prefix=600, static=700, question=100) for n in range(3)]
        (found,) = prefix_order(self.PROMPT, pasts)
        assert (found.requests, found.saving_micros) == (2, round(2 * 1280 * 0.9))

    def test_what_is_cached_already_is_not_counted(self) -> None:
        pasts = [request(n, prefix=1100, static=700, usage=TokenUsage(input_uncached=876, input_cache_read=1024)) for n in range(2)]
        (found,) = prefix_order(self.PROMPT, pasts)
        assert found.saving_micros == round((1792 - 1024) * 0.9)

    @pytest.mark.parametrize(
        "more",
        [
            {"static": 400}, {"provider": "vllm"}, {"price": Price(1_000_000, 1_000_000)}, {"static": 0, "prefix": 1300},
        ],
    )  # fmt: skip
    def test_where_nothing_is_gained_nothing_is_said(self, more: dict[str, object]) -> None:
        assert not list(prefix_order(self.PROMPT, [request(n, **({"prefix": 600, "static": 700} | more)) for n in range(3)]))

    def test_requests_far_apart_share_no_cache(self) -> None:
        assert not list(prefix_order(self.PROMPT, [request(n * 301, prefix=600, static=700) for n in range(3)]))


def arm(model: str, count: int, released: int, cost: int, assigned: str | None = "trial", first: int = 0) -> list[object]:
    ref = VersionRef(name=model, version=1)
    verdicts = ["release"] * released + ["withhold"] * (count - released)
    return [request(first + n, model=ref, cost_micros=cost, assigned=assigned, verdict=one) for n, one in enumerate(verdicts)]


class TestCheaperModel:
    def test_equal_verdicts_at_a_lower_price(self) -> None:
        (found,) = cheaper_models([*arm("large", 1000, 950, 100), *arm("small", 900, 855, 10)])
        assert found.advice.startswith("Use small@1 instead of large@1") and found.saving_micros == 1000 * 90
        assert found.interval is not None and found.interval[0] > -0.05 < 0 < found.interval[1]

    @pytest.mark.parametrize(
        "small",
        [
            arm("small", 900, 700, 10),  # worse
            arm("small", 60, 57, 10),  # too few to know
            arm("small", 40, 40, 10),  # far too few
            arm("small", 900, 855, 120),  # dearer
            arm("small", 900, 855, 10, assigned=None),  # not assigned at random
            arm("small", 900, 855, 10, assigned="another trial"),
        ],
    )
    def test_no_guess(self, small: list[object]) -> None:
        assert not list(cheaper_models([*arm("large", 1000, 950, 100), *small]))  # type: ignore[list-item]  # requests

    def test_wilson_s_interval_by_his_formula(self) -> None:
        low, high = wilson(81, 263)
        assert (round(low, 3), round(high, 3)) == (0.263, 0.357)

    @given(st.integers(1, 500), st.integers(0, 500))
    def test_an_interval_holds_its_share(self, count: int, successes: int) -> None:
        low, high = wilson(min(successes, count), count)
        assert 0 <= low <= min(successes, count) / count + 1e-9 and min(successes, count) / count - 1e-9 <= high <= 1


class TestWorth:
    def test_tokens_are_scaled_to_the_provider_s_count_and_the_mean_price(self) -> None:
        one = request(usage=TokenUsage(input_uncached=100, input_cache_read=100))
        assert one.worth(10) == pytest.approx(10 * 2 * (100 * 1.0 + 100 * 0.1) / 200)

    def test_an_answer_from_the_cache_was_worth_nothing(self) -> None:
        assert request(usage=TokenUsage()).worth(10) == 0.0

    @given(st.integers(0, 10_000), st.integers(0, 10_000), st.integers(0, 100))
    def test_no_part_is_worth_more_than_twice_its_tokens(self, uncached: int, read: int, tokens: int) -> None:
        assert (
            request(usage=TokenUsage(input_uncached=uncached, input_cache_read=read)).worth(tokens)
            <= 2 * tokens * DOLLAR.input / 1e6 + 1e-6
        )


class TestAll:
    def test_what_saves_most_comes_first_and_other_versions_are_left_out(self) -> None:
        prompt = body(f"{SAID}\n{SAID}", "Segment of the client: {segment}\n{question}", inputs={"segment": {}})
        pasts = [request(n, inputs_empty=("segment",), prompt_version=1 + n % 2) for n in range(10)]
        found = suggestions(prompt, 1, pasts, CHARACTERS)
        assert [(one.kind, one.requests) for one in found] == [("repeated_instruction", 5), ("unused_input", 5)]

    def test_a_prompt_that_has_nothing_to_cut(self) -> None:
        assert suggestions(body(SAID), 1, [request(n) for n in range(10)], CHARACTERS) == []
