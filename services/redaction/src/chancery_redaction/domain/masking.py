"""Masking: a text with pseudonyms in the place of its parts, and the proof that it can be restored to the letter."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from chancery_contracts.interactions import Finding

from chancery_redaction.domain.mentions import mentions
from chancery_redaction.domain.parts import Part, settled
from chancery_redaction.domain.restoring import restore
from chancery_redaction.domain.spellings import Spelling, escape

ERASED = "[erased]"
IMITATION = "IMITATION"
"""The type of a text that the publisher wrote and that could be taken for a pseudonym of this very interaction: it is masked itself."""
Tokens = Mapping[tuple[str, str], str]
"""Pseudonyms by `Part.key`."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A text and what of it is to be masked. Parts are settled: in order, apart."""

    text: str
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Masked:
    """What is sent on."""

    text: str
    findings: tuple[Finding, ...]


def mask(draft: Draft, message_index: int, tokens: Tokens) -> Masked:
    """The text with every part replaced, and where the replacements stand in it."""
    pieces: list[str] = []
    findings: list[Finding] = []
    position = length = 0
    for part in draft.parts:
        before, shown, after = _replacement(part, tokens)
        pieces += [draft.text[position : part.start], before, shown, after]
        length += part.start - position + len(before)
        findings.append(
            Finding(
                entity_type=part.entity_type, token=shown, message_index=message_index, start=length, end=length + len(shown),
                score=part.score, of=_full(part, tokens, shown), method=part.method,
            )
        )  # fmt: skip
        length += len(shown) + len(after)
        position = part.end
    return Masked("".join(pieces) + draft.text[position:], tuple(findings))


def _replacement(part: Part, tokens: Tokens) -> tuple[str, str, str]:
    shown = tokens[part.key] if part.replacement is None else part.replacement
    mark = "" if part.quotes is None else escape('"', part.quotes)
    return mark, shown, mark


def _full(part: Part, tokens: Tokens, shown: str) -> str | None:
    full = tokens.get((part.entity_type, part.of)) if part.of is not None and part.method == "pseudonym" else None
    return full if full != shown else None


def told_apart(drafts: Sequence[Draft], tokens: Tokens, values: Mapping[str, str]) -> list[Draft]:
    """Parts whose value the vault knows in another spelling ask for a pseudonym of their own."""
    return [_told_apart(draft, tokens, values) for draft in drafts]


def _told_apart(draft: Draft, tokens: Tokens, values: Mapping[str, str]) -> Draft:
    def differs(part: Part) -> bool:
        return part.replacement is None and values[tokens[part.key]] != part.spelling.stored

    return replace(draft, parts=tuple(part.told_apart() if differs(part) else part for part in draft.parts))


def amended(drafts: Sequence[Draft], masked: Sequence[Masked], values: Mapping[str, str]) -> list[Draft] | None:
    """None where each text, restored, is what it was; else drafts that mask otherwise what has to be."""
    found = [_amended(draft, there, values) for draft, there in zip(drafts, masked, strict=True)]
    if all(one is None for one in found):
        return None
    return [one if one is not None else draft for one, draft in zip(found, drafts, strict=True)]


def _amended(draft: Draft, masked: Masked, values: Mapping[str, str]) -> Draft | None:
    imitations = _imitations(draft, masked, values)
    if imitations:
        return replace(draft, parts=tuple(settled([*draft.parts, *imitations])))
    if restore(masked.text, values)[0] == reverted(draft):
        return None
    # Brackets and quotation marks that only together with a value are JSON, or no longer are.
    return replace(draft, parts=tuple(part if part.replacement is not None else _verbatim(draft.text, part) for part in draft.parts))


def _verbatim(text: str, part: Part) -> Part:
    return replace(part, spelling=Spelling("verbatim", text[part.start : part.end]), quotes=None, of=part.of or part.spelling.plain)


def reverted(draft: Draft) -> str:
    """The text as restoring gives it: what was shifted or generalised is no pseudonym."""
    pieces, position = [], 0
    for part in draft.parts:
        if part.replacement is not None:
            pieces += [draft.text[position : part.start], *_replacement(part, {})]
            position = part.end
    return "".join(pieces) + draft.text[position:]


def _imitations(draft: Draft, masked: Masked, values: Mapping[str, str]) -> list[Part]:
    ours = {(one.start, one.end) for one in masked.findings}
    found = [one for one in mentions(masked.text, values) if (one.start, one.end) not in ours]
    places = [_origin(draft, masked, one.start, one.end) for one in found]
    return [Part(IMITATION, start, end, Spelling("verbatim", draft.text[start:end]), 1.0) for start, end in places]


def _origin(draft: Draft, masked: Masked, start: int, end: int) -> tuple[int, int]:
    """From characters of the masked text, outside of any replacement, to those of the text."""
    before = bisect_right([one.end for one in masked.findings], start) - 1
    if before < 0:
        return start, end
    part, finding = draft.parts[before], masked.findings[before]
    shift = part.end - finding.end - (0 if part.quotes is None else len(escape('"', part.quotes)))
    return start + shift, end + shift


def masked_counts(findings: Sequence[Finding]) -> dict[str, int]:
    """How many different values of each type were masked."""
    return dict(Counter(name for name, _ in {(finding.entity_type, finding.token) for finding in findings}))
