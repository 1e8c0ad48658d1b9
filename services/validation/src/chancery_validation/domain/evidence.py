"""One answer with what it rests on, read once for all checks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chancery_contracts.interactions import Citation, Finding, InteractionGenerated, Passage

from chancery_validation.domain.arguments import arguments_text
from chancery_validation.domain.texts import content, sentences

TELLING_WORDS = 2
"""A sentence of fewer content words (`Yes.`, `As follows:`) claims nothing by itself."""
COVERED = 0.5


@dataclass(frozen=True)
class Sentence:
    """One sentence of the answer and the passages cited for it."""

    text: str
    passages: tuple[Passage, ...]
    cited: bool

    @property
    def telling(self) -> bool:
        """False for what only leads in."""
        return not self.text.rstrip().endswith(":") and len(content(self.text)) >= TELLING_WORDS


@dataclass(frozen=True)
class Evidence:
    """`cited`: passages that any citation names, in order; `asked`: what the user wrote.

    Where `calls`, the model has not answered but calls tools: `answer` is what they are called with, and every passage may be its source.
    """

    answer: str
    unanswerable: bool
    citations: tuple[Citation, ...]
    passages: Mapping[str, Passage]
    cited: tuple[Passage, ...]
    sentences: tuple[Sentence, ...]
    asked: str
    findings: tuple[Finding, ...]
    calls: bool = False


def read_evidence(data: InteractionGenerated) -> Evidence:
    """Citations that point to nothing are left for the check that looks for them."""
    return _called(data) if data.tool_calls else _answered(data)


def _called(data: InteractionGenerated) -> Evidence:
    """Text beside the calls is not looked at, as nobody is shown it."""
    return Evidence(
        answer="\n".join(arguments_text(call.arguments) for call in data.tool_calls),
        unanswerable=False,
        citations=(),
        passages={passage.passage_id: passage for passage in data.passages},
        cited=data.passages,
        sentences=(),
        asked=_asked(data),
        findings=data.findings,
        calls=True,
    )


def _answered(data: InteractionGenerated) -> Evidence:
    passages = {passage.passage_id: passage for passage in data.passages}
    cited = tuple(passages[found] for found in dict.fromkeys(c.passage_id for c in data.citations) if found in passages)
    spans = sentences(data.answer)
    return Evidence(
        answer=data.answer,
        unanswerable=data.unanswerable,
        citations=data.citations,
        passages=passages,
        cited=cited,
        sentences=tuple(_sentence(data.answer, start, end, data.citations, passages) for start, end in spans),
        asked=_asked(data),
        findings=data.findings,
    )


def _asked(data: InteractionGenerated) -> str:
    return "\n".join([*(message.content for message in data.messages if message.role == "user"), *map(str, data.inputs.values())])


def _sentence(answer: str, start: int, end: int, citations: Sequence[Citation], passages: Mapping[str, Passage]) -> Sentence:
    touching = [c for c in citations if c.start < end and start < c.end and c.passage_id in passages]
    ids = dict.fromkeys(c.passage_id for c in touching)
    covered = _covered([(max(start, c.start), min(end, c.end)) for c in touching])
    return Sentence(answer[start:end], tuple(passages[found] for found in ids), covered >= COVERED * (end - start))


def _covered(spans: Sequence[tuple[int, int]]) -> int:
    """Characters under any of the spans."""
    total = reach = 0
    for start, end in sorted(spans):
        total += max(0, end - max(start, reach))
        reach = max(reach, end)
    return total
