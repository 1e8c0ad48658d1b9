"""Whether a draft of a prompt could be rendered, whatever it is asked: before anybody approves it."""

from collections.abc import Callable, Iterator
from functools import partial

from chancery_contracts.bodies.prompts import PromptBody

from chancery_prompting.composing import Lookup, compose
from chancery_prompting.errors import PromptingError
from chancery_prompting.inputs import check_declared
from chancery_prompting.rendering import check_template
from chancery_prompting.schemas import check_schema


def problems(body: PromptBody, lookup: Lookup) -> list[str]:
    """What is wrong, in words for its author; none where all is well. `lookup` gives the prompts that it may include."""
    return [f"{place}: {problem}" for place, check in _checks(body, lookup) if (problem := _problem(check))]


def _problem(check: Callable[[], object]) -> str | None:
    try:
        check()
    except PromptingError as exc:
        return str(exc)
    return None


def _checks(body: PromptBody, lookup: Lookup) -> Iterator[tuple[str, Callable[[], object]]]:
    yield "inputs", partial(check_declared, body.inputs, body.includes)
    yield "system", partial(check_template, body, body.system)
    yield "user", partial(check_template, body, body.user)
    for number, example in enumerate(body.examples, start=1):
        yield f"example {number}, user", partial(check_template, body, example.user, built_in=False)
        yield f"example {number}, assistant", partial(check_template, body, example.assistant, built_in=False)
    if body.output_schema is not None:
        yield "output_schema", partial(check_schema, body.output_schema)
    for tool in body.tools:
        yield f"tool {tool.name}", partial(check_schema, tool.parameters or {"type": "object"})
    yield "includes", lambda: compose(body, lookup).inputs()
