"""The pieces of a text that are not sent on as they are."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from chancery_contracts.interactions import FindingMethod

from chancery_redaction.domain.spellings import Spelling


@dataclass(frozen=True, slots=True)
class Part:
    """Characters `start` to `end` of a text. `of`: the full value that it is a mention of, or whose spelling it is."""

    entity_type: str
    start: int
    end: int
    spelling: Spelling
    score: float
    of: str | None = None
    quotes: int | None = None
    """A JSON number becomes a string: within so many JSON strings it stands."""
    replacement: str | None = None
    """What stands there instead; none: a pseudonym."""
    method: FindingMethod = "pseudonym"

    @property
    def key(self) -> tuple[str, str]:
        """By which its pseudonym is asked for."""
        return self.entity_type, self.spelling.stored

    def told_apart(self) -> "Part":
        """With its very spelling."""
        return replace(self, spelling=self.spelling.told_apart, of=self.of or self.spelling.plain)


def settled(parts: Iterable[Part]) -> list[Part]:
    """In order and apart; of two that overlap the first stays, as the longer one does of two that begin together."""
    kept: list[Part] = []
    for part in sorted(parts, key=lambda one: (one.start, -one.end)):
        if not kept or part.start >= kept[-1].end:
            kept.append(part)
    return kept


def apart(parts: Iterable[Part], others: Sequence[Part]) -> Iterator[Part]:
    """Those that touch none of the others, which are settled."""
    starts = [one.start for one in others]
    for part in parts:
        at = bisect_left(starts, part.end) - 1
        if at < 0 or others[at].end <= part.start:
            yield part
