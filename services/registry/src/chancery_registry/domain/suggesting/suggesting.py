"""Everything that can be suggested for a version of a prompt."""

from collections.abc import Sequence

from chancery_contracts.bodies import PromptBody
from chancery_prompting.tokens import Tokenizer

from chancery_registry.domain.suggesting.context import repeated_history, repeated_passages
from chancery_registry.domain.suggesting.instructions import branches_never_taken, repeated_instructions, unused_inputs
from chancery_registry.domain.suggesting.models import cheaper_models
from chancery_registry.domain.suggesting.past import PastRequest
from chancery_registry.domain.suggesting.prefixes import prefix_order
from chancery_registry.domain.suggesting.suggestion import Suggestion

MOST_SUGGESTIONS = 50


def suggestions(body: PromptBody, version: int, requests: Sequence[PastRequest], tokenizer: Tokenizer) -> list[Suggestion]:
    """What would have saved most comes first. `requests`: of any version; a template's own text is held against those of `version`.

    Savings overlap: a line that is cut is not moved as well.
    """
    own = [one for one in requests if one.prompt_version == version]
    found = [
        *repeated_instructions(body, own, tokenizer),
        *unused_inputs(body, own, tokenizer),
        *branches_never_taken(body, own),
        *repeated_passages(own),
        *repeated_history(own),
        *prefix_order(body, own),
        *cheaper_models(requests),
    ]
    return sorted(found, key=lambda one: -one.saving_micros)[:MOST_SUGGESTIONS]
