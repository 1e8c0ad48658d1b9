"""A prompt with the prompts that it includes, and its hash over all of them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from chancery_contracts.base import VersionRef
from chancery_contracts.bodies.prompts import PromptBody, PromptInput
from chancery_contracts.canonical import body_sha256

from chancery_prompting.errors import CompositionRefused

DEEPEST = 4
MOST_INCLUDED = 20
Lookup = Callable[[VersionRef], PromptBody | None]


@dataclass(frozen=True)
class Composed:
    """A prompt and, by the names under which it uses them, those that it includes."""

    body: PromptBody
    includes: Mapping[str, "Composed"] = field(default_factory=dict)

    def inputs(self) -> dict[str, PromptInput]:
        """Its own and those of what it includes. Raises CompositionRefused where one name is declared in two ways."""
        found = dict(self.body.inputs)
        for one in self.includes.values():
            for name, declared in one.inputs().items():
                if found.setdefault(name, declared) != declared:
                    raise CompositionRefused(f"the input {name!r} is declared in two ways: declare it alike in each prompt")
        return found

    def walk(self) -> Iterator["Composed"]:
        """All that is included, at any depth, and this."""
        for one in self.includes.values():
            yield from one.walk()
        yield self

    def sha256(self) -> str:
        """Of the words that are used, whatever the versions are called. Of prompts that have but two templates: of those, as ever."""
        body = self.body.model_dump(mode="json", exclude_defaults=True)
        if self.includes:
            body["includes"] = {name: one.sha256() for name, one in self.includes.items()}
        return body_sha256(body)


def compose(body: PromptBody, lookup: Lookup) -> Composed:
    """Follows the includes. Raises CompositionRefused."""
    return _compose(body, lookup, (), [0])


def _compose(body: PromptBody, lookup: Lookup, above: tuple[VersionRef, ...], count: list[int]) -> Composed:
    return Composed(body, {name: _included(ref, lookup, above, count) for name, ref in body.includes.items()})


def _included(ref: VersionRef, lookup: Lookup, above: tuple[VersionRef, ...], count: list[int]) -> Composed:
    count[0] += 1
    if ref in above:
        raise CompositionRefused(f"prompts include each other in a circle: {ref.name} version {ref.version}")
    if len(above) >= DEEPEST or count[0] > MOST_INCLUDED:
        raise CompositionRefused(f"prompts are included {DEEPEST} deep and {MOST_INCLUDED} in all at most")
    body = lookup(ref)
    if body is None:
        raise CompositionRefused(f"there is no prompt {ref.name} version {ref.version}")
    return _compose(body, lookup, (*above, ref), count)
