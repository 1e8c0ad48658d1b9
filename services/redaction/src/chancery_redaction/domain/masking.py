"""Masking and restoring: exact, and each the reverse of the other."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from chancery_contracts.interactions import Citation, Finding

from chancery_redaction.domain.pseudonyms import TOKEN
from chancery_redaction.domain.spans import Span

ERASED = "[erased]"


def mask(text: str, message_index: int, spans: Sequence[Span], token_of: Callable[[str, str], str]) -> tuple[str, list[Finding]]:
    """The text with every span replaced by its token, and where the tokens stand in it. Spans are settled: in order, apart."""
    pieces: list[str] = []
    findings: list[Finding] = []
    position = length = 0
    for span in spans:
        pieces.append(text[position : span.start])
        length += span.start - position
        replacement = token_of(span.entity_type, text[span.start : span.end])
        findings.append(
            Finding(
                entity_type=span.entity_type, token=replacement, message_index=message_index,
                start=length, end=length + len(replacement), score=span.score,
            )
        )  # fmt: skip
        pieces.append(replacement)
        length += len(replacement)
        position = span.end
    return "".join(pieces) + text[position:], findings


def tokens_in(text: str, known: frozenset[str]) -> set[str]:
    """The known tokens of a text; what only looks like one is not ours."""
    return {match[0] for match in TOKEN.finditer(text) if match[0] in known}


def restore(text: str, values: Mapping[str, str], citations: Sequence[Citation]) -> tuple[str, list[Citation]]:
    """The text with its tokens replaced by their values, and the citations moved along. One pass: a value is never searched for tokens."""
    pieces: list[str] = []
    moves: list[tuple[int, int]] = [(0, 0)]  # from this character of the old text on, shifted by so much
    position = shift = 0
    for match in TOKEN.finditer(text):
        if match[0] not in values:
            continue
        value = values[match[0]]
        pieces += [text[position : match.start()], value]
        position = match.end()
        shift += len(value) - len(match[0])
        moves.append((match.end(), shift))
    return "".join(pieces) + text[position:], [_moved(citation, moves) for citation in citations]


def _moved(citation: Citation, moves: list[tuple[int, int]]) -> Citation:
    def place(offset: int) -> int:
        return offset + next(by for since, by in reversed(moves) if since <= offset)

    return citation.model_copy(update={"start": place(citation.start), "end": place(citation.end)})


def masked_counts(findings: Sequence[Finding]) -> dict[str, int]:
    """How many different values of each type were masked."""
    return dict(Counter(name for name, _ in {(finding.entity_type, finding.token) for finding in findings}))
