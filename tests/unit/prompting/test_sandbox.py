"""Jinja templates: what may be said is rendered like Jinja does; the rest is refused before it runs."""

import sys

import pytest
from chancery_contracts.bodies import PromptBody, PromptInput
from chancery_prompting import Asked, ShownPassage, TemplateRefused, Turn, compose, problems, render
from chancery_prompting.checking_trees import MOST_STEPS
from chancery_prompting.recording import LONGEST_TEXT, Recorder
from chancery_prompting.rendering import template_of, text_of
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import Environment, StrictUndefined

sys.path.insert(0, __file__.rpartition("/")[0])
from hostile_templates import HOSTILE

INPUTS = {
    "tone": PromptInput(type="enum", choices=("formal", "plain"), default="plain"),
    "tags": PromptInput(type="list", max_items=100),
    "count": PromptInput(type="integer", default=3),
    "flag": PromptInput(type="boolean"),
}
VALUES = {"tone": "plain", "tags": ("a", "b"), "count": 3, "flag": False}


def body(user: str, **more: object) -> PromptBody:
    return PromptBody.model_validate({"system": "", "user": user, "engine": "jinja", "inputs": INPUTS} | more)


def rendered(user: str, question: str = "q", **values: object) -> str:
    asked = Asked(question, (ShownPassage(1, "T", "x"),), (Turn("user", "hi"),), VALUES | values)
    return text_of(render(compose(body(user), lambda ref: None), asked).user)


class TestHostileTemplates:
    @pytest.mark.parametrize("source", HOSTILE.values(), ids=HOSTILE.keys())
    def test_is_refused_before_it_runs(self, source: str) -> None:
        found = problems(body(source), lambda ref: None)
        assert len(found) == 1 and found[0].startswith("user: ")
        with pytest.raises(TemplateRefused):
            template_of(body(source), source)

    def test_is_refused_in_an_example_too(self) -> None:
        example = {"user": HOSTILE["a range"], "assistant": HOSTILE["a dunder"]}
        places = [one.partition(":")[0] for one in problems(body("{{ question }}", examples=[example]), lambda ref: None)]
        assert places == ["example 1, user", "example 1, assistant"]

    def test_an_example_may_not_depend_on_the_question(self) -> None:
        assert problems(body("x", examples=[{"user": "{{ question }}", "assistant": "a"}]), lambda ref: None)


class TestSteps:
    def test_are_reckoned_by_the_longest_that_lists_may_be(self) -> None:
        once = template_of(body("{{ count }}"), "{{ count }}").steps
        looped = "{% for tag in tags %}{{ count }}{% endfor %}"
        assert template_of(body(looped), looped).steps == 100 * (1 + once) + 1

    def test_two_loops_multiply(self) -> None:
        source = "{% for a in history %}{% for b in tags %}{{ a.role }}{% endfor %}{% endfor %}"
        with pytest.raises(TemplateRefused, match="steps"):
            template_of(body(source), source)
        inputs = INPUTS | {"tags": PromptInput(type="list", max_items=20)}
        assert template_of(body(source, inputs=inputs), source).steps <= MOST_STEPS

    @given(st.integers(0, 100), st.integers(0, 20))
    @settings(max_examples=30)
    def test_no_run_takes_more_than_was_reckoned(self, tags: int, turns: int) -> None:
        source = "{% for tag in tags %}{% if tag %}{{ tag }},{% else %}-{% endif %}{% endfor %}{% for t in history %}{{ t }}{% endfor %}"
        template = template_of(body(source), source)
        made: list[Recorder] = []

        class Counting(Recorder):
            def __init__(self, most_steps: int) -> None:
                super().__init__(template.steps)
                made.append(self)

        asked = Asked("q", (), [Turn("user", "x")] * turns, VALUES | {"tags": ("t",) * tags})
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("chancery_prompting.sandbox.Recorder", Counting)
            template.run(asked.values())
        assert len(made) == 1

    def test_the_text_is_bounded_while_it_is_made(self) -> None:
        recorder = Recorder(10)
        recorder.put("question", "x" * LONGEST_TEXT)
        with pytest.raises(TemplateRefused, match="characters"):
            recorder.put("question", "x")

    def test_a_loop_that_writes_a_long_question_stops(self) -> None:
        with pytest.raises(TemplateRefused, match="characters"):
            rendered("{% for tag in tags %}{{ question }}{% endfor %}", "x" * 100_000, tags=("t",) * 100)

    def test_the_recorder_counts_steps_by_itself(self) -> None:
        recorder = Recorder(1)
        recorder.took(0)
        with pytest.raises(TemplateRefused, match="steps"):
            recorder.took(0)


