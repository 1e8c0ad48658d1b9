"""What a rendered prompt is made of, in tokens: told in the event, so that what could be cut is measured on what was sent."""

from collections.abc import Sequence
from itertools import takewhile

from chancery_contracts.interactions import PromptParts
from chancery_prompting.inputs import is_empty
from chancery_prompting.rendering import Rendered
from chancery_prompting.tokens import Tokenizer
from chancery_prompting.values import Piece

from chancery_generation.domain.prompting import PromptSource, RenderedPrompt, definitions_of, without_injections


def prompt_parts(source: PromptSource, rendered: RenderedPrompt, tokenizer: Tokenizer) -> PromptParts | None:
    """None where the prompt was not rendered here."""
    made = rendered.pieces
    if made is None:
        return None
    count = tokenizer.count
    texts = [*made.system, *made.user]
    fixed = count(_joined([piece for piece in texts if piece.part == "text"]))
    leading = min(fixed, count(_joined(_leading(made))))
    return PromptParts(
        counted_by=tokenizer.name,
        prefix=leading,
        static=fixed - leading,
        examples=sum(count(_joined(one)) for one in made.examples),
        definitions=sum(count(text) for text in definitions_of(rendered)),
        passages=tuple(count(f"{passage.title}\n{without_injections(passage)}") for passage in rendered.shown),
        history=_of(texts, "history", tokenizer),
        question=_of(texts, "question", tokenizer),
        inputs=_of(texts, "inputs", tokenizer),
        inputs_empty=tuple(sorted(name for name, value in source.inputs().items() if is_empty(value))),
        branches=made.branches,
    )


def _leading(made: Rendered) -> list[Piece]:
    """Text of the templates before the first value, in the order in which providers read: system, examples, user."""
    found = list(takewhile(_fixed, made.system))
    whole = len(found) == len(made.system) and all(_fixed(piece) for one in made.examples for piece in one)
    return [*found, *takewhile(_fixed, made.user)] if whole else found


def _fixed(piece: Piece) -> bool:
    return piece.part == "text"


def _of(pieces: Sequence[Piece], part: str, tokenizer: Tokenizer) -> int:
    return tokenizer.count(_joined([piece for piece in pieces if piece.part == part]))


def _joined(pieces: Sequence[Piece]) -> str:
    return "".join(piece.text for piece in pieces)
