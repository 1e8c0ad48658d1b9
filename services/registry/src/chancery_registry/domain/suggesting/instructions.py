"""Instructions that say nothing new: sentences that stand twice, lines about inputs that are always empty, branches never taken."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chancery_contracts.bodies import PromptBody
from chancery_prompting.segments import Line, lines
from chancery_prompting.tokens import Tokenizer

from chancery_registry.domain.suggesting.past import PastRequest
from chancery_registry.domain.suggesting.suggestion import Suggestion, excerpt, share

ALIKE = 0.8
"""Words that two sentences share, of all that they have: below it they may say two things."""
FEWEST_WORDS = 4
MOST_SENTENCES = 400
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]?")
_WORD = re.compile(r"[^\W_]+")
_OPPOSITE = frozenset({"not", "never", "no", "nor", "without", "unless", "except", "only", "don", "cannot"})
"""Where one of two sentences has such a word and the other has not, they are not alike, however near."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """Of the template's own text."""

    line: Line
    text: str
    words: frozenset[str]


def repeated_instructions(body: PromptBody, requests: Sequence[PastRequest], tokenizer: Tokenizer) -> Iterator[Suggestion]:
    """Each sentence that an earlier one has said. Bounded by the first MOST_SENTENCES of the prompt."""
    found = [one for line in lines(body) for one in _sentences(line)][:MOST_SENTENCES]
    for at, later in enumerate(found):
        earlier = next((one for one in found[:at] if _alike(one, later) and set(one.line.branches) <= set(later.line.branches)), None)
        if earlier is not None:
            sent = [one for one in requests if one.took(later.line.branches)]
            saving = sum(one.worth(tokenizer.count(later.text)) for one in sent)
            yield Suggestion(
                "repeated_instruction",
                f"Cut it: {_place(earlier.line)} says the same.",
                _place(later.line),
                excerpt(later.text),
                len(sent),
                round(saving),
                share(saving, requests),
                "tokens of the sentence in each request that it was sent in, at the input price paid",
            )


def unused_inputs(body: PromptBody, requests: Sequence[PastRequest], tokenizer: Tokenizer) -> Iterator[Suggestion]:
    """Lines whose every value was empty in every request in which they were sent."""
    for line in lines(body):
        sent = [one for one in requests if one.took(line.branches)]
        if not line.names or not line.text.strip() or not sent or line.looped:
            continue
        if line.names <= body.inputs.keys() and all(line.names <= set(one.parts.inputs_empty) for one in sent):
            saving = sum(one.worth(tokenizer.count(line.text)) for one in sent)
            names = ", ".join(sorted(line.names))
            yield Suggestion(
                "unused_input", f"Cut the line, or send it only where there is a value: {names} was empty in every request.", _place(line),
                excerpt(line.text), len(sent), round(saving), share(saving, requests),
                "tokens of the line's own text in each request, at the input price paid",
            )  # fmt: skip


def branches_never_taken(body: PromptBody, requests: Sequence[PastRequest]) -> Iterator[Suggestion]:
    """They cost nothing, as they are not sent; whoever reads and approves the prompt is spared them."""
    taken = {number for one in requests for number in one.parts.branches}
    dead: dict[int, list[Line]] = {}
    for line in lines(body):
        number = next((number for number in line.branches if number not in taken), None)
        if number is not None:
            dead.setdefault(number, []).append(line)
    for found in dead.values() if requests else ():
        yield Suggestion(
            "branch_never_taken",
            "Cut the branch if the case is gone: no request has taken it.",
            _place(found[0]),
            excerpt(" ".join(line.text for line in found)),
            len(requests),
            0,
            0.0,
            "branches that each request took; what is not sent costs nothing",
        )


def _sentences(line: Line) -> Iterator[Sentence]:
    for match in _SENTENCE.finditer(line.text):
        words = frozenset(word.casefold() for word in _WORD.findall(match[0]))
        if len(words) >= FEWEST_WORDS:
            yield Sentence(line, match[0].strip(), words)


def _alike(one: Sentence, other: Sentence) -> bool:
    if one.words & _OPPOSITE != other.words & _OPPOSITE:
        return False
    if {word for word in one.words if word.isdigit()} != {word for word in other.words if word.isdigit()}:
        return False
    return len(one.words & other.words) >= ALIKE * len(one.words | other.words)


def _place(line: Line) -> str:
    return f"{line.template}, line {line.number}"
