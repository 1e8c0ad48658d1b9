"""Typed inputs: the request's value, else the use case's, else the default; what does not fit is refused in the requester's words."""

import json

import pytest
from chancery_contracts.base import InputValue
from chancery_contracts.bodies import PromptInput
from chancery_prompting import InputRefused, TemplateRefused
from chancery_prompting.inputs import as_text, check_declared, masked, resolve
from hypothesis import given
from hypothesis import strategies as st

DECLARED = {
    "client": PromptInput(required=True, max_length=20),
    "tone": PromptInput(type="enum", choices=("formal", "plain"), default="plain"),
    "limit": PromptInput(type="integer", default=3),
    "short": PromptInput(type="boolean"),
    "topics": PromptInput(type="list", max_items=2, max_length=5),
    "note": PromptInput(),
}


class TestResolving:
    def test_request_before_use_case_before_default_before_empty(self) -> None:
        found = resolve(DECLARED, {"client": "A"}, {"client": "B", "tone": "formal"})
        assert found == {"client": "A", "tone": "formal", "limit": 3, "short": False, "topics": (), "note": ""}

    def test_a_use_case_may_give_what_is_required(self) -> None:
        assert resolve(DECLARED, {}, {"client": "B"})["client"] == "B"

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ({}, "'client' is missing: it takes a text of at most 20 characters"),
            ({"client": "x" * 21}, "at most 20 characters"),
            ({"client": 5}, "a text"),
            ({"client": "A", "tone": "rude"}, "one of: formal, plain"),
            ({"client": "A", "limit": "3"}, "a whole number"),
            ({"client": "A", "limit": True}, "a whole number"),
            ({"client": "A", "limit": 2**60}, "a whole number"),
            ({"client": "A", "short": 1}, "true or false"),
            ({"client": "A", "topics": ("a", "b", "c")}, "at most 2 texts"),
            ({"client": "A", "topics": ("abcdef",)}, "at most 5 characters"),
            ({"client": "A", "unheard": "x"}, "does not know. It takes: client, limit"),
        ],
    )
    def test_what_does_not_fit_is_refused(self, given: dict[str, InputValue], words: str) -> None:
        with pytest.raises(InputRefused, match=words):
            resolve(DECLARED, given, {})

    def test_a_refusal_does_not_repeat_the_value(self) -> None:
        with pytest.raises(InputRefused) as refused:
            resolve(DECLARED, {"client": "Margaret Thistlewood of Threadneedle Street"}, {})
        assert "Margaret" not in str(refused.value)

    def test_nor_a_name_that_is_not_declared(self) -> None:
        with pytest.raises(InputRefused) as refused:
            resolve(DECLARED, {"Margaret Thistlewood": "x"}, {})
        assert "Margaret" not in str(refused.value)


class TestMaskedValues:
    def test_may_be_longer_than_declared(self) -> None:
        assert masked(DECLARED, {"client": "<PERSON_7K2M7K2M7K2M7K2M>"}, {})["client"] == "<PERSON_7K2M7K2M7K2M7K2M>"

    def test_what_another_version_does_not_declare_is_left_out(self) -> None:
        assert "other" not in masked(DECLARED, {"client": "A", "other": "x"}, {})

    def test_what_another_version_needs_is_missing(self) -> None:
        with pytest.raises(InputRefused):
            masked(DECLARED, {}, {})


class TestDeclarations:
    @pytest.mark.parametrize("name", ["question", "passages", "loop", "if", "Client", "_put", "a-b", "", "a12345", "x" * 41])
    def test_names_that_may_not_be(self, name: str) -> None:
        with pytest.raises(TemplateRefused):
            check_declared({name: PromptInput()}, {})

    @pytest.mark.parametrize(
        "one",
        [
            PromptInput(type="enum"), PromptInput(choices=("a",)), PromptInput(type="integer"), PromptInput(required=True, default="x"),
            PromptInput(default=3), PromptInput(type="enum", choices=("a",), default="b"), PromptInput(default="x" * 2_001),
        ],
    )  # fmt: skip
    def test_that_contradict_themselves(self, one: PromptInput) -> None:
        with pytest.raises(TemplateRefused):
            check_declared({"name": one}, {})

    def test_an_input_and_an_include_of_one_name(self) -> None:
        with pytest.raises(TemplateRefused):
            check_declared({"rules": PromptInput()}, {"rules": None})


class TestAsText:
    @given(
        st.dictionaries(
            st.from_regex(r"[a-z]{1,5}", fullmatch=True), st.one_of(st.text(), st.integers(), st.booleans(), st.lists(st.text()).map(tuple))
        )
    )
    def test_comes_back(self, inputs: dict[str, InputValue]) -> None:
        text = as_text(inputs)
        read = {name: tuple(value) if isinstance(value, list) else value for name, value in json.loads(text).items()}
        assert read == inputs and as_text(read) == text
