"""Templates line by line: what stands under which branch."""

from chancery_contracts.bodies import PromptBody, PromptInput
from chancery_prompting import Asked, compose, render
from chancery_prompting.segments import lines
from hypothesis import given
from hypothesis import strategies as st

INPUTS = {"note": PromptInput(), "flag": PromptInput(type="boolean")}


def shown(body: PromptBody) -> list[tuple[str, int, str, set[str], tuple[int, ...]]]:
    return [(one.template, one.number, one.text, set(one.names), one.branches) for one in lines(body)]


class TestLines:
    def test_of_a_plain_template(self) -> None:
        body = PromptBody(system="Be {{brief}}.\nCite.", user="Note: {note}\n\n{question}", inputs=INPUTS)
        assert shown(body) == [
            ("system", 1, "Be {brief}.", set(), ()), ("system", 2, "Cite.", set(), ()),
            ("user", 1, "Note: ", {"note"}, ()), ("user", 3, "", {"question"}, ()),
        ]  # fmt: skip

    def test_branches_are_numbered_over_both_templates(self) -> None:
        body = PromptBody(
            system="{% if flag %}a\n{% if note %}b{% endif %}{% else %}c{% endif %}", user="d{% if note %}e{{ note }}{% endif %}",
            engine="jinja", inputs=INPUTS,
        )  # fmt: skip
        assert shown(body) == [
            ("system", 1, "a", set(), (0,)), ("system", 2, "b", set(), (0, 1)), ("system", 2, "c", set(), (2,)),
            ("user", 1, "d", set(), ()), ("user", 1, "e", {"note"}, (3,)),
        ]  # fmt: skip

    @given(st.booleans(), st.sampled_from(["", "x"]))
    def test_a_line_is_sent_exactly_if_its_branches_are_taken(self, flag: bool, note: str) -> None:
        source = "{% if flag %}one{% if note %}two{% else %}three{% endif %}{% elif note %}four{% else %}five{% endif %}"
        body = PromptBody(system=source, user=source.upper().replace("{% IF", "{% if").replace("FLAG", "flag").replace("NOTE", "note")
                          .replace("{% ELIF", "{% elif").replace("{% ELSE", "{% else").replace("{% ENDIF", "{% endif"),
                          engine="jinja", inputs=INPUTS)  # fmt: skip
        made = render(compose(body, lambda ref: None), Asked(inputs={"flag": flag, "note": note}))
        sent = "".join(piece.text for piece in (*made.system, *made.user))
        for line in lines(body):
            assert (line.text in sent) == (set(line.branches) <= set(made.branches))
