"""What a model said, read as the answer that its prompt asks for."""

from dataclasses import replace

from chancery_generation.domain.citing import read_answer
from chancery_generation.domain.completion import Answer, Completion
from chancery_generation.domain.prompting import RenderedPrompt
from chancery_generation.domain.structured import read_structured


def read_completion(completion: Completion, rendered: RenderedPrompt) -> Answer:
    """Who calls tools has not answered yet, whatever it says meanwhile: `There is none so far` is no end."""
    read = read_answer if rendered.output_schema is None else read_structured
    answer = read(completion.text, rendered.shown)
    return replace(answer, unanswerable=answer.unanswerable and not completion.tool_calls)
