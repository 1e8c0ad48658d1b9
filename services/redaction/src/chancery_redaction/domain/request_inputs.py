"""A request's inputs: held against its prompt, and masked as one more text after the last message."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from chancery_contracts.base import InputValue, VersionRef
from chancery_contracts.bodies import PromptBody, PromptInput, UseCaseBody
from chancery_prompting.composing import compose
from chancery_prompting.inputs import as_text, resolve

from chancery_redaction.domain.masking import Draft

NUMBER = "An input that is a whole number looks like personal data, so nothing was sent on. Ask for it to be declared as a text."


@dataclass(frozen=True)
class RequestInputs:
    """Values that fit."""

    given: Mapping[str, InputValue]
    declared: Mapping[str, PromptInput]

    @property
    def text(self) -> str | None:
        """All of them as JSON, as it is masked; None where nothing in them could be a person's."""
        return as_text(self.given) if any(not self._harmless(name) for name in self.given) else None

    def without_choices(self, draft: Draft) -> Draft:
        """What is found in a choice stays: those are the prompt's own words, and the model needs them as they are."""
        spared = list(self._choices())
        inside = [part for part in draft.parts if any(start <= part.start and part.end <= end for start, end in spared)]
        return replace(draft, parts=tuple(part for part in draft.parts if part not in inside))

    def _choices(self) -> Iterator[tuple[int, int]]:
        """Where they stand in `text`."""
        position = 1
        for name in sorted(self.given):
            end = position + len(as_text({name: self.given[name]})) - 2
            if self._harmless(name):
                yield position, end
            position = end + len(", ")

    def strings(self) -> list[str]:
        """Every text of the requester's."""
        values = (value if isinstance(value, tuple) else (value,) for value in self.given.values())
        return [one for items in values for one in items if isinstance(one, str)]

    def masked(self, text: str | None) -> dict[str, InputValue] | None:
        """The values after masking; None where one could not be masked and stay of its type: a number that is personal data."""
        if text is None:
            return dict(self.given)
        found = {name: tuple(value) if isinstance(value, list) else value for name, value in json.loads(text).items()}
        fits = found.keys() == self.given.keys() and all(type(found[name]) is type(self.given[name]) for name in found)
        return found if fits else None

    def _harmless(self, name: str) -> bool:
        return self.declared[name].type in ("boolean", "enum")


def request_inputs(
    given: Mapping[str, InputValue], use_case: UseCaseBody, prompt: PromptBody, lookup: Callable[[VersionRef], PromptBody | None]
) -> RequestInputs:
    """Raises InputRefused, and CompositionRefused where the prompt includes what is not there."""
    declared = compose(prompt, lookup).inputs()
    resolve(declared, given, use_case.inputs)
    return RequestInputs(given, declared)
