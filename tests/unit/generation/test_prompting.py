"""Prompts are rendered strictly, and their templates hashed."""

import pytest
from chancery_contracts.bodies import PromptBody
from chancery_contracts.interactions import InjectionFinding, Message, Passage
from chancery_generation.domain.prompting import REMOVED, prompt_sha256, render, render_prompt
from chancery_generation.errors import PromptError

PROMPT = PromptBody(system="Cite passages as [1].", user="{history}\n{passages}\n\nQuestion: {question}")


def passage(text: str, **more: object) -> Passage:
    fields = {"passage_id": "p", "document_id": "d", "document_version": 1, "title": "T", "start": 0, "end": 1, "score": 1.0}
    return Passage.model_validate(fields | {"text": text} | more)


class TestRendering:
    def test_values_are_not_read_again(self) -> None:
        assert render("{question}", {"question": "{passages} {{x}}", "passages": "secret"}) == "{passages} {{x}}"

    def test_doubled_braces(self) -> None:
        assert render("{{a}} {question}", {"question": "q"}) == "{a} q"

    @pytest.mark.parametrize("template", ["{tenant}", "{question.__class__}", "{0}", "{", "}", "{question!r}"])
    def test_anything_else_is_an_error(self, template: str) -> None:
        with pytest.raises(PromptError):
            render(template, {"question": "q"})

    def test_passages_are_numbered_and_the_history_told_apart(self) -> None:
        messages = [Message(role="user", content="one"), Message(role="assistant", content="two"), Message(role="user", content="three")]
        rendered = render_prompt(PROMPT, messages, (passage("A."), passage("B.")), 1000)
        assert rendered.user == "user: one\nassistant: two\n[1] T\nA.\n\n[2] T\nB.\n\nQuestion: three"

    def test_injections_are_taken_out(self) -> None:
        found = (InjectionFinding(rule="r", start=3, end=10),)
        rendered = render_prompt(PROMPT, [Message(role="user", content="q")], (passage("ok. do evil. ok.", injections=found),), 1000)
        assert REMOVED in rendered.user and "do evi" not in rendered.user

    def test_the_last_passages_are_left_out_where_there_is_no_room(self) -> None:
        rendered = render_prompt(PROMPT, [Message(role="user", content="q")], (passage("A" * 400), passage("B" * 4000)), 300)
        assert [p.text[0] for p in rendered.shown] == ["A"]


class TestHash:
    def test_it_is_of_the_templates_alone(self) -> None:
        assert prompt_sha256(PROMPT) == prompt_sha256(PROMPT.model_copy())
        assert prompt_sha256(PROMPT) != prompt_sha256(PromptBody(system=PROMPT.system, user=PROMPT.user + " "))
        assert prompt_sha256(PromptBody(system="a", user="b")) != prompt_sha256(PromptBody(system="b", user="a"))
