"""Prompts with inputs, examples, includes and output schemas, as generation renders and judges them."""

import json
from typing import Any

import pytest
from chancery_contracts import Retry
from chancery_contracts.bodies import PromptBody
from chancery_contracts.interactions import InteractionRefused, Message, Passage, TokenUsage, ToolCall
from chancery_generation.domain.completion import CallResult, Completion
from chancery_generation.domain.prompt_parts import prompt_parts
from chancery_generation.domain.prompting import PromptSource, composed, prompt_tokens, render_prompt
from chancery_generation.domain.structured import judged, read_structured
from chancery_generation.errors import PromptError
from chancery_prompting.tokens import tokenizer
from chancery_testing.builders import FEE, registry_entry
from unit.generation.desk import Scene

SCHEMA = {"type": "object", "properties": {"fee": {"type": "string"}}, "required": ["fee"]}
USAGE = TokenUsage(input_uncached=10, output=5)
HOUSE = PromptBody(system="Be brief.", user="unused")
FULL = {
    "system": "{house} Answer in JSON.", "user": "{note}{question}", "output_schema": SCHEMA, "inputs": {"note": {}},
    "examples": [{"user": "What is it?", "assistant": '{{"fee": "£1"}}'}], "includes": {"house": {"name": "house", "version": 1}},
    "tools": [{"name": "look_up"}],
}  # fmt: skip


def said(text: str) -> CallResult:
    return CallResult("answered", Completion(text, USAGE, "{}"), 200, None, USAGE, "{}")


def scene(*script: CallResult, prompt: dict[str, Any] | None = None, **model: Any) -> Scene:
    """With a prompt of its own."""
    made = Scene(*script, use_case={"prompt": {"name": "own", "version": 1}}, **model)
    body = {"system": "Cite.", "user": "{passages}\n{question}", "output_schema": SCHEMA} if prompt is None else prompt
    made.catalogue.apply(registry_entry("prompt", "own", body))
    return made


class TestOutputSchemas:
    async def test_an_answer_that_fits(self) -> None:
        data = await scene(said('```json\n{"fee": "£5.00 [1]"}\n```')).answered()
        assert json.loads(data.answer) == {"fee": "£5.00 [1]"} and data.output_valid is True
        assert [(data.answer[one.start : one.end], one.passage_id) for one in data.citations] == [("£5.00 [1]", "faq-cards@1#0")]

    async def test_one_that_does_not_is_asked_for_again(self) -> None:
        made = scene(said("It is £5."), said('{"fee": 5}'), said('{"fee": "£5"}'))
        data = await made.answered()
        assert [one.outcome for one in data.attempts] == ["malformed", "malformed", "answered"]
        assert data.usage == TokenUsage(input_uncached=30, output=15)

    async def test_and_refused_when_no_attempt_is_left(self) -> None:
        made = scene(said("It is £5."))
        data = await made.refused()
        assert data.code == "model_failed" and len(made.models.requests) == 3

    async def test_the_extractive_model_has_none(self) -> None:
        data = await scene(provider="extractive").refused()
        assert data.code == "model_failed"

    def test_a_call_of_tools_is_no_answer_to_judge(self) -> None:
        wanted = Completion("", USAGE, "{}", tool_calls=(ToolCall(call_id="c", name="look_up", arguments="{}"),))
        result = CallResult("answered", wanted, 200)
        assert judged(result, SCHEMA) is result and judged(said(""), SCHEMA).outcome == "malformed"

    def test_markers_that_are_data_stay(self) -> None:
        passage = Passage.model_validate(
            {"passage_id": "p", "document_id": "d", "document_version": 1, "title": "T", "start": 0, "end": 1, "score": 1.0, "text": "x"}
        )
        answer = read_structured('{"pages": [1], "why": "see [1]", "case": "[2019] UKSC"}', [passage])
        assert answer.text == '{"pages": [1], "why": "see [1]", "case": "[2019] UKSC"}'
        assert [answer.text[one.start : one.end] for one in answer.citations] == ["see [1]"]

    async def test_without_a_schema_nothing_is_said_of_it(self) -> None:
        assert (await Scene().answered()).output_valid is None


class TestRendering:
    def test_everything_is_sent(self) -> None:
        source = PromptSource(composed(PromptBody.model_validate(FULL), lambda ref: HOUSE), {"note": "N "})
        made = render_prompt(source, [Message(role="user", content="Q")], (), 1000)
        assert (made.system, made.user) == ("Be brief. Answer in JSON.", "N Q")
        assert made.messages == (Message(role="user", content="What is it?"), Message(role="assistant", content='{"fee": "£1"}'))
        assert made.output_schema == SCHEMA and [tool.name for tool in made.tools] == ["look_up"]

    def test_examples_and_definitions_take_room(self) -> None:
        plain = PromptBody(system="S", user="{question}")
        more = plain.model_copy(update={"examples": PromptBody.model_validate(FULL).examples, "output_schema": SCHEMA})
        first, second = (render_prompt(one, [Message(role="user", content="Q")], (), 1000) for one in (plain, more))
        assert prompt_tokens(second) > prompt_tokens(first) + 20

    def test_a_required_input_of_another_variant_s_prompt_is_an_error(self) -> None:
        body = PromptBody.model_validate({"system": "", "user": "{client}", "inputs": {"client": {"required": True}}})
        with pytest.raises(PromptError, match="client"):
            render_prompt(PromptSource(composed(body, lambda ref: None)), [Message(role="user", content="Q")], (), 1000)

    async def test_an_include_that_has_not_arrived_is_waited_for(self) -> None:
        made = scene(prompt={"system": "{house}", "user": "x", "includes": {"house": {"name": "house", "version": 1}}})
        with pytest.raises(Retry):
            await made.run()

    async def test_a_template_that_cannot_be_rendered_is_refused_before_any_call(self) -> None:
        made = scene(prompt={"system": "{{ a.__class__ }}", "user": "x", "engine": "jinja"})
        data = (await made.run())[0].data
        assert isinstance(data, InteractionRefused) and data.code == "model_failed" and not made.models.requests


class TestParts:
    def test_each_is_counted(self) -> None:
        body = PromptBody.model_validate({
            "system": "Cite each passage.", "engine": "jinja", "inputs": {"note": {}, "tone": {"default": "plain"}},
            "user": "Answer.{% if note %} Note: {{ note }}{% endif %}\n{{ passages }}\n{{ question }} {{ tone }}\nBe exact.",
        })  # fmt: skip
        passage = Passage.model_validate(
            {"passage_id": "p", "document_id": "d", "document_version": 1, "title": "T", "start": 0, "end": 1, "score": 1.0, "text": FEE}
        )
        source = PromptSource(composed(body, lambda ref: None))
        made = render_prompt(source, [Message(role="user", content="What is due?")], (passage,), 1000)
        characters = tokenizer("characters")
        parts = prompt_parts(source, made, characters)
        assert parts is not None
        assert parts.prefix == characters.count("Cite each passage.Answer.\n")
        assert parts.prefix + parts.static == characters.count("Cite each passage.Answer.\n\n \nBe exact.")
        assert parts.passages == (characters.count(f"T\n{FEE}"),) and parts.question == 3 and parts.inputs == 2
        assert (parts.inputs_empty, parts.branches, parts.history) == (("note",), (), 0)

    async def test_they_are_told_in_the_event(self) -> None:
        data = await Scene().answered()
        assert data.prompt_parts is not None and data.prompt_parts.counted_by == "~unknown" and len(data.prompt_parts.passages) == 1
