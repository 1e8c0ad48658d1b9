"""Prompts that include others, and the hash of all their words."""

import hashlib
import json

import pytest
from chancery_contracts.base import VersionRef
from chancery_contracts.bodies import PromptBody, PromptInput
from chancery_prompting import Asked, CompositionRefused, compose, problems, render
from chancery_prompting.rendering import text_of

RULES = PromptBody(system="Be {tone}.", user="unused", inputs={"tone": PromptInput(default="brief")})


def including(name: str, version: int = 1, **more: object) -> PromptBody:
    return PromptBody.model_validate(
        {"system": "{rules} Cite.", "user": "{question}", "includes": {"rules": {"name": name, "version": version}}} | more
    )


def shelf(**prompts: PromptBody):  # type: ignore[no-untyped-def]  # a look-up
    return lambda ref: prompts.get(ref.name)


class TestIncludes:
    @pytest.mark.parametrize("engine", ["format", "jinja"])
    def test_the_system_text_stands_under_its_name(self, engine: str) -> None:
        templates = {"system": "{{ rules }} Cite.", "user": "{{ question }}"} if engine == "jinja" else {}
        whole = compose(including("house", engine=engine, **templates), shelf(house=RULES))
        made = render(whole, Asked("q", inputs={"tone": "formal"}))
        assert text_of(made.system) == "Be formal. Cite."

    def test_what_is_included_is_not_read_as_a_template(self) -> None:
        whole = compose(including("house", engine="jinja", system="{{ rules }}", user="x"), shelf(house=RULES))
        assert text_of(render(whole, Asked(inputs={"tone": "{{ question }}"})).system) == "Be {{ question }}."

    def test_inputs_of_what_is_included_are_inputs_of_the_whole(self) -> None:
        assert set(compose(including("house"), shelf(house=RULES)).inputs()) == {"tone"}

    def test_an_input_declared_in_two_ways(self) -> None:
        outer = including("house", inputs={"tone": PromptInput(default="other")})
        assert problems(outer, shelf(house=RULES)) == [
            "includes: the input 'tone' is declared in two ways: declare it alike in each prompt"
        ]

    def test_a_circle(self) -> None:
        with pytest.raises(CompositionRefused, match="circle"):
            compose(including("a"), shelf(a=including("b"), b=including("a")))

    def test_a_chain_that_is_too_deep(self) -> None:
        chain = {f"p{number}": including(f"p{number + 1}") for number in range(6)} | {"p6": RULES}
        with pytest.raises(CompositionRefused, match="deep"):
            compose(including("p0"), shelf(**chain))

    def test_a_tree_that_is_too_wide_ends_early(self) -> None:
        looked: list[str] = []

        def lookup(ref: VersionRef) -> PromptBody:
            looked.append(ref.name)
            level = int(ref.name[1]) + 1
            names = {f"n{i}": VersionRef(name=f"l{level}-{ref.name}-{i}"[:60], version=1) for i in range(10)}
            return PromptBody(system="x", user="x", includes=names)

        with pytest.raises(CompositionRefused):
            compose(PromptBody(system="x", user="x", includes={f"n{i}": VersionRef(name=f"l0-{i}", version=1) for i in range(10)}), lookup)
        assert len(looked) <= 20

    def test_one_that_is_not_there(self) -> None:
        with pytest.raises(CompositionRefused, match="no prompt gone version 3"):
            compose(including("gone", 3), shelf())


class TestHash:
    def test_a_body_of_two_templates_has_the_hash_that_it_always_had(self) -> None:
        canonical = json.dumps({"system": "S é", "user": "U"}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert compose(PromptBody(system="S é", user="U"), shelf()).sha256() == hashlib.sha256(canonical.encode()).hexdigest()

    def test_words_of_an_include_count_and_its_version_does_not(self) -> None:
        one, same = compose(including("a", 1), shelf(a=RULES)), compose(including("b", 2), shelf(b=RULES))
        other = compose(including("a", 1), shelf(a=RULES.model_copy(update={"system": "Be {tone}!"})))
        assert one.sha256() == same.sha256() != other.sha256()

    @pytest.mark.parametrize(
        "more",
        [
            {"engine": "jinja"},
            {"inputs": {"a": {}}},
            {"examples": [{"user": "a", "assistant": "b"}]},
            {"output_schema": {"type": "object"}},
            {"tools": [{"name": "t"}]},
        ],
    )
    def test_every_part_counts(self, more: dict[str, object]) -> None:
        plain = {"system": "S", "user": "U"}
        assert (
            compose(PromptBody.model_validate(plain | more), shelf()).sha256()
            != compose(PromptBody.model_validate(plain), shelf()).sha256()
        )
