"""The extractive model as one that is asked like any other."""

from chancery_contracts.interactions import TokenUsage

from chancery_generation.domain.calls import ModelRequest
from chancery_generation.domain.completion import Answer, CallResult, Completion
from chancery_generation.domain.extractive.answer import answer
from chancery_generation.domain.extractive.summary import summarise
from chancery_generation.domain.prompting import prompt_tokens
from chancery_generation.domain.usage import CHARACTERS_PER_TOKEN, canonical, count_tokens
from chancery_generation.errors import NoStructuredAnswer


def extract(request: ModelRequest) -> Answer:
    """Sentences of the passages shown; deterministic."""
    room, shown = request.max_output_tokens * CHARACTERS_PER_TOKEN, request.prompt.shown
    return summarise(shown, room) if request.task == "summary" else answer(request.messages, shown, room)


class ExtractiveModel:
    """Port `Model`: local, free of side effects, always answered."""

    async def call(self, request: ModelRequest, time_left_s: float) -> CallResult:
        """Takes a few milliseconds, whatever is left."""
        del time_left_s
        if request.prompt.output_schema is not None:
            raise NoStructuredAnswer("the extractive model cannot fill an output schema")
        given = extract(request)
        usage = TokenUsage(input_uncached=prompt_tokens(request.prompt), output=count_tokens(given.text))
        raw = canonical(usage.model_dump())
        return CallResult("answered", Completion(given.text, usage, raw, answer=given), usage=usage, raw_usage=raw)