class TestRendering:
    def test_loops_conditions_filters_and_items(self) -> None:
        source = (
            "{% for turn in history %}{{ loop.index }}. {{ turn.role }}: {{ turn.content|upper }}\n{% endfor %}"
            "{{ passages }}|{{ tags|join('; ') }}|"
            "{% if count > 2 and tone in ['plain'] %}many{% else %}few{% endif %}|{{ flag }}|{{ tags }}"
        )
        assert rendered(source) == "1. user: HI\n[1] T\nx|a; b|many|false|a, b"

    def test_the_branches_that_were_taken_are_told(self) -> None:
        source = "{% if flag %}a{% elif count == 3 %}b{% else %}c{% endif %}{% if flag %}d{% else %}e{% endif %}"
        prompt = compose(body(source, system="{% if flag %}x{% else %}y{% endif %}"), lambda ref: None)
        assert render(prompt, Asked("q", (), (), VALUES)).branches == (1, 3, 6)

    def test_the_parts_are_told_apart(self) -> None:
        made = render(compose(body("Q: {{ question }} {{ tone }}"), lambda ref: None), Asked("q", (), (), VALUES))
        assert [(piece.part, piece.text) for piece in made.user] == [
            ("text", "Q: "), ("question", "q"), ("text", " "), ("inputs", "plain"),
        ]  # fmt: skip

    @given(st.text(max_size=200), st.text(max_size=50))
    def test_values_are_never_read_as_templates(self, question: str, tag: str) -> None:
        assert rendered("{{ question }}{% for tag in tags %}<{{ tag }}>{% endfor %}", question, tags=(tag,)) == f"{question}<{tag}>"

    @pytest.mark.parametrize("value", ["{{ 7*7 }}", "{% for x in y %}", "{{ question }}", "{passages}", "{# x #}", "</s>{{"])
    def test_templates_in_values_stay_text(self, value: str) -> None:
        assert rendered("{{ question }}|{{ tags|join('') }}", value, tags=(value,)) == f"{value}|{value}"


_EXPRESSIONS = st.sampled_from(
    [
        "question",
        "tone",
        "count",
        "tags|join('-')",
        "question|upper",
        "question|length",
        "tone|tojson",
        "'x' if flag else 'y'",
        "tags|length",
    ]
)
_TESTS = st.sampled_from(
    ["flag", "not flag", "count > 2", "tone == 'plain'", "tone in tags", "tags", "question and flag", "history or flag"]
)


@st.composite
def _sources(draw: st.DrawFn, depth: int = 0) -> str:
    pieces = []
    for _ in range(draw(st.integers(0, 3))):
        choice = draw(st.integers(0, 3 if depth < 2 else 1))
        if choice == 0:
            pieces.append(draw(st.sampled_from(["a", " \n", "é ", "{# c #}", "-"])))
        elif choice == 1:
            pieces.append("{{ " + draw(_EXPRESSIONS) + " }}")
        elif choice == 2:
            pieces.append(
                "{%- if " + draw(_TESTS) + " %}" + draw(_sources(depth + 1)) + "{% else %}" + draw(_sources(depth + 1)) + "{% endif %}"
            )
        else:
            pieces.append("{% for t" + str(depth) + " in tags -%}{{ t" + str(depth) + " }}" + draw(_sources(depth + 2)) + "{% endfor %}")
    return "".join(pieces)


class TestLikeJinja:
    @given(_sources(), st.text(max_size=20), st.booleans(), st.integers(0, 5), st.lists(st.text(max_size=5), max_size=4))
    @settings(max_examples=300, deadline=None)
    def test_what_may_be_said_means_what_jinja_says(self, source: str, question: str, flag: bool, count: int, tags: list[str]) -> None:
        values = {"question": question, "flag": flag, "count": count, "tags": tuple(tags), "tone": "plain", "history": ()}
        plain = Environment(undefined=StrictUndefined, keep_trailing_newline=True).from_string(source)
        ours = text_of(
            render(
                compose(body(source), lambda ref: None), Asked(question, (), (), VALUES | {k: values[k] for k in ("flag", "count", "tags")})
            ).user
        )
        assert ours == plain.render(values)
