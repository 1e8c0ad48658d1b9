"""Dates and amounts by policy: kept, moved by a constant of the matter, or generalised. What a detector takes for personal stays masked."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from chancery_contracts.bodies import RedactionPolicyBody
from chancery_contracts.interactions import Finding, FindingMethod

from chancery_redaction.domain.amounts import amounts
from chancery_redaction.domain.dates import Written, dates
from chancery_redaction.domain.parts import Part
from chancery_redaction.domain.spans import Span
from chancery_redaction.domain.views import View


@dataclass(frozen=True, slots=True)
class Changes:
    """What a policy says, and by how many days this matter's dates move."""

    policy: RedactionPolicyBody
    days: int

    def parts(self, view: View) -> Iterator[Part]:
        """Of one text."""
        if self.policy.dates != "keep":
            for written in dates(view.text):
                yield from self._date(view, written)
        if self.policy.amounts == "generalise":
            for start, end, rounded in amounts(view.text):
                yield from _changed(view, Span("AMOUNT", start, end, 1.0), rounded, "generalised")

    def _date(self, view: View, written: Written) -> Iterator[Part]:
        span = Span("DATE", written.start, written.end, 1.0)
        if self.policy.dates == "shift":
            yield from _changed(view, span, written.moved(self.days), "shifted")
        else:
            yield from _changed(view, span, written.generalised(), "generalised")


def _changed(view: View, span: Span, text: str | None, method: FindingMethod) -> Iterator[Part]:
    """One that cannot be written otherwise without doubt, or that a line's end splits, gets a pseudonym."""
    parts = list(view.parts(span))
    if text is None or len(parts) != 1 or parts[0].end - parts[0].start != span.end - span.start:
        yield from parts
    elif parts[0].spelling.raw != text:
        yield replace(parts[0], replacement=text, method=method, quotes=None)


def unshifted(answer: str, findings: Iterable[Finding], elsewhere: Sequence[str], days: int) -> list[tuple[int, int, str]]:
    """Dates of an answer that are moved dates of the request, in whatever way they are written, and what they were. Not one that also
    stands in the documents: there it is another day."""
    moved = {one.value for finding in findings if finding.method == "shifted" for one in dates(finding.token)}
    if not moved:
        return []
    moved -= {one.value for text in elsewhere for one in dates(text)}
    back = [(one.start, one.end, one.moved(-days)) for one in dates(answer) if one.value in moved]
    return [(start, end, text) for start, end, text in back if text is not None]
