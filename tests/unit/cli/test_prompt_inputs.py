"""Inputs on a command line."""

import pytest
from chancery_cli.errors import CommandFailed
from chancery_cli.prompt_inputs import read_inputs


def test_json_is_what_it_says_and_all_else_a_text() -> None:
    given = ["a=formal", "b=3", "c=true", 'd=["x","y"]', 'e="3"', "f=1.5", "g=a=b", "h=", "i=[1]", "j={}"]
    assert read_inputs(given) == {
        "a": "formal", "b": 3, "c": True, "d": ("x", "y"), "e": "3", "f": "1.5", "g": "a=b", "h": "", "i": "[1]", "j": "{}",
    }  # fmt: skip


@pytest.mark.parametrize("given", [["a"], ["=x"], ["a=1", "a=2"]])
def test_what_is_no_input(given: list[str]) -> None:
    with pytest.raises(CommandFailed):
        read_inputs(given)
