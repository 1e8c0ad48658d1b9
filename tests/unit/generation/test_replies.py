"""What a reply must be to be an answer."""

import pytest
from chancery_contracts.bodies.prompts import PromptTool
from chancery_generation.domain.prompting import RenderedPrompt
from chancery_generation.domain.replies import LONGEST_REPLY, CallDraft, Draft, Stop, concluded

PROMPT = RenderedPrompt("s", "u", (), tools=(PromptTool(name="look"),))


def draft(text: str = "", stop: Stop | None = "stop", *calls: tuple[str, str], ended: bool = True) -> Draft:
    drafts = {number: CallDraft("", name, [arguments]) for number, (name, arguments) in enumerate(calls)}
    return Draft([text], dict(drafts), stop, ended)


class TestAnswers:
    def test_text_is_stripped_and_ends_with_its_reason(self) -> None:
        result = concluded(draft(" Hi. ", "length"), PROMPT, 200)
        assert (result.outcome, result.completion.text, result.completion.stop_reason) == ("answered", "Hi.", "length")

    def test_calls_without_ids_are_numbered(self) -> None:
        said = concluded(draft("", "stop", ("look", ""), ("look", '{"a": 1}')), PROMPT, 200).completion
        assert [(one.call_id, one.arguments) for one in said.tool_calls] == [("call_1", "{}"), ("call_2", '{"a": 1}')]
        assert said.stop_reason == "tool_calls"

    def test_a_schemas_tool_is_the_answer_unless_a_tool_is_called_so(self) -> None:
        call = ("answer", '{"a": 1}')
        schema = RenderedPrompt("s", "u", (), output_schema={})
        assert concluded(draft("", "tool_calls", call), schema, 200).completion.text == '{"a": 1}'
        own = RenderedPrompt("s", "u", (), output_schema={}, tools=(PromptTool(name="answer"),))
        assert concluded(draft("", "tool_calls", call), own, 200).completion.tool_calls[0].name == "answer"


class TestOthers:
    @pytest.mark.parametrize(
        ("reply", "outcome"),
        [
            (draft("Hi.", ended=False), "malformed"), (draft("  "), "malformed"), (draft("Hi.", "filtered"), "rejected"),
            (draft("Hi.", "filtered", ended=False), "rejected"), (draft("", "stop", ("other", "{}")), "malformed"),
            (draft("", "stop", ("look", "[]")), "malformed"), (draft("", "stop", ("look", '{"a": ')), "malformed"),
            (draft("", "length", ("look", "{}")), "malformed"), (draft("", "stop", *[("look", "{}")] * 65), "malformed"),
            (draft("x" * (LONGEST_REPLY + 1)), "malformed"), (draft("Hi.", "stop", ("look", "[" * 100_000)), "malformed"),
        ],
    )  # fmt: skip
    def test_are_none(self, reply: Draft, outcome: str) -> None:
        result = concluded(reply, PROMPT, 200)
        assert (result.outcome, result.completion) == (outcome, None)

    def test_a_count_that_is_far_too_long_is_dropped(self) -> None:
        reply = draft("Hi.")
        reply.raw_usage = {"x": "y" * 20_000}
        assert concluded(reply, PROMPT, 200).raw_usage == "{}"
